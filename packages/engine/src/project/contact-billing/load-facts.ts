/**
 * Everything Stripe said about some contacts, ready for `summarizeBilling`: three statements, whatever their number.
 * One: whose customers they are. Two: those customers' objects, and what hangs on them without naming the customer
 * (refunds, disputes, invoice payments). Three: the prices, products, coupons and discounts that they mention.
 */
import { many, type Tx } from '#db/db.ts';
import type { BillingInput } from '../billing/billing-summary.ts';
import type { StripeFact, StripeFacts, StripeObjectType } from '../stripe/read.ts';
import { type StoredObject, OBJECT_COLUMNS, objectOf } from '../objects/store.ts';

export interface ContactFacts {
  readonly contactId: string;
  readonly objects: readonly StoredObject[];
}

export interface LoadedFacts {
  readonly contacts: ReadonlyMap<string, ContactFacts>;
  readonly catalogue: Pick<Required<BillingInput>, 'prices' | 'products' | 'coupons' | 'discounts'>;
}

type ObjectRow = Parameters<typeof objectOf>[0] & { contactId: string };

export async function loadFacts(
  tx: Tx,
  input: { workspaceId: string; contactIds: readonly string[] },
): Promise<LoadedFacts> {
  const rows = await many<ObjectRow>(tx, {
    name: 'billing_facts',
    text: `with customer as (
             select contact_id, split_part(value, '/', 1) as stripe_account, split_part(value, '/', 2) as customer_id
             from contact_identity
             where workspace_id = $1 and kind = 'stripe_customer' and contact_id = any($2::uuid[])
           ), own as (
             select c.contact_id, o.* from customer c
             join stripe_object o on o.workspace_id = $1 and o.stripe_account = c.stripe_account
               and o.customer_id = c.customer_id
           )
           select contact_id as "contactId", ${OBJECT_COLUMNS} from own
           union all
           select own.contact_id, ${OBJECT_COLUMNS.replaceAll(/(?<![\w".])(type|id|customer_id|parent_id|fact|as_of_s|told_by|marks|is_deleted)(?=,| as|$)/g, 'child.$1')}
           from own
           join stripe_object child on child.workspace_id = $1 and child.stripe_account = own.stripe_account
             and child.parent_id = own.id and child.customer_id is null
           where own.type in ('charge', 'invoice')`,
    values: [input.workspaceId, [...input.contactIds]],
  });
  const contacts = new Map<string, { contactId: string; objects: StoredObject[] }>();
  for (const contactId of input.contactIds) contacts.set(contactId, { contactId, objects: [] });
  for (const row of rows) contacts.get(row.contactId)?.objects.push(objectOf(row));
  const catalogue = await loadCatalogue(tx, { workspaceId: input.workspaceId, objects: rows.map((row) => row.fact) });
  return { contacts, catalogue };
}

/** Facts of one kind that are not deleted; a deleted customer still counts, because its history does. */
export function factsOf<T extends StripeObjectType>(objects: readonly StoredObject[], type: T): StripeFacts[T][] {
  return objects
    .filter((object) => object.type === type && (!object.isDeleted || type === 'customer'))
    .map((object) => object.fact as StripeFacts[T]);
}

export async function loadCatalogue(
  tx: Tx,
  input: { workspaceId: string; objects: readonly StripeFact[] },
): Promise<LoadedFacts['catalogue']> {
  const wanted = new Set<string>();
  for (const fact of input.objects) mentioned(fact, (type, id) => wanted.add(`${type} ${id}`));
  const catalogue = {
    prices: new Map<string, StripeFacts['price']>(),
    products: new Map<string, StripeFacts['product']>(),
    coupons: new Map<string, StripeFacts['coupon']>(),
    discounts: new Map<string, StripeFacts['discount']>(),
  };
  const add = (fact: StripeFact): void => {
    if (fact.object === 'price') catalogue.prices.set(fact.id, fact);
    else if (fact.object === 'product') catalogue.products.set(fact.id, fact);
    else if (fact.object === 'coupon') catalogue.coupons.set(fact.id, fact);
    else if (fact.object === 'discount') catalogue.discounts.set(fact.id, fact);
  };
  // Twice: a discount that is known only by its id names its coupon in its own row.
  for (let round = 0; round < 2 && wanted.size > 0; round++) {
    const pairs = [...wanted].map((pair) => pair.split(' '));
    wanted.clear();
    const rows = await many<{ fact: StripeFact }>(tx, {
      name: 'billing_catalogue',
      text: `select fact from stripe_object
             where workspace_id = $1 and (type, id) in (select * from unnest($2::text[], $3::text[]))`,
      values: [input.workspaceId, pairs.map(([type]) => type), pairs.map(([, id]) => id)],
    });
    for (const { fact } of rows) {
      add(fact);
      if (fact.object === 'discount' && fact.coupon === null && fact.couponId !== null)
        wanted.add(`coupon ${fact.couponId}`);
    }
  }
  return catalogue;
}

function mentioned(fact: StripeFact, want: (type: string, id: string) => void): void {
  if (fact.object !== 'subscription' && fact.object !== 'customer') return;
  const refs = [...fact.discounts];
  if (fact.object === 'subscription') {
    for (const item of fact.items) {
      if (item.priceId !== null) want('price', item.priceId);
      if (item.price?.productId) want('product', item.price.productId);
      refs.push(...item.discounts);
    }
  }
  for (const ref of refs) {
    if (ref.discount === null && ref.id !== null) want('discount', ref.id);
    if (ref.discount?.couponId) want('coupon', ref.discount.couponId);
  }
}
