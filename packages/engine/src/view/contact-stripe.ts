/** Invoices and subscriptions of one contact, out of Stripe's objects as we last knew them. */
import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { fromEpochS } from '#base/clock.ts';
import { isRecord } from '#base/is-record.ts';
import { many, type Queryable } from '#db/db.ts';
import { httpsOnly } from './billing-panel.ts';
import { statusWords } from './billing-words.ts';
import { type DataReader, dataReader } from './event-data.ts';
import { moneyView, unitAmountText } from './money-text.ts';
import { stripeLink } from './stripe-link.ts';

const INVOICES_MAX = 5;
const SUBSCRIPTIONS_MAX = 20;

interface ObjectRow {
  id: string;
  stripe_account: string;
  livemode: boolean;
  fact: Record<string, unknown>;
}

/** The customers of a contact: its identities are `acct_.../cus_...`. */
const CUSTOMERS = `select split_part(value, '/', 1) as account, split_part(value, '/', 2) as customer
  from contact_identity where contact_id = $2 and workspace_id = $1 and kind = 'stripe_customer'`;

export async function invoicesOf(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactPage['invoices']> {
  const rows = await many<ObjectRow>(db, {
    name: 'view_invoices',
    text: `select o.id, o.stripe_account, o.livemode, o.fact from (${CUSTOMERS}) i
             join stripe_object o on o.workspace_id = $1 and o.stripe_account = i.account and o.customer_id = i.customer
               and o.type = 'invoice' and not o.is_deleted
           order by (o.fact ->> 'createdS')::bigint desc nulls last, o.id desc limit ${INVOICES_MAX}`,
    values: [input.workspaceId, input.contactId],
  });
  return rows.map((row) => {
    const read = dataReader(row.fact);
    const amountMinor = read.number('totalMinor') ?? read.number('amountDueMinor');
    return {
      id: row.id,
      number: read.text('number'),
      status: read.text('status') ?? 'unknown',
      amount: moneyView(amountMinor, read.text('currency')),
      createdAt: instant(read, 'createdS'),
      hostedInvoiceUrl: httpsOnly(read.text('hostedInvoiceUrl')),
      url: stripeLink({ account: row.stripe_account, livemode: row.livemode, path: `invoices/${row.id}` }),
    };
  });
}

export async function subscriptionsOf(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactPage['subscriptions']> {
  const rows = await many<ObjectRow>(db, {
    name: 'view_subscriptions',
    text: `select o.id, o.stripe_account, o.livemode, o.fact from (${CUSTOMERS}) i
             join stripe_object o on o.workspace_id = $1 and o.stripe_account = i.account and o.customer_id = i.customer
               and o.type = 'subscription' and not o.is_deleted
           order by (o.fact ->> 'status') in ('canceled', 'incomplete_expired'),
             (o.fact ->> 'createdS')::bigint desc nulls last, o.id limit ${SUBSCRIPTIONS_MAX}`,
    values: [input.workspaceId, input.contactId],
  });
  const names = await planNames(db, { workspaceId: input.workspaceId, prices: rows.flatMap(pricesOf) });
  return rows.map((row) => {
    const read = dataReader(row.fact);
    const status = read.text('status') ?? 'unknown';
    return {
      id: row.id,
      status,
      statusLabel: statusWords(status).label,
      plans: itemsOf(row).map((item) => {
        const price = item.price;
        const name = names.get(item.priceId ?? '') ?? item.priceId ?? 'Unknown plan';
        return { name, quantity: item.quantity, price: price === null ? null : priceText(price) };
      }),
      startedAt: instant(read, 'startDateS') ?? instant(read, 'createdS'),
      renewsAt: renewsAt(row),
      trialEndsAt: instant(read, 'trialEndS'),
      cancelsAt: instant(read, 'cancelAtS'),
      endedAt: instant(read, 'endedAtS'),
      url: stripeLink({ account: row.stripe_account, livemode: row.livemode, path: `subscriptions/${row.id}` }),
    };
  });
}

interface ItemView {
  readonly priceId: string | null;
  readonly quantity: number | null;
  readonly price: DataReader | null;
  readonly periodEndS: number | null;
}

function itemsOf(row: ObjectRow): ItemView[] {
  return dataReader(row.fact)
    .list('items')
    .filter(isRecord)
    .map((item) => {
      const read = dataReader(item);
      const price = read.object('price');
      return {
        priceId: read.text('priceId'),
        quantity: read.number('quantity'),
        price: price === null ? null : dataReader(price),
        periodEndS: read.number('currentPeriodEndS'),
      };
    });
}

function pricesOf(row: ObjectRow): string[] {
  return itemsOf(row).flatMap((item) => item.priceId ?? []);
}

/** Nothing renews what has ended or is set to end. */
function renewsAt(row: ObjectRow): string | null {
  const read = dataReader(row.fact);
  const isEnding = read.isTrue('isCancelAtPeriodEnd') || read.number('cancelAtS') !== null;
  if (isEnding || !['active', 'past_due', 'trialing'].includes(read.text('status') ?? '')) return null;
  const ends = itemsOf(row).flatMap((item) => item.periodEndS ?? []);
  return ends.length === 0 ? null : fromEpochS(Math.min(...ends)).toISOString();
}

/** "$99.00 a month", "$1,200.00 a year", "$50.00 every 3 months"; null for tiers and for what is metered. */
export function priceText(price: DataReader): string | null {
  const amount = unitAmountText(price.text('unitAmountDecimal'), price.text('currency'));
  if (amount === null) return null;
  const interval = price.text('interval');
  if (interval === null) return amount;
  const count = price.number('intervalCount') ?? 1;
  return count === 1 ? `${amount} a ${interval}` : `${amount} every ${count} ${interval}s`;
}

function instant(read: DataReader, field: string): string | null {
  const seconds = read.number(field);
  return seconds === null ? null : fromEpochS(seconds).toISOString();
}

/** The name of the product behind each price, else the price's own nickname. */
export async function planNames(
  db: Queryable,
  input: { workspaceId: string; prices: readonly string[] },
): Promise<Map<string, string>> {
  if (input.prices.length === 0) return new Map();
  const rows = await many<{ id: string; name: string | null }>(db, {
    name: 'view_plan_names',
    text: `select p.id, coalesce(d.fact ->> 'name', p.fact ->> 'nickname') as name
           from stripe_account a
             join stripe_object p on p.stripe_account = a.account and p.livemode = a.livemode and p.type = 'price'
               and p.id = any($2::text[])
             left join stripe_object d on d.stripe_account = p.stripe_account and d.livemode = p.livemode
               and d.type = 'product' and d.id = p.fact ->> 'productId'
           where a.workspace_id = $1`,
    values: [input.workspaceId, [...new Set(input.prices)]],
  });
  return new Map(rows.flatMap((row) => (row.name === null ? [] : [[row.id, row.name]])));
}
