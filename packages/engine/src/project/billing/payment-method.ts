/**
 * Whether Stripe has something to charge, in the order in which Stripe itself looks:
 * the subscription's payment method, its source, the customer's invoice setting, the customer's source.
 * A card that is attached but nobody's default does not count, because Stripe would not charge it.
 */
import type { ChargeFact } from '../stripe/charge.ts';
import type { CustomerFact } from '../stripe/customer.ts';
import type { PaymentMethodFact } from '../stripe/payment-method.ts';
import type { SubscriptionFact } from '../stripe/subscription.ts';
import type { PaymentMethodOnFile } from './billing-summary.ts';
import { isOver } from './status.ts';

interface Found {
  readonly id: string;
  readonly method: PaymentMethodFact | null;
}

export function paymentMethodOnFile(input: {
  readonly customers: readonly CustomerFact[];
  readonly subscriptions: readonly SubscriptionFact[];
  readonly primary: SubscriptionFact | null;
  readonly paymentMethods: ReadonlyMap<string, PaymentMethodFact>;
  readonly charges: readonly ChargeFact[];
}): PaymentMethodOnFile {
  const found = findMethod(input);
  if (found === null) return NOTHING_ON_FILE;
  const method = found.method ?? input.paymentMethods.get(found.id) ?? null;
  const charged = input.charges.find((charge) => charge.paymentMethodId === found.id && charge.card !== null);
  const card = method?.card ?? charged?.card ?? null;
  return {
    isOnFile: true,
    id: found.id,
    type: method?.type ?? charged?.paymentMethodType ?? null,
    brand: card?.brand ?? null,
    last4: card?.last4 ?? method?.last4 ?? null,
    expMonth: card?.expMonth ?? null,
    expYear: card?.expYear ?? null,
  };
}

const NOTHING_ON_FILE: PaymentMethodOnFile = {
  isOnFile: false,
  id: null,
  type: null,
  brand: null,
  last4: null,
  expMonth: null,
  expYear: null,
};

/** The primary subscription's own customer is asked first, so that the card shown is the one that will be charged. */
function findMethod(input: Parameters<typeof paymentMethodOnFile>[0]): Found | null {
  const open = input.subscriptions.filter((subscription) => !isOver(subscription));
  const { primary } = input;
  const subscriptions = primary === null ? open : [primary, ...open.filter(({ id }) => id !== primary.id)];
  for (const subscription of subscriptions) {
    const own = subscriptionMethod(subscription);
    if (own !== null) return own;
    const customer = input.customers.find(({ id }) => id === subscription.customerId);
    const shared = customer === undefined ? null : customerMethod(customer);
    if (shared !== null) return shared;
  }
  for (const customer of input.customers) {
    const found = customerMethod(customer);
    if (found !== null) return found;
  }
  return null;
}

function subscriptionMethod(subscription: SubscriptionFact): Found | null {
  const id = subscription.defaultPaymentMethodId ?? subscription.defaultSourceId;
  return id === null ? null : { id, method: withId(subscription.defaultPaymentMethod, id) };
}

function customerMethod(customer: CustomerFact): Found | null {
  if (customer.isDeleted) return null;
  const id = customer.defaultPaymentMethodId ?? customer.defaultSourceId;
  return id === null ? null : { id, method: withId(customer.defaultPaymentMethod, id) };
}

function withId(method: PaymentMethodFact | null, id: string): PaymentMethodFact | null {
  return method?.id === id ? method : null;
}
