/**
 * Whom the seller's page said a new customer is: `client_reference_id`. It stands on Checkout Sessions alone, of which no
 * event is listened to (`checkout.session.completed` can hold up a buyer), so it is read. In: `customer_linked` for a
 * customer whose metadata named nobody. Out: its sessions, given to `project` like any read. At most one read for each new
 * customer, one page, at the pace of the shared limiter, and never in the way of an event. Without the permission nothing is
 * read, and the list of permissions says so. May come twice: a session that is known changes nothing.
 */
import { addMs, type Clock, durationMs, toEpochS } from '#base/clock.ts';
import { messageOf, RateLimitedError, StripePermissionError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoffMs } from '#base/retry.ts';
import type { Worker } from '#base/worker.ts';
import type { Consumer } from '#bus/index.ts';
import { many, one, type Db } from '#db/db.ts';
import type { AccountClients } from './account-clients.ts';
import type { ApplyObjects } from './backfill-turn.ts';
import { type ConnectionRow, readConnection } from './connection-store.ts';
import { type Limiter, pauseAsAsked } from './limiter.ts';
import { readListPage } from './list-page.ts';

const PATH = '/v1/checkout/sessions';
const PERMISSION = 'rak_checkout_session_read';
/** A customer may be told of a moment before its checkout is finished. */
const WAIT_MS = durationMs({ seconds: 30 });
/** Whoever asks for a customer has it for so long. */
const LEASE_MS = durationMs({ minutes: 2 });
const BATCH_SIZE = 20;
const RETRY = { firstMs: 60_000, maxMs: 60 * 60_000 };
/** Failures before a customer is given up: its e-mail, or a person, may still say who it is. */
const ATTEMPTS_MAX = 8;

export interface CheckoutReferencesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly limiter: Limiter;
  readonly clients: AccountClients;
  readonly applyObjects: ApplyObjects;
}

/** Notes the customers to ask for. Those of a backfill are not: that would be one read for each of all customers. */
export function checkoutReferencesConsumer(deps: { clock: Clock }): Consumer {
  return {
    name: 'checkout-references',
    types: ['customer_linked'],
    batchSizeMax: 500,
    from: 'now',
    async handle(tx, events) {
      const asked = events.filter(
        ({ data, cause }) =>
          (data['linked_by'] === 'new_contact' || data['linked_by'] === 'email') &&
          cause?.kind !== 'backfill' &&
          typeof data['stripe_account'] === 'string' &&
          typeof data['customer_id'] === 'string',
      );
      if (asked.length === 0) return;
      await tx.query({
        name: 'checkout_reference_note',
        text: `insert into checkout_lookup (workspace_id, stripe_account, customer_id, due_at)
               select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
               on conflict (workspace_id, stripe_account, customer_id) do nothing`,
        values: [
          asked.map((event) => event.workspaceId),
          asked.map(({ data }) => data['stripe_account']),
          asked.map(({ data }) => data['customer_id']),
          asked.map(() => addMs(deps.clock.now(), WAIT_MS).toISOString()),
        ],
      });
    },
  };
}

interface Lookup {
  readonly workspaceId: string;
  readonly account: string;
  readonly customerId: string;
  readonly attempts: number;
  readonly connectionId: string;
}

export function checkoutReferencesWorker(deps: CheckoutReferencesDeps): Worker {
  return {
    name: 'stripe:checkout-references',
    async runOnce() {
      const lookups = await takeDue(deps);
      for (const lookup of lookups) await lookUp(deps, lookup);
      return lookups.length;
    },
    async nextDueAt() {
      const row = await one<{ dueAt: Date | null }>(deps.db, {
        text: `select min(due_at) as "dueAt" from checkout_lookup where done_at is null`,
      });
      return row?.dueAt ?? null;
    },
  };
}

/** Leased by their due time, because nothing may be open while Stripe answers. */
async function takeDue(deps: CheckoutReferencesDeps): Promise<Lookup[]> {
  const now = deps.clock.now();
  return many<Lookup>(deps.db, {
    name: 'checkout_reference_take',
    text: `update checkout_lookup l set due_at = $2, attempts = l.attempts + 1
           from (select c.workspace_id, c.stripe_account, c.customer_id, a.id from checkout_lookup c
             join stripe_account a on a.workspace_id = c.workspace_id and a.account = c.stripe_account and a.status = 'active'
             where c.done_at is null and c.due_at <= $1 order by c.due_at limit $3 for update of c skip locked) due
           where l.workspace_id = due.workspace_id and l.stripe_account = due.stripe_account and l.customer_id = due.customer_id
           returning l.workspace_id as "workspaceId", l.stripe_account as account, l.customer_id as "customerId", l.attempts,
             due.id as "connectionId"`,
    values: [now, addMs(now, LEASE_MS), BATCH_SIZE],
  });
}

async function lookUp(deps: CheckoutReferencesDeps, lookup: Lookup): Promise<void> {
  const connection = await readConnection(deps.db, lookup);
  const scope = { account: connection.account, livemode: connection.livemode, resource: PATH };
  const isRefused = connection.details.granted?.[PERMISSION] === false;
  if (isRefused || connection.details.isOnPaper === true) return end(deps, { lookup, outcome: 'not_permitted' });
  const waitUntil = await deps.limiter.reserve(scope);
  if (waitUntil !== null) return again(deps, { lookup, at: waitUntil, isFailure: false });
  try {
    await readSessions(deps, { lookup, connection });
  } catch (error) {
    if (error instanceof StripePermissionError) {
      await refuse(deps, connection);
      return end(deps, { lookup, outcome: 'not_permitted' });
    }
    if (error instanceof RateLimitedError) {
      await pauseAsAsked(deps.limiter, scope, error);
    }
    deps.log.warn({ err: error, connectionId: connection.id }, 'reading checkout sessions failed');
    if (lookup.attempts >= ATTEMPTS_MAX) return end(deps, { lookup, outcome: messageOf(error) });
    await again(deps, {
      lookup,
      at: addMs(deps.clock.now(), backoffMs(lookup.attempts, RETRY)),
      isFailure: true,
    });
  }
}

async function readSessions(
  deps: CheckoutReferencesDeps,
  input: { lookup: Lookup; connection: ConnectionRow },
): Promise<void> {
  const { lookup, connection } = input;
  const asOfS = toEpochS(deps.clock.now());
  const stripe = await deps.clients.forConnection(connection);
  const page = await readListPage(stripe, { path: PATH, params: { customer: lookup.customerId }, startingAfter: null });
  // An open or an expired session names who looked at a price; only a finished one names who bought.
  const objects = page.objects.filter(
    (one) => one['status'] === 'complete' && typeof one['client_reference_id'] === 'string',
  );
  await deps.db.transaction(async (tx) => {
    if (objects.length > 0) {
      const { workspaceId, account: stripeAccount, livemode } = connection;
      await deps.applyObjects(tx, { workspaceId, stripeAccount, livemode, asOfS, objects });
    }
    await tx.query(ending(deps, { lookup, outcome: objects.length > 0 ? 'found' : 'none' }));
  });
}

function ending(deps: { clock: Clock }, input: { lookup: Lookup; outcome: string }) {
  const { workspaceId, account, customerId } = input.lookup;
  return {
    text: `update checkout_lookup set done_at = $4, outcome = $5
           where workspace_id = $1 and stripe_account = $2 and customer_id = $3`,
    values: [workspaceId, account, customerId, deps.clock.now(), input.outcome],
  };
}

async function end(deps: CheckoutReferencesDeps, input: { lookup: Lookup; outcome: string }): Promise<void> {
  await deps.db.query(ending(deps, input));
}

async function again(
  deps: CheckoutReferencesDeps,
  input: { lookup: Lookup; at: Date; isFailure: boolean },
): Promise<void> {
  const { workspaceId, account, customerId } = input.lookup;
  await deps.db.query({
    text: `update checkout_lookup set due_at = $4, attempts = attempts - $5
           where workspace_id = $1 and stripe_account = $2 and customer_id = $3`,
    values: [workspaceId, account, customerId, input.at, input.isFailure ? 0 : 1],
  });
}

/** Remembered with what the key may do, where the page of the connection shows it. */
async function refuse(deps: CheckoutReferencesDeps, connection: ConnectionRow): Promise<void> {
  await deps.db.query({
    text: `update stripe_account set details = details || jsonb_build_object('granted',
             coalesce(details -> 'granted', '{}'::jsonb) || jsonb_build_object($2::text, false)) where id = $1`,
    values: [connection.id, PERMISSION],
  });
}
