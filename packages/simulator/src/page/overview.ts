import { wordedAmount } from '#billing/invoices.ts';
import type { AccountState } from '#store/account-state.ts';
import type { CustomerRow } from '#store/customer.ts';
import type { DeliveryRow } from '#store/event.ts';
import type { InvoiceRow } from '#store/invoice.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import type { World } from '#store/world.ts';

/** What the page shows of one customer; all words, no objects. */
export interface CustomerLine {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly status: string;
  readonly plan: string;
  readonly next: string;
  readonly hasOpenInvoice: boolean;
  readonly isCardDeclining: boolean;
  readonly canChange: boolean;
}

export interface Overview {
  readonly accountName: string;
  readonly now: string;
  readonly isReadOnly: boolean;
  readonly violations: number;
  readonly customers: readonly CustomerLine[];
  readonly customerCount: number;
  readonly known: readonly CustomerLine[];
  readonly statuses: readonly (readonly [status: string, count: number])[];
  readonly openInvoices: readonly {
    readonly number: string;
    readonly who: string;
    readonly amount: string;
    readonly attempts: number;
    readonly next: string;
  }[];
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly at: string;
    readonly pending: number;
    readonly about: string;
  }[];
  readonly deliveries: readonly {
    readonly type: string;
    readonly url: string;
    readonly status: DeliveryRow['status'];
    readonly attempts: number;
    readonly last: string;
  }[];
}

const KNOWN = ['ada@analytical.example', 'grace@harborline.example', 'katherine@trajectory.example'];
const ROWS_MAX = 40;
/** Enough for a demo; a bulk-loaded account is not read to its end for a page. */
const SCANNED_MAX = 5_000;

export function overviewOf(world: World, state: AccountState, query: string): Overview {
  const wanted = query.trim().toLowerCase();
  const lines: CustomerLine[] = [];
  const known = new Map<string, CustomerLine>();
  const statuses = new Map<string, number>();
  let scanned = 0;
  for (const row of state.customers.newestFirst()) {
    scanned += 1;
    if (scanned > SCANNED_MAX) break;
    const line = lineOf(state, row);
    statuses.set(line.status, (statuses.get(line.status) ?? 0) + 1);
    if (row.email !== null && KNOWN.includes(row.email)) known.set(row.email, line);
    const fits =
      wanted === '' ||
      `${line.name} ${line.email} ${line.status} ${line.plan} ${line.id}`.toLowerCase().includes(wanted);
    if (fits && lines.length < ROWS_MAX) lines.push(line);
  }
  return {
    accountName: world.account(state.account).name,
    now: world.clock.now().toISOString().replace('T', ' ').slice(0, 19),
    isReadOnly: world.isReadOnly,
    violations: world.violations.length,
    customers: lines,
    customerCount: state.customers.size,
    known: KNOWN.flatMap((email) => known.get(email) ?? []),
    statuses: [...statuses].toSorted((a, b) => b[1] - a[1]),
    openInvoices: openInvoices(state),
    events: latestEvents(state),
    deliveries: latestDeliveries(world),
  };
}

function lineOf(state: AccountState, row: CustomerRow): CustomerLine {
  const subscriptions = state.subscriptions.inGroup(row.id);
  const main = subscriptions.findLast((subscription) => subscription.endedAt === null) ?? subscriptions.at(-1);
  const method = row.defaultPaymentMethod === null ? undefined : state.paymentMethods.get(row.defaultPaymentMethod);
  return {
    id: row.id,
    name: row.name ?? '(no name)',
    email: row.email ?? '(no e-mail)',
    status: main?.status ?? 'no subscription',
    plan: main ? planOf(state, main) : '',
    next: main ? nextOf(state, main) : '',
    hasOpenInvoice: state.invoices.inGroup(row.id).some((invoice) => invoice.status === 'open'),
    isCardDeclining: method?.decline != null,
    canChange: main !== undefined && main.endedAt === null,
  };
}

function planOf(state: AccountState, row: SubscriptionRow): string {
  return row.items
    .map((item) => {
      const price = state.prices.get(item.price);
      const name = price ? (state.products.get(price.product)?.name ?? price.product) : item.price;
      const amount =
        price?.unitAmount == null
          ? ''
          : ` ${wordedAmount(price.currencyOptions[row.currency] ?? price.unitAmount, row.currency)}`;
      const own =
        price?.currency === row.currency && price.unitAmount !== null
          ? ` ${wordedAmount(price.unitAmount, row.currency)}`
          : amount;
      const every = price?.recurring?.interval === 'year' ? '/yr' : '/mo';
      return `${item.quantity > 1 ? `${item.quantity} × ` : ''}${name}${own}${own === '' ? '' : every}`;
    })
    .join(' + ');
}

function nextOf(state: AccountState, row: SubscriptionRow): string {
  if (row.endedAt !== null) return `ended ${day(row.endedAt)}`;
  if (row.cancelAt !== null) return `ends ${day(row.cancelAt)}`;
  if (row.status === 'trialing' && row.trialEnd !== null) return `trial ends ${minute(row.trialEnd)}`;
  const latest = row.latestInvoice === null ? undefined : state.invoices.get(row.latestInvoice);
  if (latest?.status === 'open' && latest.nextPaymentAttempt !== null)
    return `retry ${minute(latest.nextPaymentAttempt)}`;
  if (latest?.status === 'draft' && latest.finalizesAt !== null) return `charged ${minute(latest.finalizesAt)}`;
  return `renews ${minute(row.periodEnd)}`;
}

function openInvoices(state: AccountState): Overview['openInvoices'] {
  const found: InvoiceRow[] = [];
  let scanned = 0;
  for (const row of state.invoices.newestFirst()) {
    scanned += 1;
    if (row.status === 'open' && row.autoAdvance) found.push(row);
    if (found.length >= ROWS_MAX || scanned > SCANNED_MAX) break;
  }
  return found.map((row) => ({
    number: row.number ?? row.id,
    who: state.customers.get(row.customer)?.email ?? row.customer,
    amount: wordedAmount(row.amountDue - row.amountPaid, row.currency),
    attempts: row.attemptCount,
    next: row.nextPaymentAttempt === null ? 'no further attempt' : minute(row.nextPaymentAttempt),
  }));
}

function latestEvents(state: AccountState): Overview['events'] {
  const found: Overview['events'][number][] = [];
  for (const row of state.events.newestFirst()) {
    if (found.length >= ROWS_MAX) break;
    found.push({
      id: row.id,
      type: row.type,
      at: minute(row.created),
      pending: row.pending,
      about: row.objectId ?? '',
    });
  }
  return found;
}

function latestDeliveries(world: World): Overview['deliveries'] {
  return world.deliveries
    .slice(-ROWS_MAX)
    .toReversed()
    .map((row) => {
      const last = row.attempts.at(-1);
      const waits = row.nextAttemptS === null ? '' : `next ${minute(row.nextAttemptS)}`;
      const answer = last
        ? last.status === null
          ? (last.error ?? 'no answer')
          : `answered ${last.status}`
        : 'not sent yet';
      return {
        type: row.eventType,
        url: row.url,
        status: row.status,
        attempts: row.attempts.length,
        last: [answer, waits].filter(Boolean).join(', '),
      };
    });
}

function minute(atS: number): string {
  return new Date(atS * 1000).toISOString().replace('T', ' ').slice(0, 16);
}

function day(atS: number): string {
  return new Date(atS * 1000).toISOString().slice(0, 10);
}
