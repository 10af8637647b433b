/** What some events need to know of other objects, one statement for a whole batch. */
import { many, type Tx } from '#db/db.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { BillingContext } from '../billing/context.ts';
import { billingEvent, iso } from '../events/event-context.ts';
import { type AccountScope, OBJECT_COLUMNS, objectOf, type StoredObject } from '../objects/store.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { ToldEvent } from './stripe-events.ts';

/** A failed charge and the failure of its invoice are told within moments; this is how far apart they may be, seconds. */
const SAME_ATTEMPT_S = 600;

export async function findCustomersOfCharges(
  tx: Tx,
  input: { scope: AccountScope; chargeIds: readonly string[] },
): Promise<Map<string, string>> {
  if (input.chargeIds.length === 0) return new Map();
  const rows = await many<{ id: string; customer_id: string }>(tx, {
    text: `select id, customer_id from stripe_object
           where stripe_account = $1 and livemode = $2 and type = 'charge' and id = any($3) and customer_id is not null`,
    values: [input.scope.stripeAccount, input.scope.livemode, [...input.chargeIds]],
  });
  return new Map(rows.map((row) => [row.id, row.customer_id]));
}

/**
 * For each failed invoice of the batch, the charge that failed: newer API versions don't name it on the invoice, so it is
 * the failed charge of the same customer, currency and amount, told at about the same time.
 */
export async function findFailedCharges(
  tx: Tx,
  input: { scope: AccountScope; told: readonly ToldEvent[] },
): Promise<Map<string, ChargeFact>> {
  const failures = input.told.filter(
    ({ event, telling }) => event.type === 'invoice.payment_failed' && telling !== null,
  );
  if (failures.length === 0) return new Map();
  const customers = failures.map(({ telling }) => telling?.customerId ?? '');
  const rows = await many<{ fact: ChargeFact }>(tx, {
    text: `select fact from stripe_object
           where workspace_id = $1 and stripe_account = $2 and customer_id = any($3) and type = 'charge'
             and fact->>'status' = 'failed'`,
    values: [input.scope.workspaceId, input.scope.stripeAccount, customers],
  });
  const found = new Map<string, ChargeFact>();
  for (const { event, telling } of failures) {
    const invoice = telling?.fact;
    if (invoice?.object !== 'invoice') continue;
    const [charge] = rows
      .map((row) => row.fact)
      .filter((one) => one.customerId === invoice.customerId && one.currency === invoice.currency)
      .filter((one) => one.amountMinor === (invoice.amountRemainingMinor ?? invoice.amountDueMinor))
      .filter((one) => Math.abs((one.createdS ?? 0) - event.createdS) <= SAME_ATTEMPT_S)
      .sort((left, right) => (right.createdS ?? 0) - (left.createdS ?? 0));
    if (charge) found.set(invoice.id, charge);
  }
  return found;
}

/**
 * Somebody who had stopped paying pays again: a subscription became active after another one of the same customer, which
 * had been active too, ended. Read from what is stored, so it does not matter which of the two was told first.
 */
export async function reactivations(
  tx: Tx,
  input: {
    scope: AccountScope;
    told: readonly ToldEvent[];
    owners: ReadonlyMap<string, string>;
    billing: BillingContext;
  },
): Promise<NewBusEvent[]> {
  const { scope, told, owners } = input;
  const customers = new Set<string>();
  for (const { telling } of told)
    if (telling?.fact.object === 'subscription' && telling.customerId !== null) customers.add(telling.customerId);
  if (customers.size === 0) return [];
  const rows = await many<Parameters<typeof objectOf>[0]>(tx, {
    name: 'reactivation_candidates',
    text: `select ${OBJECT_COLUMNS} from stripe_object o
           where workspace_id = $1 and stripe_account = $2 and customer_id = any($3) and type = 'subscription'
             and exists (select 1 from stripe_object other where other.workspace_id = $1 and other.stripe_account = $2
               and other.customer_id = o.customer_id and other.type = 'subscription' and other.id <> o.id)`,
    values: [scope.workspaceId, scope.stripeAccount, [...customers]],
  });
  const subscriptions = rows.map(objectOf);
  const lastEvent = told.at(-1)?.event;
  if (!lastEvent) return [];
  return subscriptions.flatMap((stored) => {
    const { fact } = stored;
    const startedAtS = fact.object === 'subscription' ? (fact.startDateS ?? fact.createdS) : null;
    if (startedAtS === null || stored.marks.seen?.['active'] === undefined) return [];
    if (!hadOneBefore(subscriptions, { stored, startedAtS })) return [];
    const context = {
      scope,
      contactId: owners.get(`${scope.stripeAccount}/${stored.customerId}`) ?? null,
      customerId: stored.customerId,
      billing: input.billing,
      stripeEvent: { id: lastEvent.eventId, type: lastEvent.type, createdS: lastEvent.createdS },
    };
    return [
      billingEvent(context, {
        name: 'subscription_reactivated',
        fact: stored.id,
        atS: startedAtS,
        data: { subscription_id: stored.id, started_at: iso(startedAtS) },
      }),
    ];
  });
}

/** Another subscription of the same customer had been active, and was over when this one started. */
function hadOneBefore(
  subscriptions: readonly StoredObject[],
  input: { stored: StoredObject; startedAtS: number },
): boolean {
  const { stored, startedAtS } = input;
  return subscriptions.some(
    (other) =>
      other.id !== stored.id &&
      other.customerId === stored.customerId &&
      other.marks.seen?.['active'] !== undefined &&
      (endOf(other) ?? Number.POSITIVE_INFINITY) <= startedAtS,
  );
}

function endOf({ fact }: StoredObject): number | null {
  if (fact.object !== 'subscription' || fact.status !== 'canceled') return null;
  return fact.endedAtS ?? fact.canceledAtS;
}
