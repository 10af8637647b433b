/** What every billing rule needs beside the subscription itself: the moment, the policy and the facts it refers to. */
import type { CouponFact } from '../stripe/coupon.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import type { DiscountFact } from '../stripe/discount.ts';
import type { PriceFact } from '../stripe/price.ts';
import type { ProductFact } from '../stripe/product.ts';
import type { SubscriptionItemFact } from '../stripe/subscription.ts';
import type { BillingInput, FactLookup } from './billing-summary.ts';
import { type BillingPolicy, billingPolicy } from './policy.ts';

export interface BillingContext {
  readonly asOfS: number;
  readonly policy: BillingPolicy;
  readonly customers: ReadonlyMap<string, CustomerFact>;
  readonly prices: ReadonlyMap<string, PriceFact>;
  readonly products: ReadonlyMap<string, ProductFact>;
  readonly coupons: ReadonlyMap<string, CouponFact>;
  readonly discounts: ReadonlyMap<string, DiscountFact>;
}

/** What a rule about one moment needs; a whole `BillingInput` is one. */
export type BillingSnapshot = Pick<
  BillingInput,
  'customers' | 'subscriptions' | 'prices' | 'products' | 'coupons' | 'discounts' | 'settings' | 'asOf'
>;

export function billingContext(snapshot: BillingSnapshot): BillingContext {
  return {
    asOfS: Math.floor(snapshot.asOf.getTime() / 1000),
    policy: billingPolicy(snapshot.settings),
    customers: factsById(snapshot.customers),
    prices: factsById(snapshot.prices),
    products: factsById(snapshot.products),
    coupons: factsById(snapshot.coupons),
    discounts: factsById(snapshot.discounts),
  };
}

/** For what one event tells, which asks nobody's other subscriptions; what it mentions by id stands in `listed`. */
export function eventBilling(input: {
  settings: BillingSnapshot['settings'];
  asOf: Date;
  listed?: Pick<BillingContext, 'prices' | 'products' | 'coupons' | 'discounts'>;
}): BillingContext {
  return billingContext({
    customers: [],
    subscriptions: [],
    settings: input.settings,
    asOf: input.asOf,
    ...input.listed,
  });
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

export function factsById<T extends { readonly id: string }>(facts: FactLookup<T> | undefined): ReadonlyMap<string, T> {
  if (facts === undefined) return NOTHING;
  if (!Array.isArray(facts)) return isMap(facts) ? facts : NOTHING;
  return facts.length === 0 ? NOTHING : new Map(facts.map((fact: T) => [fact.id, fact]));
}

function isMap<T>(facts: FactLookup<T>): facts is ReadonlyMap<string, T> {
  return facts instanceof Map;
}

/**
 * The item's price: what came with it, completed from the catalogue by what Stripe embeds only on request.
 * A price's amounts never change once it exists, so the two cannot disagree.
 */
export function itemPrice(context: Pick<BillingContext, 'prices'>, item: SubscriptionItemFact): PriceFact | null {
  const listed = item.priceId === null ? undefined : context.prices.get(item.priceId);
  const { price } = item;
  if (price === null) return listed ?? null;
  if (listed === undefined) return price;
  const lacks = price.tiers === null || price.currencyOptions === null || price.unitAmountDecimal === null;
  if (!lacks) return price;
  return {
    ...price,
    unitAmountDecimal: price.unitAmountDecimal ?? listed.unitAmountDecimal,
    tiers: price.tiers ?? listed.tiers,
    currencyOptions: price.currencyOptions ?? listed.currencyOptions,
  };
}

export function priceProduct(context: Pick<BillingContext, 'products'>, price: PriceFact | null): ProductFact | null {
  if (price === null) return null;
  return price.product ?? (price.productId === null ? null : (context.products.get(price.productId) ?? null));
}
