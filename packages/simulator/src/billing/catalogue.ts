import { invalid } from '#errors.ts';
import type { PriceRow, ProductRow, Recurring, Tier } from '#store/catalogue.ts';
import type { Metadata } from '#store/customer.ts';
import type { CouponRow, PromotionCodeRow } from '#store/discount.ts';
import { couponOf } from './discounts.ts';
import { announce } from './record.ts';
import { nowS, type Scope } from './scope.ts';

export interface NewProduct {
  readonly id?: string;
  readonly name: string;
  readonly active?: boolean;
  readonly description?: string | null;
  readonly metadata?: Metadata;
  readonly unitLabel?: string | null;
  readonly url?: string | null;
}

export function createProduct(scope: Scope, input: NewProduct): ProductRow {
  if (input.id !== undefined && scope.state.products.get(input.id)) {
    throw invalid('Product already exists.', 'id', 'resource_already_exists');
  }
  const created = nowS(scope);
  const row = scope.state.products.add({
    id: input.id ?? `prod_${scope.world.chance.text(14)}`,
    created,
    name: input.name,
    active: input.active ?? true,
    description: input.description ?? null,
    images: [],
    metadata: { ...input.metadata },
    defaultPrice: null,
    statementDescriptor: null,
    unitLabel: input.unitLabel ?? null,
    url: input.url ?? null,
    updated: created,
  });
  announce(scope, 'product.created', 'product', row);
  return row;
}

export interface NewPrice {
  readonly id?: string;
  readonly product: string;
  readonly currency: string;
  readonly unitAmount?: number | null;
  readonly unitAmountDecimal?: string | null;
  readonly recurring?: Partial<Recurring> | null;
  readonly tiersMode?: 'graduated' | 'volume' | null;
  readonly tiers?: readonly Tier[];
  readonly currencyOptions?: Readonly<Record<string, number>>;
  readonly nickname?: string | null;
  readonly lookupKey?: string | null;
  readonly active?: boolean;
  readonly metadata?: Metadata;
  readonly transformQuantity?: PriceRow['transformQuantity'];
  readonly taxBehavior?: string;
  /** Made through `/v1/plans`: the events say plan too. */
  readonly isPlan?: boolean;
}

export function createPrice(scope: Scope, input: NewPrice): PriceRow {
  const decimal = input.unitAmountDecimal ?? (input.unitAmount == null ? null : String(input.unitAmount));
  const isTiered = (input.tiersMode ?? null) !== null;
  if (!isTiered && decimal === null) {
    throw invalid(
      'Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.',
      'unit_amount',
      'parameter_missing',
    );
  }
  const whole = decimal !== null && /^-?\d+$/.test(decimal) ? Number(decimal) : null;
  const row = scope.state.prices.add({
    id: input.id ?? `price_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    product: input.product,
    active: input.active ?? true,
    currency: input.currency.toLowerCase(),
    unitAmount: isTiered ? null : whole,
    unitAmountDecimal: isTiered ? null : decimal,
    nickname: input.nickname ?? null,
    lookupKey: input.lookupKey ?? null,
    metadata: { ...input.metadata },
    recurring: input.recurring
      ? {
          interval: input.recurring.interval ?? 'month',
          intervalCount: input.recurring.intervalCount ?? 1,
          usageType: input.recurring.usageType ?? 'licensed',
          trialPeriodDays: input.recurring.trialPeriodDays ?? null,
          meter: input.recurring.meter ?? null,
        }
      : null,
    tiersMode: input.tiersMode ?? null,
    tiers: [...(input.tiers ?? [])],
    currencyOptions: { ...input.currencyOptions },
    transformQuantity: input.transformQuantity ?? null,
    taxBehavior: input.taxBehavior ?? 'unspecified',
  });
  announce(scope, 'price.created', 'price', row);
  if (row.recurring) announce(scope, 'plan.created', 'plan', row);
  return row;
}

export interface NewCoupon {
  readonly id?: string;
  readonly name?: string | null;
  readonly percentOff?: number | null;
  readonly amountOff?: number | null;
  readonly currency?: string | null;
  readonly duration?: CouponRow['duration'];
  readonly durationInMonths?: number | null;
  readonly maxRedemptions?: number | null;
  readonly redeemBy?: number | null;
  readonly metadata?: Metadata;
  readonly appliesToProducts?: readonly string[];
}

export function createCoupon(scope: Scope, input: NewCoupon): CouponRow {
  if ((input.percentOff ?? null) === null && (input.amountOff ?? null) === null) {
    throw invalid(
      'You must pass either percent_off or amount_off when creating a coupon.',
      undefined,
      'parameter_missing',
    );
  }
  if (input.id !== undefined && scope.state.coupons.get(input.id)) {
    throw invalid('Coupon already exists.', 'id', 'resource_already_exists');
  }
  const row = scope.state.coupons.add({
    id: input.id ?? scope.world.chance.text(8),
    created: nowS(scope),
    name: input.name ?? null,
    percentOff: input.percentOff ?? null,
    amountOff: input.amountOff ?? null,
    currency: input.currency ?? null,
    currencyOptions: {},
    duration: input.duration ?? 'once',
    durationInMonths: input.durationInMonths ?? null,
    maxRedemptions: input.maxRedemptions ?? null,
    redeemBy: input.redeemBy ?? null,
    timesRedeemed: 0,
    appliesToProducts: [...(input.appliesToProducts ?? [])],
    metadata: { ...input.metadata },
  });
  announce(scope, 'coupon.created', 'coupon', row);
  return row;
}

export interface NewPromotionCode {
  readonly coupon: string;
  readonly code?: string;
  readonly active?: boolean;
  readonly customer?: string | null;
  readonly expiresAt?: number | null;
  readonly maxRedemptions?: number | null;
  readonly firstTimeTransaction?: boolean;
  readonly minimumAmount?: number | null;
  readonly minimumAmountCurrency?: string | null;
  readonly metadata?: Metadata;
}

export function createPromotionCode(scope: Scope, input: NewPromotionCode): PromotionCodeRow {
  const coupon = couponOf(scope, input.coupon);
  const row = scope.state.promotionCodes.add({
    id: `promo_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    coupon: coupon.id,
    code: input.code ?? scope.world.chance.text(8).toUpperCase(),
    active: input.active ?? true,
    customer: input.customer ?? null,
    expiresAt: input.expiresAt ?? null,
    maxRedemptions: input.maxRedemptions ?? null,
    timesRedeemed: 0,
    firstTimeTransaction: input.firstTimeTransaction ?? false,
    minimumAmount: input.minimumAmount ?? null,
    minimumAmountCurrency: input.minimumAmountCurrency ?? null,
    metadata: { ...input.metadata },
  });
  announce(scope, 'promotion_code.created', 'promotion_code', row);
  return row;
}
