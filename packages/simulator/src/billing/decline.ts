/** How Stripe words a decline: `code` is the coarse one; a decline code stands beside `card_declined` alone. */
export interface DeclineWords {
  readonly code: string;
  readonly declineCode: string;
  readonly message: string;
}

const OWN_CODES: Readonly<Record<string, string>> = {
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  processing_error: 'An error occurred while processing your card. Try again in a little bit.',
  incorrect_number: 'Your card number is incorrect.',
};

const MESSAGES: Readonly<Record<string, string>> = {
  insufficient_funds: 'Your card has insufficient funds.',
  do_not_honor: 'Your card was declined.',
  lost_card: 'Your card was declined.',
  stolen_card: 'Your card was declined.',
  fraudulent: 'Your card was declined.',
  generic_decline: 'Your card was declined.',
};

export function declineWords(declineCode: string): DeclineWords {
  const own = OWN_CODES[declineCode];
  if (own !== undefined) return { code: declineCode, declineCode, message: own };
  return { code: 'card_declined', declineCode, message: MESSAGES[declineCode] ?? 'Your card was declined.' };
}
