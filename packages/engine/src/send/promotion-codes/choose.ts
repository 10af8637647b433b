import type { PromotionChoice } from '@growthos/contracts/sequence/content.ts';
import { addMs, durationMs, toEpochS } from '#base/clock.ts';
import { many, one, type Queryable } from '#db/db.ts';
import { moneyWords } from '../email/money-words.ts';
import { type PromotionFacts, validatePromotion } from './validate.ts';

export interface ChosenPromotion {
  /** Null: none for this contact. */
  readonly code: string | null;
  /** "20% off for 3 months with the code STAY20"; empty without a code. */
  readonly words: string;
  readonly url: string | null;
  /** Why a code was not used, for the team; null: nothing to say. */
  readonly problem: string | null;
}

const NONE: ChosenPromotion = { code: null, words: '', url: null, problem: null };

/** The code that this contact may have now, read and proven a moment before the message goes. */
export async function choosePromotion(
  db: Queryable,
  input: {
    choice: PromotionChoice;
    workspaceId: string;
    contact: {
      id: string;
      email: string | null;
      engagementScore: number | null;
      plan: string | null;
      firstPaidAt: Date | null;
    };
    checkoutUrl: string | null;
    now: Date;
  },
): Promise<ChosenPromotion> {
  const { choice, contact } = input;
  const score = contact.engagementScore;
  const tiers = choice.tiers.toSorted((a, b) => b.engagementScoreMin - a.engagementScoreMin);
  // Nobody is taken for engaged of whom no product data has come; a tier from 0 is for everybody.
  const tier = tiers.find((one) => one.engagementScoreMin === 0 || (score !== null && score >= one.engagementScoreMin));
  if (!tier) return NONE;
  const facts = await loadFacts(db, { ...input, code: tier.code });
  const verdict = validatePromotion(facts);
  if (!verdict.isUsable) return { ...NONE, problem: verdict.sentence };
  const code = facts.code;
  return { code, words: promotionWords(facts), url: checkoutLink(input, code), problem: null };
}

function promotionWords(facts: PromotionFacts): string {
  const { coupon, code } = facts;
  const off =
    coupon?.percentOffDecimal != null
      ? `${coupon.percentOffDecimal}% off`
      : `${moneyWords(coupon?.amountOffMinor ?? 0, coupon?.currency ?? 'usd')} off`;
  const long =
    coupon?.duration === 'repeating' && coupon.durationInMonths !== null
      ? ` for ${coupon.durationInMonths} ${coupon.durationInMonths === 1 ? 'month' : 'months'}`
      : coupon?.duration === 'once'
        ? ' your next payment'
        : '';
  return `${off}${long} with the code ${code}`;
}

/** Stripe's Payment Links take the code and the address in the query. Source: Stripe, "Payment Links: URL parameters". */
function checkoutLink(
  input: { checkoutUrl: string | null; contact: { email: string | null } },
  code: string,
): string | null {
  if (input.checkoutUrl === null) return null;
  const url = new URL(input.checkoutUrl);
  url.searchParams.set('prefilled_promo_code', code);
  if (input.contact.email !== null) url.searchParams.set('prefilled_email', input.contact.email);
  return url.toString();
}

/**
 * The accounts of whose catalogue workspace $1 has something, found by skipping along the index on (workspace, account, type,
 * id) of prices and codes: with the account named, the same index then leads to the few objects of one type.
 */
const ACCOUNTS = `with recursive account (id) as (
    select min(stripe_account) from stripe_object where workspace_id = $1 and type in ('price', 'promotion_code')
    union all
    select (select min(o.stripe_account) from stripe_object o where o.workspace_id = $1 and o.stripe_account > account.id
      and o.type in ('price', 'promotion_code'))
    from account where account.id is not null)`;

async function loadFacts(
  db: Queryable,
  input: {
    code: string;
    choice: PromotionChoice;
    workspaceId: string;
    contact: { id: string; plan: string | null; firstPaidAt: Date | null };
    now: Date;
  },
): Promise<PromotionFacts> {
  const { workspaceId, contact, now } = input;
  const codes = await many<{ fact: PromotionFact; coupon: CouponFact | null }>(db, {
    text: `${ACCOUNTS}
           select p.fact, k.fact as coupon from account a
           join stripe_object p on p.workspace_id = $1 and p.stripe_account = a.id and p.type = 'promotion_code'
           left join stripe_object k on k.stripe_account = p.stripe_account and k.livemode = p.livemode
             and k.type = 'coupon' and k.id = p.fact ->> 'couponId' and not k.is_deleted
           where not p.is_deleted and lower(p.fact ->> 'code') = lower($2)
           order by (p.fact ->> 'isActive') = 'true' desc, p.as_of_s desc limit 1`,
    values: [workspaceId, input.code],
  });
  const found = codes[0];
  const price = await one<{
    fact: { productId?: string | null; currency?: string | null; unitAmountDecimal?: string | null };
  }>(db, {
    text: `${ACCOUNTS}
           select o.fact from account a
           join stripe_object o on o.workspace_id = $1 and o.stripe_account = a.id and o.type = 'price' and o.id = $2 limit 1`,
    values: [workspaceId, contact.plan],
  });
  const customers = await many<{ value: string }>(db, {
    text: `select value from contact_identity where contact_id = $1 and kind = 'stripe_customer'`,
    values: [contact.id],
  });
  const sent = await one<{ count: number }>(db, {
    text: `select count(*)::int as count from message where contact_id = $1 and promotion_code is not null
             and not is_test and requested_at > $2 and status in ('sent', 'sending', 'ready', 'uncertain')`,
    values: [contact.id, addMs(now, -durationMs({ days: 365 }))],
  });
  const unit = price?.fact.unitAmountDecimal;
  return {
    code: found?.fact.code ?? input.code,
    promotion: found?.fact ?? null,
    coupon: found?.coupon ?? found?.fact.coupon ?? null,
    contact: {
      hasPaid: contact.firstPaidAt !== null,
      customerIds: customers.map((row) => row.value.split('/').at(-1) ?? ''),
      productId: price?.fact.productId ?? null,
      priceMinor: unit == null ? null : Math.floor(Number(unit)),
      priceCurrency: price?.fact.currency ?? null,
      codesSent: sent?.count ?? 0,
    },
    perContactMax: input.choice.perContactMax,
    nowS: toEpochS(now),
  };
}

type CouponFact = NonNullable<PromotionFacts['coupon']>;
type PromotionFact = NonNullable<PromotionFacts['promotion']> & {
  readonly code: string | null;
  readonly coupon: CouponFact | null;
};
