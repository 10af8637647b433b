/**
 * Our webhook endpoint at Stripe: one for the whole platform (`connect: true`; Stripe allows none on a connected
 * account), or one in an account that gave us a key with that permission. In: whose endpoint, and a client that acts
 * there. Out: it exists, is enabled, hears exactly the events that we use, and is pinned to the API version that we read.
 * May happen twice: everything; whatever is right already is left alone. One process at a time has the duty.
 *
 * | found at Stripe                         | what is done                                             |
 * |-----------------------------------------|----------------------------------------------------------|
 * | ours, right                             | nothing                                                  |
 * | ours, disabled, other events, other URL | updated: healed                                          |
 * | ours, another API version               | a second one is made, the first is deleted a day later   |
 * | ours, a new secret is asked for         | the same, once: see endpoint-rotation.ts                 |
 * | ours, its secret cannot be opened       | deleted (we must refuse what it sends), made anew        |
 * | none (deleted by somebody)              | made anew: healed                                        |
 * | one with our URL, its secret unknown    | deleted, before anything is made: it may take the last place |
 */
import type Stripe from 'stripe';
import type { SecretBox } from '#access/secrets.ts';
import { addMs, type Clock } from '#base/clock.ts';
import { InvalidInputError, must, NotFoundError } from '#base/errors.ts';
import { newToken } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Db } from '#db/db.ts';
import { callStripe } from './call-stripe.ts';
import { STRIPE_API_VERSION } from './client.ts';
import { RETIRE_AFTER_MS } from './endpoint-rotation.ts';
import {
  insertEndpoint,
  readKnownStripeIds,
  readLiveEndpoint,
  readRetiringEndpoints,
  readSealedSigningSecret,
  recordObservation,
  setEndpointStatus,
  type EndpointRow,
  type EndpointScope,
} from './endpoint-store.ts';
import { PLATFORM_EVENT_TYPES, STRIPE_EVENT_TYPES } from './event-types.ts';
import { tryToOpen, type SigningSecrets } from './signing-secrets.ts';

export interface EndpointDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly secretBox: SecretBox;
  readonly signingSecrets: SigningSecrets;
  /** Where Stripe reaches this server, without a slash at its end. */
  readonly baseUrl: string;
}

export interface EndpointTarget extends EndpointScope {
  readonly stripe: Stripe;
}

export type EndpointOutcome = 'right' | 'created' | 'healed' | 'rotated';

/** By these Stripe's own page shows whose endpoint it is, and we find ours among others. */
const METADATA = { managed_by: 'growthos' };

/** Looks after one endpoint; the caller has the duty. @throws what Stripe's calls throw. */
export async function careForEndpoint(deps: EndpointDeps, target: EndpointTarget): Promise<EndpointOutcome> {
  const row = await readLiveEndpoint(deps.db, target);
  const atStripe = await listEndpoints(target.stripe);
  await deleteStrays(deps, { target, atStripe });
  const found = atStripe.find((endpoint) => endpoint.id === row?.stripeId);
  const outcome = await careForLive(deps, { target, row, found });
  await endRetiring(deps, { target, atStripe });
  if (outcome !== 'right') deps.log.info({ outcome, platform: target.stripeAccountId === null }, 'webhook endpoint');
  return outcome;
}

/** Replaced endpoints whose day is over, or that somebody deleted at Stripe because their secret is to end at once. */
async function endRetiring(
  deps: EndpointDeps,
  input: { target: EndpointTarget; atStripe: readonly Stripe.WebhookEndpoint[] },
): Promise<void> {
  const { target, atStripe } = input;
  const now = deps.clock.now();
  for (const retiring of await readRetiringEndpoints(deps.db, target)) {
    const isAtStripe = atStripe.some(({ id }) => id === retiring.stripeId);
    if (isAtStripe && addMs(retiring.retiredAt ?? now, RETIRE_AFTER_MS) > now) continue;
    await deleteEndpoint(target.stripe, retiring.stripeId);
    await setEndpointStatus(deps.db, { id: retiring.id, status: 'gone', now });
    deps.signingSecrets.forget();
  }
}

async function careForLive(
  deps: EndpointDeps,
  input: { target: EndpointTarget; row: EndpointRow | undefined; found: Stripe.WebhookEndpoint | undefined },
): Promise<EndpointOutcome> {
  const { target, row, found } = input;
  const now = deps.clock.now();
  if (row === undefined) {
    await createEndpoint(deps, { target, replaced: null });
    return 'created';
  }
  if (found === undefined || !(await canOpenSecret(deps, row))) {
    // What an endpoint of an unknown secret sends is refused, and Stripe tells its owner about failures every day.
    if (found !== undefined) await deleteEndpoint(target.stripe, found.id);
    await createEndpoint(deps, { target, replaced: { row, status: 'gone', isHealed: true } });
    return 'healed';
  }
  if (found.api_version !== STRIPE_API_VERSION) {
    await createEndpoint(deps, { target, replaced: { row, status: 'retiring', isHealed: true } });
    return 'healed';
  }
  if (row.rotateAskedAt !== null) {
    await createEndpoint(deps, { target, replaced: { row, status: 'retiring', isHealed: false } });
    return 'rotated';
  }
  const url = endpointUrl(deps, row.urlKey);
  const isRight = found.status === 'enabled' && found.url === url && hasExactly(found.enabled_events, wanted(target));
  if (!isRight) {
    await callStripe(() =>
      target.stripe.webhookEndpoints.update(found.id, { url, enabled_events: wanted(target), disabled: false }),
    );
  }
  await recordObservation(deps.db, { id: row.id, observed: 'enabled', isHealed: !isRight, now });
  return isRight ? 'right' : 'healed';
}

/** False after SECRET_KEY was changed: the secret is lost for good, since Stripe shows it only once. */
async function canOpenSecret(deps: EndpointDeps, row: EndpointRow): Promise<boolean> {
  const sealed = await readSealedSigningSecret(deps.db, row.id);
  return tryToOpen(deps.secretBox, sealed) !== null;
}

/** Takes our endpoint out of an account that is being disconnected. */
export async function removeEndpoint(deps: EndpointDeps, target: EndpointTarget): Promise<void> {
  const row = await readLiveEndpoint(deps.db, target);
  for (const endpoint of [row, ...(await readRetiringEndpoints(deps.db, target))]) {
    if (endpoint === undefined) continue;
    await deleteEndpoint(target.stripe, endpoint.stripeId);
    await setEndpointStatus(deps.db, { id: endpoint.id, status: 'gone', now: deps.clock.now() });
  }
  deps.signingSecrets.forget();
}

interface Replaced {
  readonly row: EndpointRow;
  readonly status: 'retiring' | 'gone';
  /** Something was wrong; false where only somebody asked for it. */
  readonly isHealed: boolean;
}

/** Makes an endpoint, and believes its secret from the commit on; that of a replaced one too, unless it is gone. */
async function createEndpoint(
  deps: EndpointDeps,
  input: { target: EndpointTarget; replaced: Replaced | null },
): Promise<void> {
  const { target, replaced } = input;
  const isPlatform = target.stripeAccountId === null;
  const urlKey = isPlatform ? null : newToken(18);
  const url = endpointUrl(deps, urlKey);
  const made = await callStripe(() =>
    target.stripe.webhookEndpoints.create({
      url,
      enabled_events: wanted(target),
      // The types list the versions that existed when the package was made; its own is one of them.
      api_version: STRIPE_API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion,
      description: 'GrowthOS: keeps contacts and segments up to date. Reads only.',
      metadata: METADATA,
      ...(isPlatform ? { connect: true } : {}),
    }),
  ).catch((error: unknown) => {
    throw explainCap(error);
  });
  const now = deps.clock.now();
  const secret = must(made.secret, 'the signing secret in Stripe’s answer');
  await deps.db.transaction(async (tx) => {
    if (replaced !== null) await setEndpointStatus(tx, { id: replaced.row.id, status: replaced.status, now });
    await insertEndpoint(
      { db: tx, secretBox: deps.secretBox },
      {
        stripeAccountId: target.stripeAccountId,
        livemode: target.livemode,
        urlKey,
        stripeId: made.id,
        url,
        apiVersion: STRIPE_API_VERSION,
        secret,
        timesHealed: replaced === null ? 0 : replaced.row.timesHealed + (replaced.isHealed ? 1 : 0),
        now,
      },
    );
  });
  deps.signingSecrets.forget();
}

/** Endpoints of ours whose secret we do not have, such as after a death between Stripe's answer and our commit. */
async function deleteStrays(
  deps: EndpointDeps,
  input: { target: EndpointTarget; atStripe: readonly Stripe.WebhookEndpoint[] },
): Promise<void> {
  const { target, atStripe } = input;
  const ours = atStripe.filter(
    ({ metadata, url }) => metadata['managed_by'] === METADATA.managed_by && isBelow(url, deps.baseUrl),
  );
  // One Stripe account may be both our platform and, by a key, a connected one: the endpoints of both are in its list.
  const known = await readKnownStripeIds(
    deps.db,
    ours.map(({ id }) => id),
  );
  for (const { id } of ours) if (!known.has(id)) await deleteEndpoint(target.stripe, id);
}

async function listEndpoints(stripe: Stripe): Promise<Stripe.WebhookEndpoint[]> {
  // At most 16 per account, so one page holds them all.
  return (await callStripe(() => stripe.webhookEndpoints.list({ limit: 100 }))).data;
}

async function deleteEndpoint(stripe: Stripe, id: string): Promise<void> {
  await callStripe(() => stripe.webhookEndpoints.del(id)).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
  });
}

function wanted(target: EndpointScope): Stripe.WebhookEndpointCreateParams.EnabledEvent[] {
  return [...(target.stripeAccountId === null ? PLATFORM_EVENT_TYPES : STRIPE_EVENT_TYPES)];
}

function hasExactly(events: readonly string[], types: readonly string[]): boolean {
  return events.length === types.length && types.every((type) => events.includes(type));
}

function endpointUrl(deps: EndpointDeps, urlKey: string | null): string {
  return `${deps.baseUrl}/webhooks/stripe${urlKey === null ? '' : `/${urlKey}`}`;
}

function isBelow(url: string, baseUrl: string): boolean {
  return url === `${baseUrl}/webhooks/stripe` || url.startsWith(`${baseUrl}/webhooks/stripe/`);
}

/** Stripe allows 16 endpoints per account, and its sentence about that does not say what to do. */
function explainCap(error: unknown): unknown {
  if (!(error instanceof InvalidInputError) || !/limit|maximum/i.test(error.message)) return error;
  return new InvalidInputError(
    `Stripe allows no further webhook endpoint in this account (16 at most). Delete one that is not used any more, ` +
      `at Stripe under Developers, Webhooks; we try again by ourselves. (${error.message})`,
    { cause: error },
  );
}
