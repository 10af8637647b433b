import type { SecretBox } from '#access/secrets.ts';
import { newId } from '#base/ids.ts';
import { many, one, type Queryable, type Tx } from '#db/db.ts';

/** A row of ours about an endpoint at Stripe. */
export interface EndpointRow {
  readonly id: string;
  readonly stripeAccountId: string | null;
  readonly livemode: boolean;
  readonly urlKey: string | null;
  /** `we_...` */
  readonly stripeId: string;
  readonly url: string;
  readonly apiVersion: string;
  readonly observed: 'enabled' | 'disabled' | 'missing' | 'unknown';
  readonly timesHealed: number;
  readonly checkedAt: Date | null;
  readonly retiredAt: Date | null;
  /** When somebody asked for a new signing secret; null once the second endpoint stands. */
  readonly rotateAskedAt: Date | null;
}

const COLUMNS = `id, stripe_account_id as "stripeAccountId", livemode, url_key as "urlKey", stripe_id as "stripeId", url,
  api_version as "apiVersion", observed, times_healed as "timesHealed", checked_at as "checkedAt",
  retired_at as "retiredAt", rotate_asked_at as "rotateAskedAt"`;

/** Whose endpoint: the platform's in one mode, or that of one connection in its own account. */
export interface EndpointScope {
  readonly stripeAccountId: string | null;
  readonly livemode: boolean;
}

/** Remembers an endpoint that Stripe has just made, with its secret, which Stripe shows only then. */
export async function insertEndpoint(
  deps: { db: Queryable; secretBox: SecretBox },
  input: EndpointScope & {
    urlKey: string | null;
    stripeId: string;
    url: string;
    apiVersion: string;
    secret: string;
    timesHealed?: number;
    now: Date;
  },
): Promise<void> {
  await deps.db.query({
    text: `insert into stripe_endpoint (id, stripe_account_id, livemode, url_key, stripe_id, url, api_version,
             sealed_secret, status, observed, times_healed, created_at, checked_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, 'live', 'enabled', $9, $10, $10)`,
    values: [
      newId(),
      input.stripeAccountId,
      input.livemode,
      input.urlKey,
      input.stripeId,
      input.url,
      input.apiVersion,
      deps.secretBox.seal(input.secret),
      input.timesHealed ?? 0,
      input.now,
    ],
  });
}

export async function readLiveEndpoint(db: Queryable, scope: EndpointScope): Promise<EndpointRow | undefined> {
  return one<EndpointRow>(db, {
    text: `select ${COLUMNS} from stripe_endpoint
           where status = 'live' and livemode = $2 and stripe_account_id is not distinct from $1::uuid`,
    values: [scope.stripeAccountId, scope.livemode],
  });
}

/** Endpoints that were replaced, and are deleted at Stripe once their last deliveries have come. */
export async function readRetiringEndpoints(db: Queryable, scope: EndpointScope): Promise<EndpointRow[]> {
  return many<EndpointRow>(db, {
    text: `select ${COLUMNS} from stripe_endpoint
           where status = 'retiring' and livemode = $2 and stripe_account_id is not distinct from $1::uuid
           order by retired_at desc`,
    values: [scope.stripeAccountId, scope.livemode],
  });
}

/**
 * Keeps the wish for a new signing secret beside the live endpoint. `refused`: there is none, or the one before it is not
 * gone yet. It waits for who replaces the endpoint right now, and then sees what has become of it.
 */
export async function askRotation(
  tx: Tx,
  input: EndpointScope & { now: Date },
): Promise<'asked' | 'waits already' | 'refused'> {
  const values = [input.stripeAccountId, input.livemode];
  const row = await one<{ was: Date | null }>(tx, {
    text: `select rotate_asked_at as was from stripe_endpoint
           where status = 'live' and livemode = $2 and stripe_account_id is not distinct from $1::uuid for update`,
    values,
  });
  if (row?.was != null) return 'waits already';
  const asked = await one(tx, {
    text: `update stripe_endpoint e set rotate_asked_at = $3
           where status = 'live' and livemode = $2 and stripe_account_id is not distinct from $1::uuid
             and not exists (select 1 from stripe_endpoint r where r.status = 'retiring' and r.livemode = $2
               and r.stripe_account_id is not distinct from $1::uuid)
           returning id`,
    values: [...values, input.now],
  });
  return asked === undefined ? 'refused' : 'asked';
}

/** Of these endpoints at Stripe, those that are ours and not given up, whosever they are. */
export async function readKnownStripeIds(db: Queryable, stripeIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await many<{ id: string }>(db, {
    text: `select stripe_id as id from stripe_endpoint where stripe_id = any($1::text[]) and status <> 'gone'`,
    values: [[...stripeIds]],
  });
  return new Set(rows.map(({ id }) => id));
}

/** As it stands sealed; `''` once destroyed. */
export async function readSealedSigningSecret(db: Queryable, id: string): Promise<string> {
  const row = await one<{ sealed: string }>(db, {
    text: 'select sealed_secret as sealed from stripe_endpoint where id = $1',
    values: [id],
  });
  return row?.sealed ?? '';
}

/** `gone` also destroys the secret: nothing signed with it is believed any more. */
export async function setEndpointStatus(
  db: Queryable,
  input: { id: string; status: 'retiring' | 'gone'; now: Date },
): Promise<void> {
  await db.query({
    text: `update stripe_endpoint set status = $2, retired_at = coalesce(retired_at, $3),
             sealed_secret = case when $2 = 'gone' then '' else sealed_secret end
           where id = $1`,
    values: [input.id, input.status, input.now],
  });
}

export async function recordObservation(
  db: Queryable,
  input: { id: string; observed: EndpointRow['observed']; isHealed: boolean; now: Date },
): Promise<void> {
  await db.query({
    text: `update stripe_endpoint set observed = $2, checked_at = $3, times_healed = times_healed + $4 where id = $1`,
    values: [input.id, input.observed, input.now, input.isHealed ? 1 : 0],
  });
}
