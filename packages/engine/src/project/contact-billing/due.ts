/**
 * What changes a contact's billing by time alone, and when: a discount that ends (MRR goes up), a card that is about to
 * expire. Pure.
 */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { addMs, durationMs, fromEpochS, toEpochS } from '#base/clock.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { BillingSummary } from '../billing/billing-summary.ts';
import { knownDiscount } from '../billing/discount.ts';
import { isOver } from '../billing/status.ts';
import type { DiscountRef } from '../stripe/discount.ts';
import { factsOf, type OwnedObject } from './load-facts.ts';
import type { Catalogue } from './stripe-catalogue.ts';

/** How long before a card's last day it is told of, milliseconds. */
const CARD_NOTICE_MS = durationMs({ days: 30 });

interface Billed {
  readonly objects: readonly OwnedObject[];
  readonly catalogue: Catalogue;
  readonly asOf: Date;
}

/** The next instant after `asOf` at which the figures must be computed again, or null. */
export function billingDueAt(input: Billed & { cardExpiresAt: Date | null }): Date | null {
  const { cardExpiresAt, asOf } = input;
  const ends = discountEnds(input).map(fromEpochS);
  const instants = cardExpiresAt === null ? ends : [...ends, addMs(cardExpiresAt, -CARD_NOTICE_MS)];
  let due: Date | null = null;
  for (const at of instants) if (at > asOf && (due === null || at < due)) due = at;
  return due;
}

function discountEnds(input: Billed): number[] {
  const refs: DiscountRef[] = factsOf(input.objects, 'customer').flatMap((customer) => [...customer.discounts]);
  for (const subscription of factsOf(input.objects, 'subscription')) {
    if (isOver(subscription)) continue;
    refs.push(...subscription.discounts, ...subscription.items.flatMap((item) => item.discounts));
  }
  const asOfS = toEpochS(input.asOf);
  return refs
    .map((ref) => knownDiscount(input.catalogue, ref)?.endS ?? null)
    .filter((endS) => endS !== null)
    .filter((endS) => endS > asOfS);
}

/** Whether the card on file expires within the notice, and has not yet. */
export function isCardExpiring(cardExpiresAt: Date | null, asOf: Date): boolean {
  return cardExpiresAt !== null && cardExpiresAt > asOf && addMs(cardExpiresAt, -CARD_NOTICE_MS) <= asOf;
}

/** Once per card and expiry: a card that is replaced, or renewed by its bank, is told of anew. */
export function cardExpiring(input: {
  workspaceId: string;
  contactId: string;
  objects: readonly OwnedObject[];
  summary: BillingSummary;
  at: Date;
  cause: EventCause;
}): NewBusEvent | null {
  const { summary, objects } = input;
  const { paymentMethod } = summary;
  if (paymentMethod.expMonth === null || paymentMethod.expYear === null) return null;
  const holder = holderOf(objects, summary);
  if (holder === null) return null;
  return {
    workspaceId: input.workspaceId,
    contactId: input.contactId,
    type: 'card_expiring',
    source: 'growthos',
    time: input.at,
    data: {
      stripe_account: holder.stripeAccount,
      livemode: holder.livemode,
      customer_id: holder.customerId,
      brand: paymentMethod.brand,
      last4: paymentMethod.last4,
      expires_month: paymentMethod.expMonth,
      expires_year: paymentMethod.expYear,
    },
    cause: input.cause,
    dedupeKey: `card_expiring:${holder.stripeAccount}:${paymentMethod.id}:${paymentMethod.expYear}-${paymentMethod.expMonth}`,
  };
}

/** The customer whose card it is: of the primary subscription, else the first that has it on file. */
function holderOf(objects: readonly OwnedObject[], summary: BillingSummary): OwnedObject | null {
  const { id } = summary.paymentMethod;
  const primary = objects.find(
    (object) => object.type === 'subscription' && object.id === summary.primarySubscriptionId,
  );
  const named = objects.filter(({ fact }) => 'defaultPaymentMethodId' in fact || 'defaultSourceId' in fact);
  const holds = ({ fact }: OwnedObject): boolean =>
    (fact.object === 'subscription' || fact.object === 'customer') &&
    (fact.defaultPaymentMethodId === id || fact.defaultSourceId === id);
  return named.find(holds) ?? primary ?? null;
}
