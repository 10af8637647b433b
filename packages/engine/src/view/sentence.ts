/**
 * One person's billing in one or two sentences, as a colleague would say it. In: what the graph knows. Out: the facts
 * that matter now, the most urgent first, never none. Pure: the same facts at the same instant give the same words.
 */
import type { BillingStatus } from '@growthos/contracts/contact-properties.ts';
import type { Tone } from '@growthos/contracts/http/money-view.ts';
import { declineWords, intervalWords, isBillingStatus, paymentMethodName, statusWords } from './billing-words.ts';
import { agoText, dayText, inText, type Viewer } from './date-text.ts';
import { moneyText } from './money-text.ts';

export interface Money {
  readonly amountMinor: bigint;
  readonly currency: string;
}

export interface SentenceFacts {
  readonly billingStatus: string;
  readonly planName: string | null;
  /** What they had, where nothing is live now. */
  readonly lastPlanName: string | null;
  readonly interval: string | null;
  readonly mrr: Money | null;
  readonly ltv: Money | null;
  readonly trialEndsAt: Date | null;
  readonly renewsAt: Date | null;
  readonly cancelsAt: Date | null;
  readonly canceledAt: Date | null;
  readonly cancelReason: string | null;
  readonly isCollectionPaused: boolean;
  readonly failedPayment: {
    readonly amount: Money | null;
    readonly declineCode: string | null;
    readonly failedAt: Date | null;
    readonly nextAttemptAt: Date | null;
  } | null;
  readonly paymentMethod: {
    readonly isOnFile: boolean | null;
    readonly brand: string | null;
    readonly last4: string | null;
    readonly expiresAt: Date | null;
  };
  /** Runs that are under way, without the held-out ones. */
  readonly sequences: readonly { readonly name: string; readonly step: number; readonly stepCount: number }[];
  /** False: no Stripe customer is joined to this person. */
  readonly isKnownToStripe: boolean;
}

export interface SentenceText {
  readonly text: string;
  readonly tone: Tone;
}

export function contactSentences(facts: SentenceFacts, viewer: Viewer): [SentenceText, ...SentenceText[]] {
  const head = facts.failedPayment === null ? byStatus(facts, viewer) : failedPayment(facts, viewer);
  const steps = facts.sequences.map(({ name, step, stepCount }) => `Step ${step} of ${stepCount} of ${name}.`);
  const more = facts.failedPayment !== null && facts.cancelsAt !== null ? [cancelScheduled(facts, viewer)] : [];
  const card = cardExpiring(facts, viewer);
  return [{ ...head, text: [head.text, ...steps].join(' ') }, ...more, ...(card === null ? [] : [card])];
}

function failedPayment(facts: SentenceFacts, viewer: Viewer): SentenceText {
  const failed = facts.failedPayment;
  const what = failed?.amount ? `Payment of ${text(failed.amount)}` : 'A payment';
  const when = failed?.failedAt ? ` ${agoText(failed.failedAt, viewer)}` : '';
  const reason = declineWords(failed?.declineCode ?? null);
  const first = `${what} failed${when}${reason === null ? '' : ` (${reason})`}.`;
  return { text: `${first} ${retryText(failed?.nextAttemptAt ?? null, viewer)}`, tone: 'bad' };
}

function retryText(nextAttemptAt: Date | null, viewer: Viewer): string {
  if (nextAttemptAt === null) return 'Stripe does not try again.';
  const verb = nextAttemptAt <= viewer.now ? 'Stripe’s next try was due on' : 'Stripe retries on';
  return `${verb} ${dayText(nextAttemptAt, viewer)}.`;
}

function byStatus(facts: SentenceFacts, viewer: Viewer): SentenceText {
  if (!isBillingStatus(facts.billingStatus)) {
    return { text: `${statusWords(facts.billingStatus).label}.`, tone: 'neutral' };
  }
  if (facts.isCollectionPaused && facts.billingStatus !== 'canceled') {
    return { text: `Collection for ${planOf(facts)} is paused: Stripe charges nothing.`, tone: 'warn' };
  }
  return BY_STATUS[facts.billingStatus](facts, viewer);
}

type Say = (facts: SentenceFacts, viewer: Viewer) => SentenceText;

const BY_STATUS: Readonly<Record<BillingStatus, Say>> = {
  active: (facts, viewer) => (facts.cancelsAt === null ? active(facts, viewer) : cancelScheduled(facts, viewer)),
  trialing: trial,
  past_due: (facts) => ({ text: `A payment for ${planOf(facts)} is past due.`, tone: 'bad' }),
  unpaid: (facts) => ({
    text: `${planOf(facts, 'Their subscription')} is unpaid: Stripe has stopped trying.`,
    tone: 'bad',
  }),
  paused: (facts) => ({
    text: `${planOf(facts, 'Their subscription')} is paused: Stripe charges nothing.`,
    tone: 'warn',
  }),
  incomplete: (facts) => ({ text: `The first payment for ${planOf(facts)} is not complete.`, tone: 'warn' }),
  incomplete_expired: (facts) => ({
    text: `Never paid: the first payment for ${lastPlanOf(facts)} did not go through.`,
    tone: 'neutral',
  }),
  canceled,
  none: (facts) => {
    if (!facts.isKnownToStripe) return { text: 'Not known to Stripe, so no billing.', tone: 'neutral' };
    return { text: `No subscription.${paidInAll(facts)}`, tone: 'neutral' };
  },
};

function active(facts: SentenceFacts, viewer: Viewer): SentenceText {
  const plan = facts.planName === null ? '' : ` for ${facts.planName}`;
  const billed = intervalWords(facts.interval);
  const renews = facts.renewsAt === null ? '' : `, renews on ${dayText(facts.renewsAt, viewer)}`;
  if (facts.mrr === null) {
    return { text: `Subscribed to ${planOf(facts)}; what it is worth a month is unknown${renews}.`, tone: 'neutral' };
  }
  if (facts.mrr.amountMinor === 0n) return { text: `Has ${planOf(facts)} at no charge${renews}.`, tone: 'neutral' };
  return { text: `Pays ${text(facts.mrr)} a month${plan}${billed ? `, ${billed}` : ''}${renews}.`, tone: 'good' };
}

function trial(facts: SentenceFacts, viewer: Viewer): SentenceText {
  const name = facts.planName === null ? 'Trial' : `Trial of ${facts.planName}`;
  const { trialEndsAt, cancelsAt } = facts;
  if (trialEndsAt === null) return { text: `${name} is running. ${onFile(facts)}`, tone: 'neutral' };
  if (trialEndsAt <= viewer.now) {
    return { text: `${name} ended ${agoText(trialEndsAt, viewer)}. ${onFile(facts)}`, tone: 'warn' };
  }
  const ends = `ends ${inText(trialEndsAt, viewer)}, on ${dayText(trialEndsAt, viewer)}`;
  const cancels = cancelsAt === null ? '' : ', and is set to cancel then';
  const isLosing = cancelsAt !== null || facts.paymentMethod.isOnFile === false;
  return { text: `${name} ${ends}${cancels}. ${onFile(facts)}`, tone: isLosing ? 'warn' : 'neutral' };
}

function onFile(facts: SentenceFacts): string {
  const { paymentMethod: method } = facts;
  if (method.isOnFile === null) return 'Whether a payment method is on file is unknown.';
  return method.isOnFile ? `${paymentMethodName(method)} is on file.` : 'No payment method on file.';
}

function cancelScheduled(facts: SentenceFacts, viewer: Viewer): SentenceText {
  const { cancelsAt } = facts;
  if (cancelsAt === null || cancelsAt <= viewer.now) {
    return { text: `${planOf(facts, 'Their subscription')} is set to cancel.`, tone: 'warn' };
  }
  const when = `${inText(cancelsAt, viewer)}, on ${dayText(cancelsAt, viewer)}`;
  return { text: `Set to cancel: ${planOf(facts)} ends ${when}.`, tone: 'warn' };
}

function canceled(facts: SentenceFacts, viewer: Viewer): SentenceText {
  const when = facts.canceledAt === null ? '' : ` ${agoText(facts.canceledAt, viewer)}`;
  const plan = lastPlanOf(facts);
  const paid = paidInAll(facts);
  switch (facts.cancelReason) {
    case 'voluntary':
      return { text: `Canceled ${plan}${when}, by their own choice.${paid}`, tone: 'neutral' };
    case 'involuntary':
      return { text: `Lost ${plan}${when} because payment failed.${paid}`, tone: 'neutral' };
    case 'never_paid':
      return { text: `Never paid: the first payment for ${plan} did not go through.`, tone: 'neutral' };
    default:
      return { text: `${plan === 'the plan' ? 'Their plan' : plan} was canceled${when}.${paid}`, tone: 'neutral' };
  }
}

function paidInAll(facts: SentenceFacts): string {
  return facts.ltv === null || facts.ltv.amountMinor <= 0n ? '' : ` Paid ${text(facts.ltv)} in all.`;
}

/** Stripe's own warning comes 30 days ahead as well: soon enough to ask, late enough to be heard. */
const CARD_DAYS = 30;

function cardExpiring(facts: SentenceFacts, viewer: Viewer): SentenceText | null {
  const { isOnFile, expiresAt } = facts.paymentMethod;
  const isPaying = ['active', 'trialing', 'past_due'].includes(facts.billingStatus);
  if (!isOnFile || expiresAt === null || !isPaying) return null;
  const daysLeft = (expiresAt.getTime() - viewer.now.getTime()) / 86_400_000;
  if (daysLeft > CARD_DAYS) return null;
  const name = paymentMethodName(facts.paymentMethod);
  if (daysLeft <= 0) return { text: `${name} has expired.`, tone: 'warn' };
  return { text: `${name} expires ${inText(expiresAt, viewer)}.`, tone: 'warn' };
}

function planOf(facts: SentenceFacts, unnamed = 'the plan'): string {
  return facts.planName ?? unnamed;
}

function lastPlanOf(facts: SentenceFacts): string {
  return facts.lastPlanName ?? facts.planName ?? 'the plan';
}

function text(money: Money): string {
  return moneyText(money.amountMinor, money.currency);
}
