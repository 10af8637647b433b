import { createPrice } from '#billing/catalogue.ts';
import type { DiscountInput } from '#billing/discounts.ts';
import { nowS, priceOf, type Scope } from '#billing/scope.ts';
import type { NewSubscription } from '#billing/subscribe.ts';
import { invalid } from '#errors.ts';
import type { Call } from '#http/api.ts';
import type { Input } from '#http/input.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { priceInput } from './prices.ts';

const PAYMENT_BEHAVIORS = [
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
] as const;
export const COLLECTION_METHODS = ['charge_automatically', 'send_invoice'] as const;

export function createInput(call: Call): NewSubscription {
  const { input, scope } = call;
  const items = (input.hashes('items') ?? []).map((item) => itemOf(scope, item));
  if (items.length === 0 && input.has('price')) items.push({ price: input.required('price'), quantity: 1 });
  if (items.length === 0 && input.has('plan'))
    items.push({ price: input.required('plan'), quantity: input.integer('quantity') ?? 1 });
  const first = items[0];
  const metadata = input.metadata() ?? {};
  const anchor = input.integer('billing_cycle_anchor');
  const currency = input.text('currency');
  const mode = input.hash('billing_mode')?.oneOf('type', ['classic', 'flexible']);
  return {
    customer: input.required('customer'),
    items,
    trialEnd: trialEndOf(scope, { input, ...(first === undefined ? {} : { price: first.price }) }),
    trialEndBehavior: trialEndBehaviorOf(input) ?? 'create_invoice',
    paymentBehavior: input.oneOf('payment_behavior', PAYMENT_BEHAVIORS) ?? 'allow_incomplete',
    collectionMethod: input.oneOf('collection_method', COLLECTION_METHODS) ?? 'charge_automatically',
    daysUntilDue: input.integer('days_until_due') ?? null,
    defaultPaymentMethod: input.text('default_payment_method') ?? null,
    cancelAt: cancelAtOf(input) ?? null,
    cancelAtPeriodEnd: input.flag('cancel_at_period_end') ?? false,
    discounts: discountsOf(input) ?? [],
    description: input.text('description') ?? null,
    metadata,
    ...(anchor === undefined ? {} : { billingCycleAnchor: anchor }),
    ...(currency === undefined ? {} : { currency }),
    ...(mode === undefined ? {} : { billingMode: mode }),
  };
}

function itemOf(scope: Scope, input: Input): NewSubscription['items'][number] {
  const made = input.hash('price_data');
  const price = made
    ? createPrice(scope, { ...priceInput(made), product: made.required('product') }).id
    : (input.text('price') ?? input.required('plan'));
  return { price, quantity: input.integer('quantity') ?? 1, metadata: input.metadata() ?? {} };
}

function trialEndOf(scope: Scope, at: { readonly input: Input; readonly price?: string }): number | null {
  const { input } = at;
  const days = input.integer('trial_period_days');
  if (days !== undefined) return days === 0 ? null : nowS(scope) + days * 86_400;
  const end = input.text('trial_end');
  if (end === 'now') return null;
  if (end !== undefined) return input.integer('trial_end') ?? null;
  if (input.flag('trial_from_plan') && at.price !== undefined) {
    const fromPlan = priceOf(scope, at.price).recurring?.trialPeriodDays ?? null;
    return fromPlan === null ? null : nowS(scope) + fromPlan * 86_400;
  }
  return null;
}

export function trialEndBehaviorOf(input: Input): SubscriptionRow['trialEndBehavior'] | undefined {
  return input
    .hash('trial_settings')
    ?.hash('end_behavior')
    ?.oneOf('missing_payment_method', ['create_invoice', 'cancel', 'pause']);
}

/** undefined: not said; null: cleared. Words like `min_period_end` are resolved by the caller that knows the period. */
export function cancelAtOf(input: Input): number | null | undefined {
  if (!input.has('cancel_at')) return undefined;
  if (input.isCleared('cancel_at')) return null;
  return input.integer('cancel_at');
}

/** Both spellings: `discounts[]` and the older `coupon` and `promotion_code`. null: all removed. */
export function discountsOf(input: Input): DiscountInput[] | null | undefined {
  if (input.isCleared('discounts') || input.isCleared('coupon')) return null;
  const hashes = input.hashes('discounts');
  if (hashes) {
    return hashes.map((hash) => {
      const [coupon, promotionCode] = [hash.text('coupon'), hash.text('promotion_code')];
      if (coupon === undefined && promotionCode === undefined) {
        throw invalid(
          'Each discount needs a coupon or a promotion_code; the simulator cannot reuse a discount.',
          hash.param('coupon'),
        );
      }
      return { coupon, promotionCode };
    });
  }
  const [coupon, promotionCode] = [input.text('coupon'), input.text('promotion_code')];
  return coupon === undefined && promotionCode === undefined ? undefined : [{ coupon, promotionCode }];
}
