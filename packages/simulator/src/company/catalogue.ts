import { createCoupon, createPrice, createProduct, createPromotionCode } from '#billing/catalogue.ts';
import type { Scope } from '#billing/scope.ts';

/** Fixed ids, as a real company's configuration would name them. */
export const PRICES = {
  starterMonthly: 'price_starter_monthly',
  starterYearly: 'price_starter_yearly',
  proMonthly: 'price_pro_monthly',
  proYearly: 'price_pro_yearly',
  teamMonthly: 'price_team_monthly',
  seatsMonthly: 'price_seats_monthly',
  volumeMonthly: 'price_volume_monthly',
  onboarding: 'price_onboarding',
} as const;

interface Plan {
  readonly id: string;
  readonly lookupKey: string;
  readonly product: string;
  readonly amount: number;
  readonly interval: 'month' | 'year';
  readonly eur: number;
  readonly jpy: number;
}

const PLANS: readonly Plan[] = [
  {
    id: PRICES.starterMonthly,
    lookupKey: 'starter_monthly',
    product: 'prod_starter',
    amount: 2_900,
    interval: 'month',
    eur: 2_700,
    jpy: 4_300,
  },
  {
    id: PRICES.starterYearly,
    lookupKey: 'starter_yearly',
    product: 'prod_starter',
    amount: 29_000,
    interval: 'year',
    eur: 27_000,
    jpy: 43_000,
  },
  {
    id: PRICES.proMonthly,
    lookupKey: 'pro_monthly',
    product: 'prod_pro',
    amount: 9_900,
    interval: 'month',
    eur: 9_200,
    jpy: 14_800,
  },
  {
    id: PRICES.proYearly,
    lookupKey: 'pro_yearly',
    product: 'prod_pro',
    amount: 99_000,
    interval: 'year',
    eur: 92_000,
    jpy: 148_000,
  },
  {
    id: PRICES.teamMonthly,
    lookupKey: 'team_monthly',
    product: 'prod_team',
    amount: 20_000,
    interval: 'month',
    eur: 18_500,
    jpy: 29_800,
  },
  {
    id: PRICES.seatsMonthly,
    lookupKey: 'seats_monthly',
    product: 'prod_seats',
    amount: 1_500,
    interval: 'month',
    eur: 1_400,
    jpy: 2_200,
  },
];

/** What Analytical Engines sells: present even without the company's customers. */
export function buildCatalogue(scope: Scope): void {
  for (const [id, name, tier] of [
    ['prod_starter', 'Starter', '1'],
    ['prod_pro', 'Pro', '2'],
    ['prod_team', 'Team', '3'],
    ['prod_seats', 'Seats', '2'],
    ['prod_volume', 'Computations', '2'],
    ['prod_onboarding', 'Onboarding workshop', '0'],
  ] as const) {
    createProduct(scope, { id, name, metadata: { tier }, ...(id === 'prod_seats' ? { unitLabel: 'seat' } : {}) });
  }
  for (const plan of PLANS) {
    createPrice(scope, {
      id: plan.id,
      product: plan.product,
      currency: 'usd',
      unitAmount: plan.amount,
      recurring: { interval: plan.interval },
      lookupKey: plan.lookupKey,
      nickname: plan.lookupKey.replace('_', ' '),
      currencyOptions: { eur: plan.eur, jpy: plan.jpy },
    });
  }
  createPrice(scope, {
    id: PRICES.volumeMonthly,
    product: 'prod_volume',
    currency: 'usd',
    recurring: { interval: 'month' },
    lookupKey: 'volume_monthly',
    tiersMode: 'graduated',
    tiers: [
      { flatAmount: null, unitAmount: 500, upTo: 10 },
      { flatAmount: null, unitAmount: 400, upTo: 50 },
      { flatAmount: null, unitAmount: 300, upTo: null },
    ],
  });
  createPrice(scope, {
    id: PRICES.onboarding,
    product: 'prod_onboarding',
    currency: 'usd',
    unitAmount: 45_000,
    lookupKey: 'onboarding',
  });
  buildDiscounts(scope);
}

function buildDiscounts(scope: Scope): void {
  createCoupon(scope, { id: 'LAUNCH20', name: 'Launch, 20% off', percentOff: 20, duration: 'forever' });
  createCoupon(scope, {
    id: 'FIRST3',
    name: '30% off for three months',
    percentOff: 30,
    duration: 'repeating',
    durationInMonths: 3,
  });
  createCoupon(scope, {
    id: 'WELCOME10',
    name: '10 dollars off once',
    amountOff: 1_000,
    currency: 'usd',
    duration: 'once',
  });
  createCoupon(scope, {
    id: 'TRIAL20',
    name: '20% off the first year',
    percentOff: 20,
    duration: 'repeating',
    durationInMonths: 12,
  });
  createPromotionCode(scope, { coupon: 'TRIAL20', code: 'STAY20', metadata: { purpose: 'trial' } });
  createPromotionCode(scope, { coupon: 'WELCOME10', code: 'TENOFF' });
  createPromotionCode(scope, { coupon: 'TRIAL20', code: 'COMEBACK20', metadata: { purpose: 'win-back' } });
}
