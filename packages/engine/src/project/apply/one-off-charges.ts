/**
 * Payments that no invoice is behind. Since basil a charge does not say whether an invoice is behind it; the link comes
 * apart (`invoice_payment`), and may come later. So such a charge waits a little: if by then nothing has linked it to an
 * invoice, it is a one-off payment and told as one.
 */
import type { Clock } from '#base/clock.ts';
import { addMs } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { eventBilling } from '../billing/context.ts';
import { DEFAULT_BILLING_SETTINGS } from '../billing/settings.ts';
import { contactsOfCustomers } from '../contact-billing/refresh-billing.ts';
import { oneOffPayment } from '../events/charge-events.ts';
import type { AccountScope } from '../objects/store.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { ToldEvent } from './told-events.ts';

/** How long a charge waits for its invoice, milliseconds. Stripe tells of both within seconds. */
const WAIT_MS = 5 * 60_000;
const BATCH_SIZE_MAX = 200;

export async function noteChargesWithoutInvoice(
  deps: { clock: Clock },
  input: { tx: Tx; scope: AccountScope; told: readonly ToldEvent[] },
): Promise<void> {
  const { tx, scope } = input;
  const waiting = input.told.filter(({ event, telling }) => {
    const charge = telling?.fact;
    const isMoney = event.type === 'charge.succeeded' || event.type === 'charge.captured';
    return isMoney && charge?.object === 'charge' && !charge.isInvoiceKnown;
  });
  if (waiting.length === 0) return;
  await tx.query({
    text: `insert into charge_waiting (workspace_id, stripe_account, livemode, charge_id, event_id, event_created_s, due_at)
           select $1, $2, $3, c.charge_id, c.event_id, c.created_s, $4
           from unnest($5::text[], $6::text[], $7::bigint[]) as c (charge_id, event_id, created_s)
           on conflict do nothing`,
    values: [
      scope.workspaceId,
      scope.stripeAccount,
      scope.livemode,
      addMs(deps.clock.now(), WAIT_MS),
      waiting.map(({ telling }) => telling?.id ?? ''),
      waiting.map(({ event }) => event.eventId),
      waiting.map(({ event }) => event.createdS),
    ],
  });
}

interface WaitingRow {
  workspaceId: string;
  stripeAccount: string;
  livemode: boolean;
  chargeId: string;
  eventId: string;
  createdS: bigint;
  fact: ChargeFact | null;
  hasInvoice: boolean;
}

/** Tells of the charges whose wait is over and that no invoice claims. */
export function oneOffChargeWorker(deps: { db: Db; clock: Clock; publisher: Publisher }): Worker {
  return {
    name: 'project:one-off-charges',
    runOnce: () => deps.db.transaction((tx) => tellDue(deps, tx)),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, { text: 'select min(due_at) as at from charge_waiting' });
      return row?.at ?? null;
    },
  };
}

async function tellDue(deps: { clock: Clock; publisher: Publisher }, tx: Tx): Promise<number> {
  const rows = await many<WaitingRow>(tx, {
    text: `with due as (
             delete from charge_waiting where (stripe_account, livemode, charge_id) in (
               select stripe_account, livemode, charge_id from charge_waiting where due_at <= $1
               order by due_at limit $2 for update skip locked)
             returning *
           )
           select d.workspace_id as "workspaceId", d.stripe_account as "stripeAccount", d.livemode, d.charge_id as "chargeId",
             d.event_id as "eventId", d.event_created_s as "createdS", charge.fact,
             (charge.parent_id is not null or exists (
               select 1 from stripe_object i
               where i.workspace_id = d.workspace_id and i.stripe_account = d.stripe_account
                 and i.customer_id = charge.customer_id and i.type = 'invoice'
                 and (i.fact->>'chargeId' = d.charge_id or i.fact->>'paymentIntentId' = charge.fact->>'paymentIntentId'
                   or exists (select 1 from json_array_elements(case json_typeof(i.fact->'payments') when 'array' then i.fact->'payments' else '[]'::json end) p
                     where p->>'chargeId' = d.charge_id or p->>'paymentIntentId' = charge.fact->>'paymentIntentId')
                   or exists (select 1 from stripe_object p where p.workspace_id = d.workspace_id
                     and p.stripe_account = d.stripe_account and p.parent_id = i.id and p.customer_id is null and p.type = 'invoice_payment'
                     and (p.fact->>'chargeId' = d.charge_id or p.fact->>'paymentIntentId' = charge.fact->>'paymentIntentId'))
                   or (i.fact->>'status' = 'paid' and i.fact->>'amountPaidMinor' = charge.fact->>'amountMinor'
                     and abs((i.fact->>'paidAtS')::bigint - (charge.fact->>'createdS')::bigint) <= 60
                     and json_typeof(i.fact->'payments') = 'null'
                     and not exists (select 1 from stripe_object p where p.workspace_id = d.workspace_id
                       and p.stripe_account = d.stripe_account and p.parent_id = i.id and p.customer_id is null
                       and p.type = 'invoice_payment')))
             )) as "hasInvoice"
           from due d left join stripe_object charge on charge.stripe_account = d.stripe_account
             and charge.livemode = d.livemode and charge.type = 'charge' and charge.id = d.charge_id`,
    values: [deps.clock.now(), BATCH_SIZE_MAX],
  });
  for (const row of rows) if (!row.hasInvoice && row.fact !== null) await tell(deps, { tx, row, charge: row.fact });
  return rows.length;
}

async function tell(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; row: WaitingRow; charge: ChargeFact },
): Promise<void> {
  const { tx, row, charge } = input;
  const scope = { workspaceId: row.workspaceId, stripeAccount: row.stripeAccount, livemode: row.livemode };
  const customer = `${row.stripeAccount}/${charge.customerId}`;
  const owners = await contactsOfCustomers(tx, { workspaceId: row.workspaceId, customers: [customer] });
  const events = oneOffPayment(
    {
      scope,
      contactId: owners.get(customer) ?? null,
      customerId: charge.customerId,
      billing: eventBilling({ settings: DEFAULT_BILLING_SETTINGS, asOf: deps.clock.now() }),
      stripeEvent: { id: row.eventId, type: 'charge.succeeded', createdS: Number(row.createdS) },
    },
    charge,
  );
  deps.publisher.publish(tx, events);
}
