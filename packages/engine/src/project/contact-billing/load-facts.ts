/**
 * Everything Stripe said about some contacts, ready for `summarizeBilling`: two or three statements, whatever their
 * number. One: their customers' objects, and what hangs on those without naming the customer (refunds, disputes, invoice
 * payments). Two: the prices, products, coupons and discounts that they mention.
 */
import { many, type Queryable } from '#db/db.ts';
import { TextArray } from '#db/text-array.ts';
import type { StripeFact, StripeFacts, StripeObjectType } from '../stripe/read.ts';
import {
  type AccountScope,
  type ObjectChange,
  objectColumns,
  objectKey,
  type objectOf,
  type StoredObject,
} from '../objects/store.ts';

export interface ContactFacts {
  readonly contactId: string;
  readonly objects: readonly OwnedObject[];
}

/** An object with the account that told of it. */
export interface OwnedObject extends StoredObject {
  readonly stripeAccount: string;
  readonly livemode: boolean;
}

export interface LoadedFacts {
  readonly contacts: ReadonlyMap<string, ContactFacts>;
  readonly catalogue: Catalogue;
}

/** What subscriptions and customers mention, and (`asked`) everything that was looked for, found or not. */
export interface Catalogue {
  readonly prices: Map<string, StripeFacts['price']>;
  readonly products: Map<string, StripeFacts['product']>;
  readonly coupons: Map<string, StripeFacts['coupon']>;
  readonly discounts: Map<string, StripeFacts['discount']>;
  readonly asked: Set<string>;
}

type ObjectRow = Parameters<typeof objectOf>[0] & { owner: string; stripeAccount: string; livemode: boolean };

/** Objects of one account as they are stored now, which the caller has: their facts are not read again. */
export interface KnownObjects {
  readonly scope: AccountScope;
  /** By `objectKey`. */
  readonly changes: ReadonlyMap<string, Pick<ObjectChange, 'after'>>;
}

/** Objects of customers, given by a query of (owner, stripe_account, customer_id); the fact of a known one is null. */
const objectsOf = (customers: string): string => `with customer as (${customers}), own as (
    select c.owner, o.* from customer c
    join stripe_object o on o.workspace_id = $1 and o.stripe_account = c.stripe_account and o.customer_id = c.customer_id
  ), child as (
    select own.owner, o.* from own
    join stripe_object o on o.workspace_id = $1 and o.stripe_account = own.stripe_account
      and o.parent_id = own.id and o.customer_id is null
    where own.type in ('charge', 'invoice')
  ), known as (
    select k.type as known_type, k.id as known_id from unnest($5::text[], $6::text[]) as k (type, id)
  )
  select owner, stripe_account as "stripeAccount", livemode,
    ${objectColumns('case when known_id is null then fact end as fact')}
  from (select * from own union all select * from child) o
  left join known on known_type = type and known_id = id and stripe_account = $3 and livemode = $4`;

const CONTACT_FACTS = {
  name: 'billing_facts',
  text: objectsOf(`select contact_id as owner, split_part(value, '/', 1) as stripe_account,
      split_part(value, '/', 2) as customer_id
    from contact_identity
    where workspace_id = $1 and kind = 'stripe_customer' and contact_id = any($2::uuid[])`),
};

const COMPANY_FACTS = {
  name: 'billing_facts_of_companies',
  text: objectsOf(`select company_id as owner, split_part(stripe_customer, '/', 1) as stripe_account,
      split_part(stripe_customer, '/', 2) as customer_id
    from company_customer where workspace_id = $1 and company_id = any($2::uuid[])`),
};

export async function loadFacts(
  db: Queryable,
  input: { workspaceId: string; contactIds: readonly string[]; known?: KnownObjects | undefined },
): Promise<LoadedFacts> {
  const { workspaceId, contactIds, known } = input;
  return loadOwned(db, { workspaceId, ownerIds: contactIds, statement: CONTACT_FACTS, known });
}

/** The same for companies, by their ids: the objects of the Stripe customers that belong to them. */
export async function loadCompanyFacts(
  db: Queryable,
  input: { workspaceId: string; companyIds: readonly string[] },
): Promise<LoadedFacts> {
  const { workspaceId, companyIds } = input;
  return loadOwned(db, { workspaceId, ownerIds: companyIds, statement: COMPANY_FACTS, known: undefined });
}

const NOTHING_KNOWN: KnownObjects = {
  scope: { workspaceId: '', stripeAccount: '', livemode: false },
  changes: new Map(),
};

async function loadOwned(
  db: Queryable,
  input: {
    workspaceId: string;
    ownerIds: readonly string[];
    statement: { name: string; text: string };
    known: KnownObjects | undefined;
  },
): Promise<LoadedFacts> {
  const { workspaceId, ownerIds, known } = input;
  const contacts = new Map<string, { contactId: string; objects: OwnedObject[] }>();
  if (ownerIds.length === 0) return { contacts, catalogue: await loadCatalogue(db, { workspaceId, objects: [] }) };
  for (const contactId of ownerIds) contacts.set(contactId, { contactId, objects: [] });
  const objects: OwnedObject[] = [];
  const { scope, changes } = known ?? NOTHING_KNOWN;
  const had = [...changes.values()].map(({ after }) => after);
  const rows = await many<ObjectRow>(db, {
    ...input.statement,
    values: [
      workspaceId,
      [...ownerIds],
      scope.stripeAccount,
      scope.livemode,
      new TextArray(had.map(({ type }) => type)),
      new TextArray(had.map(({ id }) => id)),
    ],
  });
  for (const row of rows) {
    const fact = row.fact ?? changes.get(objectKey(row.type, row.id))?.after.fact;
    if (fact === undefined) throw new Error(`${row.type} ${row.id} was said to be known, and is not`);
    const object = { ...row, asOfS: Number(row.asOfS), fact };
    objects.push(object);
    contacts.get(row.owner)?.objects.push(object);
  }
  const catalogue = await loadCatalogue(db, { workspaceId, objects });
  return { contacts, catalogue };
}

/** Facts of one kind that are not deleted; a deleted customer still counts, because its history does. */
export function factsOf<T extends StripeObjectType>(objects: readonly StoredObject[], type: T): StripeFacts[T][] {
  return objects
    .filter((object) => object.type === type && (!object.isDeleted || type === 'customer'))
    .map((object) => object.fact as StripeFacts[T]);
}

/** A fact with the account that told of it: what it mentions is that account's. */
interface OwnedFact {
  readonly stripeAccount: string;
  readonly livemode: boolean;
  readonly fact: StripeFact;
}

interface CatalogueKey extends Omit<OwnedFact, 'fact'> {
  readonly type: string;
  readonly id: string;
}

/** @param input.known what was loaded before: only what is not in it yet is looked for, and added. */
export async function loadCatalogue(
  db: Queryable,
  input: { workspaceId: string; objects: readonly OwnedFact[]; known?: Catalogue },
): Promise<Catalogue> {
  const catalogue = input.known ?? {
    prices: new Map(),
    products: new Map(),
    coupons: new Map(),
    discounts: new Map(),
    asked: new Set(),
  };
  let wanted = new Map<string, CatalogueKey>();
  const want = ({ stripeAccount, livemode }: Omit<OwnedFact, 'fact'>, type: string, id: string): void => {
    const name = `${stripeAccount} ${livemode} ${type} ${id}`;
    if (!catalogue.asked.has(name)) wanted.set(name, { stripeAccount, livemode, type, id });
  };
  for (const object of input.objects) mentioned(object.fact, (type, id) => want(object, type, id));
  // Twice: a discount that is known only by its id names its coupon in its own row.
  for (let round = 0; round < 2 && wanted.size > 0; round++) {
    const keys = [...wanted.values()];
    for (const name of wanted.keys()) catalogue.asked.add(name);
    wanted = new Map();
    const rows = await many<OwnedFact>(db, {
      name: 'billing_catalogue',
      text: `select o.* from unnest($2::text[], $3::boolean[], $4::text[], $5::text[]) as k (account, livemode, type, id)
             cross join lateral (select stripe_account as "stripeAccount", livemode, fact from stripe_object s
               where s.stripe_account = k.account and s.livemode = k.livemode and s.type = k.type and s.id = k.id
                 and s.workspace_id = $1 offset 0) o`,
      values: [
        input.workspaceId,
        keys.map((key) => key.stripeAccount),
        keys.map((key) => key.livemode),
        keys.map((key) => key.type),
        keys.map((key) => key.id),
      ],
    });
    for (const row of rows) {
      const { fact } = row;
      addTo(catalogue, fact);
      if (fact.object === 'discount' && fact.coupon === null && fact.couponId !== null)
        want(row, 'coupon', fact.couponId);
    }
  }
  return catalogue;
}

function addTo(catalogue: Catalogue, fact: StripeFact): void {
  if (fact.object === 'price') catalogue.prices.set(fact.id, fact);
  else if (fact.object === 'product') catalogue.products.set(fact.id, fact);
  else if (fact.object === 'coupon') catalogue.coupons.set(fact.id, fact);
  else if (fact.object === 'discount') catalogue.discounts.set(fact.id, fact);
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
