import type { BillingStatus } from '@growthos/contracts/contact-properties.ts';
import type { Tone } from '@growthos/contracts/http/money-view.ts';
import { monthText } from './date-text.ts';

const STATUSES: Readonly<Record<BillingStatus, { label: string; tone: Tone }>> = {
  active: { label: 'Active', tone: 'good' },
  trialing: { label: 'Trial', tone: 'neutral' },
  past_due: { label: 'Past due', tone: 'bad' },
  unpaid: { label: 'Unpaid', tone: 'bad' },
  paused: { label: 'Paused', tone: 'warn' },
  incomplete: { label: 'First payment open', tone: 'warn' },
  canceled: { label: 'Canceled', tone: 'neutral' },
  incomplete_expired: { label: 'Never paid', tone: 'neutral' },
  none: { label: 'No subscription', tone: 'neutral' },
};

export function isBillingStatus(text: string): text is BillingStatus {
  return Object.hasOwn(STATUSES, text);
}

/** A status as a person says it, and its colour. A status that Stripe invents later is shown as it is. */
export function statusWords(status: string): { label: string; tone: Tone } {
  return isBillingStatus(status) ? STATUSES[status] : { label: sentenceCase(status), tone: 'neutral' };
}

/** `no_account` to "No account". */
export function sentenceCase(name: string): string {
  const words = name.replaceAll(/[_.-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Decline codes in words. Source: Stripe's list of decline codes; what is missing here is read out as it stands. */
const DECLINES: Readonly<Record<string, string>> = {
  approve_with_id: 'the bank wants to check it first',
  authentication_required: 'the cardholder must confirm it',
  authentication_not_handled: 'the cardholder must confirm it',
  call_issuer: 'declined by the bank, no reason given',
  card_declined: 'card declined',
  card_not_supported: 'the card does not allow this kind of payment',
  card_velocity_exceeded: 'over the limit of the card',
  currency_not_supported: 'the card does not allow this currency',
  do_not_honor: 'declined by the bank, no reason given',
  do_not_try_again: 'declined by the bank for good',
  expired_card: 'expired card',
  fraudulent: 'the bank suspects fraud',
  generic_decline: 'declined by the bank, no reason given',
  incorrect_cvc: 'wrong security code',
  incorrect_number: 'wrong card number',
  incorrect_zip: 'wrong postal code',
  insufficient_funds: 'insufficient funds',
  invalid_account: 'the account is closed or blocked',
  invalid_amount: 'over the limit of the card',
  invalid_cvc: 'wrong security code',
  invalid_expiry_month: 'wrong expiry date',
  invalid_expiry_year: 'wrong expiry date',
  invalid_number: 'wrong card number',
  issuer_not_available: 'the bank could not be reached',
  lost_card: 'card reported lost',
  merchant_blacklist: 'declined by the bank, no reason given',
  new_account_information_available: 'the card was replaced',
  no_action_taken: 'declined by the bank, no reason given',
  not_permitted: 'the card does not allow this payment',
  pickup_card: 'the card may not be used any more',
  processing_error: 'an error at the bank',
  reenter_transaction: 'an error at the bank',
  restricted_card: 'the card may not be used any more',
  revocation_of_all_authorizations: 'the cardholder has stopped all payments',
  revocation_of_authorization: 'the cardholder has stopped this payment',
  stolen_card: 'card reported stolen',
  stop_payment_order: 'the cardholder has stopped this payment',
  transaction_not_allowed: 'declined by the bank, no reason given',
  try_again_later: 'declined by the bank for now',
  withdrawal_count_limit_exceeded: 'over the limit of the card',
};

export function declineWords(code: string | null): string | null {
  if (code === null || code === '') return null;
  return DECLINES[code] ?? code.replaceAll('_', ' ');
}

const BRANDS: Readonly<Record<string, string>> = {
  amex: 'American Express',
  cartes_bancaires: 'Cartes Bancaires',
  diners: 'Diners Club',
  discover: 'Discover',
  eftpos_au: 'eftpos',
  jcb: 'JCB',
  mastercard: 'Mastercard',
  sepa_debit: 'SEPA debit',
  unionpay: 'UnionPay',
  us_bank_account: 'Bank account',
  visa: 'Visa',
};

/** `expiresAt`: first instant after the month in which the card is good. */
export interface PaymentMethodFacts {
  readonly isOnFile: boolean | null;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expiresAt: Date | null;
}

/** "Visa ending in 4242", "A payment method". */
export function paymentMethodName(method: PaymentMethodFacts): string {
  const brand = method.brand === null ? null : (BRANDS[method.brand] ?? sentenceCase(method.brand));
  if (method.last4 === null) return brand ?? 'A payment method';
  return `${brand ?? 'Card'} ending in ${method.last4}`;
}

/** "Visa ending in 4242, good until Nov 2027", "Visa ending in 4242, expired", "None on file", "Unknown". */
export function paymentMethodText(method: PaymentMethodFacts, now: Date): string {
  if (method.isOnFile === null) return 'Unknown';
  if (!method.isOnFile) return 'None on file';
  const name = paymentMethodName(method);
  if (method.expiresAt === null) return name;
  if (method.expiresAt <= now) return `${name}, expired`;
  const lastMonth = new Date(method.expiresAt.getTime() - 1);
  return `${name}, good until ${monthText(lastMonth)}`;
}

const INTERVAL_ADVERBS: Readonly<Record<string, string>> = {
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
  year: 'yearly',
};

/** "billed yearly"; null for monthly, which is what everybody expects, and for an interval we don't know. */
export function intervalWords(interval: string | null): string | null {
  if (interval === null || interval === 'month') return null;
  const adverb = INTERVAL_ADVERBS[interval];
  return adverb === undefined ? null : `billed ${adverb}`;
}
