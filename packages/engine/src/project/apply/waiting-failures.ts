/**
 * Failed payments whose reason is not known yet. An invoice does not say why its payment failed; the charge does, and
 * Stripe tells of it apart, in any order. So a failure without its charge waits a moment. It is told with its reason as
 * soon as the charge is here, or without one when none has come: some attempts have no charge, where a customer has no
 * card. That the invoice was paid after all is told behind its failure, never before.
 */
import { addMs, type Clock } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import type { NewBusEvent, Publisher } from '#bus/index.ts';
import { json, many, one, type Db, type Tx } from '#db/db.ts';
import { eventBilling } from '../billing/context.ts';
import { DEFAULT_BILLING_SETTINGS } from '../billing/settings.ts';
import { contactsOfCustomers } from '../contact-billing/refresh-billing.ts';
import { failureReason, recovered } from '../events/invoice-events.ts';
import { type AccountScope, lockAccount, OBJECT_COLUMNS, objectOf, type StoredObject } from '../objects/store.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import { type FailedAttempt, findFailedCharges } from './failed-attempts.ts';

/** How long a failure waits for its charge, milliseconds. Stripe tells of both at about the same time. */
const WAIT_MS = 2_000;
/** How long after a start nothing is given up, milliseconds: what was missed meanwhile is being read from Stripe. */
const AFTER_START_MS = 10_000;
const BATCH_SIZE_MAX = 200;

/** A failure that waits. `told` lacks its contact, which may change meanwhile, and its reason. */
export interface WaitingFailure {
  readonly attempt: FailedAttempt;
  readonly told: NewBusEvent;
}

interface Row {
  readonly workspaceId: string;
  readonly stripeAccount: string;
  readonly livemode: boolean;
  readonly dedupeKey: string;
  readonly customerId: string;
  readonly invoiceId: string;
  readonly chargeId: string | null;
  readonly failedAtS: bigint;
  readonly told: Omit<NewBusEvent, 'time'> & { readonly time: string };
}

const COLUMNS = `workspace_id as "workspaceId", stripe_account as "stripeAccount", livemode, dedupe_key as "dedupeKey",
  customer_id as "customerId", invoice_id as "invoiceId", charge_id as "chargeId", failed_at_s as "failedAtS", told`;

/** Those that new charges of these customers may explain, and those of these invoices; under the account's lock. */
export async function waitingFailures(
  tx: Tx,
  input: { scope: AccountScope; customers: readonly string[]; invoices: readonly string[] },
): Promise<WaitingFailure[]> {
  const { customers, invoices } = input;
  if (customers.length === 0 && invoices.length === 0) return [];
  const { workspaceId, stripeAccount, livemode } = input.scope;
  const rows = await many<Row>(tx, {
    name: 'failures_waiting',
    text: `select ${COLUMNS} from failure_waiting
           where stripe_account = $1 and (customer_id = any($2) or invoice_id = any($3)) and livemode = $4
             and workspace_id = $5
           order by failed_at_s, dedupe_key`,
    values: [stripeAccount, [...customers], [...invoices], livemode, workspaceId],
  });
  return rows.map(waitingOf);
}

function waitingOf(row: Row): WaitingFailure {
  const { data } = row.told;
  return {
    attempt: {
      key: row.dedupeKey,
      invoiceId: row.invoiceId,
      chargeId: row.chargeId,
      customerId: row.customerId,
      currency: String(data['currency']),
      amountMinor: Number(data['amount_minor']),
      failedAtS: Number(row.failedAtS),
    },
    told: { ...row.told, time: new Date(row.told.time) },
  };
}

/** Lets them wait; one that waits already goes on waiting. */
export async function letWait(
  deps: { clock: Clock },
  input: { tx: Tx; scope: AccountScope; failures: readonly WaitingFailure[] },
): Promise<void> {
  const { scope, failures } = input;
  if (failures.length === 0) return;
  await input.tx.query({
    text: `insert into failure_waiting (workspace_id, stripe_account, livemode, due_at, dedupe_key, customer_id, invoice_id,
             charge_id, failed_at_s, told)
           select $1, $2, $3, $4, f.dedupe_key, f.customer_id, f.invoice_id, f.charge_id, f.failed_at_s, f.told::json
           from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[])
             as f (dedupe_key, customer_id, invoice_id, charge_id, failed_at_s, told)
           on conflict do nothing`,
    values: [
      scope.workspaceId,
      scope.stripeAccount,
      scope.livemode,
      addMs(deps.clock.now(), WAIT_MS),
      failures.map(({ told }) => told.dedupeKey ?? ''),
      failures.map(({ attempt }) => attempt.customerId),
      failures.map(({ attempt }) => attempt.invoiceId),
      failures.map(({ attempt }) => attempt.chargeId),
      failures.map(({ attempt }) => attempt.failedAtS),
      failures.map(({ told }) => json({ ...told, contactId: null })),
    ],
  });
}

/**
 * Takes them off the list, under the account's lock.
 * @returns each with its reason where its charge is known, and behind it that the invoice was paid, where it was.
 */
export async function tellFailures(
  tx: Tx,
  input: {
    scope: AccountScope;
    failures: readonly WaitingFailure[];
    charges: ReadonlyMap<string, ChargeFact>;
    contactOf: (customerId: string) => string | null;
    asOf: Date;
  },
): Promise<NewBusEvent[]> {
  const { scope, failures, charges, contactOf } = input;
  if (failures.length === 0) return [];
  await tx.query({
    text: 'delete from failure_waiting where stripe_account = $1 and livemode = $2 and dedupe_key = any($3)',
    values: [scope.stripeAccount, scope.livemode, failures.map(({ attempt }) => attempt.key)],
  });
  const invoices = await storedInvoices(tx, { scope, ids: failures.map(({ attempt }) => attempt.invoiceId) });
  const billing = eventBilling({ settings: DEFAULT_BILLING_SETTINGS, asOf: input.asOf });
  return failures.flatMap(({ attempt, told }) => {
    const contactId = contactOf(attempt.customerId);
    const charge = charges.get(attempt.key) ?? null;
    const failed = {
      ...told,
      contactId,
      data: { ...told.data, ...(charge === null ? {} : failureReason(null, charge)) },
    };
    const invoice = invoices.get(attempt.invoiceId);
    if (invoice === undefined) return [failed];
    const stripeEvent = { id: told.cause?.id ?? '', type: 'invoice.payment_failed', createdS: attempt.failedAtS };
    return [failed, ...recovered({ scope, contactId, customerId: attempt.customerId, billing, stripeEvent }, invoice)];
  });
}

async function storedInvoices(
  tx: Tx,
  input: { scope: AccountScope; ids: readonly string[] },
): Promise<Map<string, StoredObject>> {
  const rows = await many<Parameters<typeof objectOf>[0]>(tx, {
    text: `select ${OBJECT_COLUMNS} from stripe_object
           where stripe_account = $1 and livemode = $2 and type = 'invoice' and id = any($3) and workspace_id = $4`,
    values: [input.scope.stripeAccount, input.scope.livemode, [...input.ids], input.scope.workspaceId],
  });
  return new Map(rows.map((row) => [row.id, objectOf(row)]));
}

/** Tells of the failures whose wait is over and whose charge has not come. */
export function waitingFailuresWorker(deps: { db: Db; clock: Clock; publisher: Publisher }): Worker {
  const mayGiveUpAt = addMs(deps.clock.now(), AFTER_START_MS);
  return {
    name: 'project:waiting-failures',
    async runOnce() {
      if (deps.clock.now() < mayGiveUpAt) return 0;
      return deps.db.transaction((tx) => tellDue(deps, tx));
    },
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, { text: 'select min(due_at) as at from failure_waiting' });
      const at = row?.at ?? null;
      return at !== null && at < mayGiveUpAt ? mayGiveUpAt : at;
    },
  };
}

/** Of one account: its lock keeps an event of the same invoice from being applied half way between. */
async function tellDue(deps: { clock: Clock; publisher: Publisher }, tx: Tx): Promise<number> {
  const now = deps.clock.now();
  const scope = await one<AccountScope>(tx, {
    text: `select workspace_id as "workspaceId", stripe_account as "stripeAccount", livemode from failure_waiting
           where due_at <= $1 order by due_at limit 1`,
    values: [now],
  });
  if (scope === undefined) return 0;
  await lockAccount(tx, scope);
  const rows = await many<Row>(tx, {
    text: `select ${COLUMNS} from failure_waiting
           where stripe_account = $1 and livemode = $2 and workspace_id = $3 and due_at <= $4
           order by due_at, failed_at_s, dedupe_key limit $5`,
    values: [scope.stripeAccount, scope.livemode, scope.workspaceId, now, BATCH_SIZE_MAX],
  });
  const failures = rows.map(waitingOf);
  const account = (customerId: string): string => `${scope.stripeAccount}/${customerId}`;
  const owners = await contactsOfCustomers(tx, {
    workspaceId: scope.workspaceId,
    customers: failures.map(({ attempt }) => account(attempt.customerId)),
  });
  const contactOf = (customerId: string): string | null => owners.get(account(customerId)) ?? null;
  // A read of ours may have brought the charge, where its event did not come.
  const charges = await findFailedCharges(tx, {
    scope,
    attempts: failures.map(({ attempt }) => attempt),
    loaded: new Map(),
  });
  deps.publisher.publish(tx, await tellFailures(tx, { scope, failures, charges, contactOf, asOf: now }));
  return failures.length;
}
