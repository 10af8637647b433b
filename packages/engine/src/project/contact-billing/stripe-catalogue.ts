/**
 * The prices, products, coupons and discounts that stored facts mention by their ids. An id is an account's own: people
 * choose those of coupons, products and old plans themselves, and two accounts of one workspace may both have a WELCOME.
 */
import { many, type Queryable } from '#db/db.ts';
import { itemPrice, priceProduct } from '../billing/context.ts';
import { knownCoupon, knownDiscount } from '../billing/discount.ts';
import type { DiscountRef } from '../stripe/discount.ts';
import type { StripeFact, StripeFacts } from '../stripe/read.ts';
import type { SubscriptionItemFact } from '../stripe/subscription.ts';

/** What billing rules look up by id. */
export interface Listed {
  readonly prices: Map<string, StripeFacts['price']>;
  readonly products: Map<string, StripeFacts['product']>;
  readonly coupons: Map<string, StripeFacts['coupon']>;
  readonly discounts: Map<string, StripeFacts['discount']>;
}

/** Everything that was looked for (`asked`), found or not. The maps hold what one account alone calls so. */
export interface Catalogue extends Listed {
  readonly asked: Set<string>;
  /** By type and id: the account that told of it, of what stands in the maps. */
  readonly tellers: Map<string, string>;
  /** By type and id, what several accounts call so: by account, and in none of the maps. */
  readonly twins: Map<string, Map<string, StripeFact>>;
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
    tellers: new Map(),
    twins: new Map(),
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
      addTo(catalogue, row);
      if (fact.object === 'discount' && fact.coupon === null && fact.couponId !== null)
        want(row, 'coupon', fact.couponId);
    }
  }
  return catalogue;
}

function addTo(catalogue: Catalogue, { stripeAccount, fact }: OwnedFact): void {
  const listed = mapOf(catalogue, fact);
  if (listed === null) return;
  const name = `${fact.object} ${fact.id}`;
  const twins = catalogue.twins.get(name);
  const held = listed.get(fact.id);
  const teller = catalogue.tellers.get(name);
  if (twins !== undefined) {
    twins.set(stripeAccount, fact);
  } else if (held === undefined || teller === undefined || teller === stripeAccount) {
    listed.set(fact.id, fact);
    catalogue.tellers.set(name, stripeAccount);
  } else {
    listed.delete(fact.id);
    catalogue.twins.set(
      name,
      new Map([
        [teller, held],
        [stripeAccount, fact],
      ]),
    );
  }
}

/** Where facts of this kind stand, by id; null for what is not looked up. */
function mapOf(listed: Listed, { object }: StripeFact): Map<string, StripeFact> | null {
  if (object === 'price') return listed.prices;
  if (object === 'product') return listed.products;
  if (object === 'coupon') return listed.coupons;
  return object === 'discount' ? listed.discounts : null;
}

/** The catalogue as one account means it. */
export function listedBy(catalogue: Catalogue, stripeAccount: string): Listed {
  if (catalogue.twins.size === 0) return catalogue;
  const own: Listed = {
    prices: new Map(catalogue.prices),
    products: new Map(catalogue.products),
    coupons: new Map(catalogue.coupons),
    discounts: new Map(catalogue.discounts),
  };
  for (const twins of catalogue.twins.values()) {
    const fact = twins.get(stripeAccount);
    if (fact !== undefined) mapOf(own, fact)?.set(fact.id, fact);
  }
  return own;
}

/**
 * The same objects, with all that they mention put inside where accounts call different things alike: figures of somebody
 * who pays to several accounts are computed over all of them at once, by rules that know of ids alone.
 */
export function withTwinsInside<T extends OwnedFact>(objects: readonly T[], catalogue: Catalogue): readonly T[] {
  if (catalogue.twins.size === 0) return objects;
  const listed = new Map<string, Listed>();
  return objects.map((object) => {
    const { stripeAccount, fact } = object;
    if (fact.object !== 'subscription' && fact.object !== 'customer') return object;
    const own = listed.get(stripeAccount) ?? listedBy(catalogue, stripeAccount);
    listed.set(stripeAccount, own);
    const discounts = fact.discounts.map((ref) => whole(own, ref));
    return fact.object === 'customer'
      ? { ...object, fact: { ...fact, discounts } }
      : { ...object, fact: { ...fact, discounts, items: fact.items.map((item) => wholeItem(own, item)) } };
  });
}

function wholeItem(own: Listed, item: SubscriptionItemFact): SubscriptionItemFact {
  const price = itemPrice(own, item);
  const discounts = item.discounts.map((ref) => whole(own, ref));
  return { ...item, discounts, price: price === null ? null : { ...price, product: priceProduct(own, price) } };
}

function whole(own: Listed, ref: DiscountRef): DiscountRef {
  const discount = knownDiscount(own, ref);
  if (discount === null) return ref;
  return { ...ref, discount: { ...discount, coupon: knownCoupon(own, discount.couponId, discount.coupon) } };
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
