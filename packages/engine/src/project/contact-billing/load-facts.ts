/**
 * Everything Stripe said about some contacts, ready for `summarizeBilling`: two or three statements, whatever their
 * number. One: their customers' objects, and what hangs on those without naming the customer (refunds, disputes, invoice
 * payments). Two: the prices, products, coupons and discounts that they mention.
 */
import { many, type Queryable } from '#db/db.ts';
import { TextArray } from '#db/text-array.ts';
import type { StripeFacts, StripeObjectType } from '../stripe/read.ts';
import {
  type AccountScope,
  type ObjectChange,
  objectColumns,
  objectKey,
  type objectOf,
  type StoredObject,
} from '../objects/store.ts';
import { type Catalogue, loadCatalogue } from './stripe-catalogue.ts';

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
