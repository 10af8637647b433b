import type { KeyObject } from 'node:crypto';
import type { SecretBox } from '#access/secrets.ts';
import type { Clock } from '#base/clock.ts';
import { ConfigurationError } from '#base/errors.ts';
import { many, type Db } from '#db/db.ts';
import { signingKey } from './verify.ts';

/** The keys that may sign for one URL, and whose events come there. */
export interface EndpointKeys {
  readonly keys: readonly KeyObject[];
  /** Null for the platform's endpoint, where each event names its account. */
  readonly account: string | null;
}

/** The live signing secrets, opened once and kept as key objects. */
export interface SigningSecrets {
  /** `urlKey` null: the platform's endpoint. Null: there is no such endpoint. */
  find(urlKey: string | null): Promise<EndpointKeys | null>;
  /** The same from memory, without waiting; undefined where it has to be looked up. */
  known(urlKey: string | null): EndpointKeys | undefined;
  /** Reads again what another process may have made since; false when that was done a moment ago. */
  refresh(): Promise<boolean>;
  /** To be called after this process made or retired an endpoint. */
  forget(): void;
}

/** A wrong signature makes us look for new secrets at most so often, so that nobody can make us read all the time. */
const REFRESH_MIN_MS = 1_000;

export function createSigningSecrets(deps: { db: Db; clock: Clock; secretBox: SecretBox }): SigningSecrets {
  let loaded: Promise<Map<string | null, EndpointKeys>> | undefined;
  let current: Map<string | null, EndpointKeys> | undefined;
  let loadedAtMs = 0;
  const load = (): Promise<Map<string | null, EndpointKeys>> => {
    loadedAtMs = deps.clock.now().getTime();
    const loading = readEndpoints(deps);
    loaded = loading;
    current = undefined;
    loading.then(
      (endpoints) => {
        if (loaded === loading) current = endpoints;
      },
      () => {
        if (loaded === loading) loaded = undefined;
      },
    );
    return loading;
  };
  return {
    find: async (urlKey) => (await (loaded ?? load())).get(urlKey) ?? null,
    known: (urlKey) => current?.get(urlKey),
    async refresh() {
      if (deps.clock.now().getTime() - loadedAtMs < REFRESH_MIN_MS) return false;
      await load();
      return true;
    },
    forget() {
      loaded = undefined;
      current = undefined;
    },
  };
}

async function readEndpoints(deps: { db: Db; secretBox: SecretBox }): Promise<Map<string | null, EndpointKeys>> {
  const rows = await many<{ urlKey: string | null; account: string | null; sealed: string }>(deps.db, {
    text: `select e.url_key as "urlKey", a.account, e.sealed_secret as sealed
           from stripe_endpoint e left join stripe_account a on a.id = e.stripe_account_id
           where e.status in ('live', 'retiring') and (a.id is null or a.status = 'active')`,
  });
  const endpoints = new Map<string | null, { keys: KeyObject[]; account: string | null }>();
  for (const { urlKey, account, sealed } of rows) {
    const endpoint = endpoints.get(urlKey) ?? { keys: [], account };
    // One lost secret must not refuse the events of all other accounts; endpoint care replaces that endpoint.
    const secret = tryToOpen(deps.secretBox, sealed);
    if (secret !== null) endpoint.keys.push(signingKey(secret));
    endpoints.set(urlKey, endpoint);
  }
  return endpoints;
}

/** Null where it was sealed with another SECRET_KEY, or is no sealed text: then the secret is lost. */
export function tryToOpen(secretBox: SecretBox, sealed: string): string | null {
  try {
    return secretBox.open(sealed);
  } catch (error) {
    if (error instanceof ConfigurationError) return null;
    throw error;
  }
}
