import type { PaymentMethodRow } from '#store/customer.ts';
import { missing } from '#errors.ts';
import { nowS, type Scope } from './scope.ts';

interface TestCard {
  readonly brand: string;
  readonly last4: string;
  readonly country?: string;
  readonly funding?: string;
  /** Attaching works, every charge is declined. */
  readonly declineCode?: string;
  /** Attaching is declined. */
  readonly attachDeclineCode?: string;
  readonly needsAuthentication?: boolean;
}

/** By the part after `pm_card_` or `tok_`, lower case. Source: docs.stripe.com/testing. */
const TEST_CARDS: Readonly<Record<string, TestCard>> = {
  visa: { brand: 'visa', last4: '4242' },
  visa_debit: { brand: 'visa', last4: '5556', funding: 'debit' },
  mastercard: { brand: 'mastercard', last4: '4444' },
  mastercard_debit: { brand: 'mastercard', last4: '3222', funding: 'debit' },
  amex: { brand: 'amex', last4: '0005' },
  discover: { brand: 'discover', last4: '1117' },
  jcb: { brand: 'jcb', last4: '0505', country: 'JP' },
  us: { brand: 'visa', last4: '4242' },
  de: { brand: 'visa', last4: '0016', country: 'DE' },
  bypasspending: { brand: 'visa', last4: '0077' },
  createdispute: { brand: 'visa', last4: '0259' },
  createdisputeproductnotreceived: { brand: 'visa', last4: '2685' },
  createdisputeinquiry: { brand: 'visa', last4: '1976' },
  chargecustomerfail: { brand: 'visa', last4: '0341', declineCode: 'generic_decline' },
  chargedeclined: { brand: 'visa', last4: '0002', attachDeclineCode: 'generic_decline' },
  visa_chargedeclined: { brand: 'visa', last4: '0002', attachDeclineCode: 'generic_decline' },
  chargedeclinedinsufficientfunds: { brand: 'visa', last4: '9995', attachDeclineCode: 'insufficient_funds' },
  visa_chargedeclinedinsufficientfunds: { brand: 'visa', last4: '9995', attachDeclineCode: 'insufficient_funds' },
  chargedeclinedexpiredcard: { brand: 'visa', last4: '0069', attachDeclineCode: 'expired_card' },
  chargedeclinedprocessingerror: { brand: 'visa', last4: '0119', attachDeclineCode: 'processing_error' },
  chargedeclinedfraudulent: { brand: 'visa', last4: '0019', attachDeclineCode: 'fraudulent' },
  authenticationrequired: { brand: 'visa', last4: '3184', needsAuthentication: true },
  threedsecure2required: { brand: 'visa', last4: '3220', needsAuthentication: true },
};

/** Charging them succeeds and is disputed at once, for this reason. Source: docs.stripe.com/testing. */
export const DISPUTED: Readonly<Record<string, string>> = {
  '0259': 'fraudulent',
  '2685': 'product_not_received',
  '1976': 'fraudulent',
};

const BY_NUMBER: Readonly<Record<string, string>> = {
  '4242424242424242': 'visa',
  '4000056655665556': 'visa_debit',
  '5555555555554444': 'mastercard',
  '378282246310005': 'amex',
  '4000000000000341': 'chargecustomerfail',
  '4000000000000002': 'chargedeclined',
  '4000000000009995': 'chargedeclinedinsufficientfunds',
  '4000000000000259': 'createdispute',
  '4000000000000077': 'bypasspending',
  '4000002500003155': 'authenticationrequired',
  '4000000000003220': 'threedsecure2required',
  '4000000000002685': 'createdisputeproductnotreceived',
  '4000000000001976': 'createdisputeinquiry',
};

export function isTestCardToken(token: string): boolean {
  return cardOf(token) !== undefined;
}

function cardOf(token: string): TestCard | undefined {
  const match = /^(?:pm_card|tok|card)_(.+)$/.exec(token);
  return match?.[1] === undefined ? undefined : TEST_CARDS[match[1].toLowerCase()];
}

/** A card by its test token (`pm_card_visa`, `tok_visa`) or its number, not yet attached to anybody. */
export function newCard(
  scope: Scope,
  input: {
    readonly token?: string;
    readonly number?: string;
    readonly expMonth?: number;
    readonly expYear?: number;
    readonly isSource?: boolean;
  },
): PaymentMethodRow {
  const named =
    input.number === undefined ? input.token : `pm_card_${BY_NUMBER[input.number.replaceAll(' ', '')] ?? 'visa'}`;
  const card = cardOf(named ?? 'pm_card_visa');
  if (!card) throw missing('PaymentMethod', input.token ?? '', 'payment_method');
  const { chance } = scope.world;
  return scope.state.paymentMethods.add({
    id: input.isSource ? `card_1${chance.text(23)}` : `pm_1${chance.text(23)}`,
    created: nowS(scope),
    customer: null,
    isSource: input.isSource ?? false,
    brand: card.brand,
    last4: card.last4,
    expMonth: input.expMonth ?? scope.world.clock.now().getUTCMonth() + 1,
    expYear: input.expYear ?? scope.world.clock.now().getUTCFullYear() + 1,
    country: card.country ?? 'US',
    funding: card.funding ?? 'credit',
    fingerprint: chance.text(16),
    name: null,
    email: null,
    metadata: {},
    decline: card.declineCode === undefined ? null : { declineCode: card.declineCode, remaining: null },
    declinesOnAttach: card.attachDeclineCode ?? null,
    needsAuthentication: card.needsAuthentication ?? false,
  });
}
