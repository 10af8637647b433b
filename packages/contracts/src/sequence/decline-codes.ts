/**
 * Codes after which the same card will not work again: Stripe does not retry them, so nobody waits for a retry.
 * Source: Stripe's "Decline codes" and "Smart Retries" (hard declines).
 */
export const HARD_DECLINE_CODES = [
  'expired_card',
  'incorrect_number',
  'invalid_account',
  'invalid_number',
  'lost_card',
  'new_account_information_available',
  'pickup_card',
  'restricted_card',
  'revocation_of_all_authorizations',
  'revocation_of_authorization',
  'stolen_card',
  'stop_payment_order',
  'transaction_not_allowed',
];

/** Reasons that must not be told to the person who pays: "stolen card" is the bank's business. Source: Stripe, "Decline codes". */
const SECRET_CODES = new Set(['fraudulent', 'lost_card', 'merchant_blacklist', 'stolen_card', 'pickup_card']);

/** `insufficient_funds` as a person reads it; null where there is nothing that should be said. */
export function declineWords(code: unknown): string | null {
  if (typeof code !== 'string' || code === '' || code === 'generic_decline' || SECRET_CODES.has(code)) return null;
  return code.replaceAll('_', ' ');
}

export function isHardDecline(code: unknown): boolean {
  return typeof code === 'string' && HARD_DECLINE_CODES.includes(code);
}
