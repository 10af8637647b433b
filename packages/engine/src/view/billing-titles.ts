/** The events that come from Stripe, in plain words. */
import type { BillingEventName } from '@growthos/contracts/events/billing.ts';
import { declineWords, sentenceCase } from './billing-words.ts';
import { dayText, plural, type Viewer } from './date-text.ts';
import type { DataReader } from './event-data.ts';
import type { TitleParts } from './event-title.ts';

type Say = (read: DataReader, viewer: Viewer) => TitleParts;

const TITLES: Readonly<Record<BillingEventName, Say>> = {
  payment_succeeded: (read) => {
    const amount = read.money('amount_minor');
    const outside = read.isTrue('paid_out_of_band') ? ', outside Stripe' : '';
    return { title: `Paid ${amount?.formatted ?? 'an invoice'}${outside}`, amount, tone: 'good' };
  },
  subscription_created: (read) => {
    const isTrial = read.text('status') === 'trialing';
    return {
      title: `${isTrial ? 'Subscribed on trial to' : 'Subscribed to'} ${planName(read)}`,
      detail: aMonth(read, 'mrr_minor'),
      tone: 'good',
    };
  },
  subscription_updated: (read, viewer) => subscriptionUpdated(read, viewer),
  subscription_canceled: (read) => subscriptionCanceled(read),
  'invoice.payment_failed': (read, viewer) => {
    const amount = read.money('amount_minor');
    const reason = declineWords(read.text('decline_code'));
    const attempt = read.number('attempt');
    const next = read.date('next_payment_attempt');
    return {
      title:
        `Payment of ${amount?.formatted ?? 'an invoice'} failed${reason === null ? '' : ` (${reason})`}` +
        `${attempt === null ? '' : `, attempt ${attempt}`}`,
      detail: next === null ? 'Stripe does not try again.' : `Stripe retries on ${dayText(next, viewer)}.`,
      amount,
      tone: 'bad',
    };
  },
  'customer.subscription.trial_will_end': (read, viewer) => ({
    title: `Trial of ${planName(read)} ends soon`,
    detail: onDay(read.date('trial_end'), viewer, 'It ends on'),
    tone: 'warn',
  }),
  trial_started: (read, viewer) => ({
    title: `Trial of ${planName(read)} began`,
    detail: onDay(read.date('trial_end'), viewer, 'It ends on'),
    tone: 'good',
  }),
  trial_converted: (read) => ({
    title: `Trial became a subscription to ${planName(read)}`,
    detail: aMonth(read, 'mrr_minor'),
    tone: 'good',
  }),
  trial_expired: (read) => ({ title: `Trial of ${planName(read)} ended without a subscription`, tone: 'warn' }),
  subscription_paused: (read, viewer) => ({
    title: `${pausedThing(read)} of ${planName(read)} paused`,
    detail: onDay(read.date('resumes_at'), viewer, 'It goes on on'),
    tone: 'warn',
  }),
  subscription_resumed: (read) => ({ title: `${pausedThing(read)} of ${planName(read)} goes on`, tone: 'good' }),
  subscription_reactivated: (read) => ({
    title: `Came back: pays for ${planName(read)} again`,
    detail: aMonth(read, 'mrr_minor'),
    tone: 'good',
  }),
  payment_recovered: (read) => {
    const amount = read.money('amount_minor');
    const tries = read.number('failed_attempts');
    return {
      title: `Payment of ${amount?.formatted ?? 'an invoice'} recovered`,
      detail: tries === null ? null : `After ${plural(tries, 'failed attempt')}.`,
      amount,
      tone: 'good',
    };
  },
  payment_action_required: (read) => {
    const amount = read.money('amount_minor');
    return {
      title: `Payment of ${amount?.formatted ?? 'an invoice'} needs the cardholder’s confirmation`,
      amount,
      tone: 'warn',
    };
  },
  charge_refunded: (read) => {
    const amount = read.money('refund_minor') ?? read.money('amount_refunded_minor');
    return {
      title: `Refunded ${amount?.formatted ?? 'a payment'}${read.isTrue('is_full') ? ' in full' : ''}`,
      amount,
      tone: 'warn',
    };
  },
  dispute_opened: (read) => disputed(read, 'opened'),
  dispute_closed: (read) => disputed(read, 'closed'),
  card_expiring: (read) => {
    const [brand, last4] = [read.text('brand'), read.text('last4')];
    const card = `${brand === null ? 'Card' : sentenceCase(brand)}${last4 === null ? '' : ` ending in ${last4}`}`;
    return { title: `${card} expires ${read.number('expires_month')}/${read.number('expires_year')}`, tone: 'warn' };
  },
  customer_linked: (read) => ({
    kind: 'identity',
    title: `Joined with Stripe customer ${read.text('customer_id') ?? ''}`.trim(),
    detail: linkedWords(read.text('linked_by')),
  }),
};

export const BILLING_TITLES: Readonly<Record<string, Say | undefined>> = TITLES;

const LINKED: Readonly<Record<string, string>> = {
  existing_link: 'Joined before.',
  metadata_user_id: 'Found by the user id in the customer’s metadata.',
  client_reference_id: 'Found by the reference given at checkout.',
  email: 'Found by the same e-mail address.',
  new_contact: 'Nobody was found, so a new contact was made.',
  person: 'Joined by hand.',
  identify: 'Your app said who this is.',
  metadata: 'Named in the customer’s metadata.',
};

export function linkedWords(linkedBy: string | null): string | null {
  return linkedBy === null ? null : (LINKED[linkedBy] ?? `${sentenceCase(linkedBy)}.`);
}

function planName(read: DataReader, field = 'plan'): string {
  return read.plan(field) ?? 'a plan';
}

function aMonth(read: DataReader, field: string): string | null {
  const amount = read.money(field);
  return amount === null ? null : `${amount.formatted} a month.`;
}

function onDay(date: Date | null, viewer: Viewer, words: string): string | null {
  return date === null ? null : `${words} ${dayText(date, viewer)}.`;
}

function pausedThing(read: DataReader): string {
  return read.text('how') === 'collection' ? 'Collection' : 'Subscription';
}

function mrrStep(read: DataReader): string | null {
  const [before, after] = [read.money('mrr_before_minor'), read.money('mrr_minor')];
  if (before === null || after === null || before.amountMinor === after.amountMinor) return null;
  return `MRR: ${before.formatted} → ${after.formatted}`;
}

/** Each way in which a subscription can change, as `change` names it. A new one is read out as it stands. */
function subscriptionUpdated(read: DataReader, viewer: Viewer): TitleParts {
  const [before, after] = [planName(read, 'plan_before'), planName(read)];
  const detail = mrrStep(read);
  const change = read.text('change') ?? 'changed';
  switch (change) {
    case 'upgrade':
      return { title: `Upgraded from ${before} to ${after}`, detail, tone: 'good' };
    case 'downgrade':
      return { title: `Downgraded from ${before} to ${after}`, detail, tone: 'warn' };
    case 'lateral':
      return { title: `Changed from ${before} to ${after}`, detail };
    case 'quantity':
      return { title: `${quantityWords(read)} of ${after}`, detail };
    case 'interval':
      return { title: `Now billed by the ${intervalOf(read)} for ${after}`, detail };
    case 'price':
      return { title: `Price of ${after} changed`, detail };
    case 'discount':
      return { title: `Discount on ${after} changed`, detail };
    case 'item_added':
      return { title: `Added to the subscription: ${after}`, detail, tone: 'good' };
    case 'item_removed':
      return { title: `Something was taken off the subscription to ${after}`, detail, tone: 'warn' };
    case 'cancel_scheduled':
      return {
        title: `Set ${after} to cancel`,
        detail: onDay(read.date('cancels_at'), viewer, 'It ends on'),
        tone: 'bad',
      };
    case 'cancel_reverted':
      return { title: `Keeps ${after} after all`, tone: 'good' };
    case 'collection_paused':
      return { title: `Collection for ${after} paused`, tone: 'warn' };
    case 'collection_resumed':
      return { title: `Collection for ${after} goes on`, tone: 'good' };
    case 'trial_extended':
      return { title: `Trial of ${after} extended`, tone: 'good' };
    case 'status':
      return { title: `Subscription to ${after} is now ${(read.text('status') ?? 'changed').replaceAll('_', ' ')}` };
    default:
      return { title: `Subscription to ${after}: ${change.replaceAll('_', ' ')}`, detail };
  }
}

function quantityWords(read: DataReader): string {
  const quantity = (field: string): number | null => {
    const value = read.object(field)?.['quantity'];
    return typeof value === 'number' ? value : null;
  };
  const [before, after] = [quantity('plan_before'), quantity('plan')];
  return before === null || after === null ? 'Seats changed' : `Seats: ${before} → ${after}`;
}

function intervalOf(read: DataReader): string {
  const interval = read.object('plan')?.['interval'];
  return typeof interval === 'string' ? interval : 'period';
}

function subscriptionCanceled(read: DataReader): TitleParts {
  const plan = planName(read);
  if (read.isTrue('never_paid')) return { title: `First payment for ${plan} never went through`, tone: 'warn' };
  const voluntary = read.text('reason') === null ? null : read.isTrue('voluntary');
  const title =
    voluntary === false ? `Lost ${plan}: payment failed` : `${voluntary === true ? 'Canceled' : 'End of'} ${plan}`;
  const said = [read.text('feedback')?.replaceAll('_', ' '), read.text('comment')].filter((part) => part !== null);
  return { title, detail: said.length === 0 ? null : said.filter(Boolean).join(': ') || null, tone: 'bad' };
}

function disputed(read: DataReader, what: 'opened' | 'closed'): TitleParts {
  const amount = read.money('amount_minor');
  const reason = read.text('reason')?.replaceAll('_', ' ') ?? null;
  if (what === 'opened') {
    return {
      title: `Disputed a payment of ${amount?.formatted ?? 'unknown amount'}`,
      detail: reason === null ? null : `Reason: ${reason}.`,
      amount,
      tone: 'bad',
    };
  }
  const status = read.text('status');
  return {
    title: `Dispute over ${amount?.formatted ?? 'a payment'} ${status === 'won' ? 'won' : status === 'lost' ? 'lost' : 'closed'}`,
    amount,
    tone: status === 'won' ? 'good' : status === 'lost' ? 'bad' : 'neutral',
  };
}
