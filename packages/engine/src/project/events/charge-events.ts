/** What charges and disputes tell: refunds, disputes, and payments that no invoice is behind. */
import { isRecord } from '#base/is-record.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { DisputeFact } from '../stripe/dispute.ts';
import { billingEvent, type EventContext, iso } from './event-context.ts';

export function chargeEvents(context: EventContext, input: { told: ChargeFact; previous: unknown }): NewBusEvent[] {
  const { told: charge } = input;
  switch (context.stripeEvent.type) {
    case 'charge.refunded':
      return refunded(context, input);
    case 'charge.succeeded':
    case 'charge.captured':
      // A charge that was only authorised succeeds without money; the money is told of when it is captured. Where the version says that no invoice is behind it, it is a one-off payment; where it says nothing, time tells
      // (apply/one-off-charges.ts).
      return charge.isInvoiceKnown && charge.invoiceId === null ? oneOffPayment(context, charge) : [];
    default:
      return [];
  }
}

export function oneOffPayment(context: EventContext, charge: ChargeFact): NewBusEvent[] {
  const amountMinor = charge.amountCapturedMinor ?? charge.amountMinor;
  if (charge.status !== 'succeeded' || charge.isCaptured === false) return [];
  if (amountMinor === null || amountMinor <= 0 || charge.currency === null) return [];
  const { type, createdS } = context.stripeEvent;
  const paidAtS = type === 'charge.captured' ? createdS : (charge.createdS ?? createdS);
  return [
    billingEvent(context, {
      name: 'payment_succeeded',
      fact: charge.id,
      atS: paidAtS,
      data: {
        invoice_id: null,
        charge_id: charge.id,
        subscription_id: null,
        amount_minor: amountMinor,
        currency: charge.currency,
        billing_reason: null,
        paid_out_of_band: false,
        attempt: null,
        paid_at: iso(paidAtS),
      },
    }),
  ];
}

function refunded(context: EventContext, input: { told: ChargeFact; previous: unknown }): NewBusEvent[] {
  const { told: charge, previous } = input;
  if (charge.amountMinor === null || charge.currency === null) return [];
  const refundedMinor = charge.amountRefundedMinor ?? 0;
  const beforeMinor =
    isRecord(previous) && typeof previous['amount_refunded'] === 'number' ? previous['amount_refunded'] : 0;
  return [
    billingEvent(context, {
      name: 'charge_refunded',
      fact: `${charge.id}:${refundedMinor}`,
      data: {
        charge_id: charge.id,
        amount_refunded_minor: refundedMinor,
        refund_minor: Math.max(0, refundedMinor - beforeMinor),
        amount_minor: charge.amountMinor,
        currency: charge.currency,
        is_full: charge.isRefunded ?? refundedMinor >= charge.amountMinor,
      },
    }),
  ];
}

export function disputeEvents(context: EventContext, dispute: DisputeFact): NewBusEvent[] {
  const name = { 'charge.dispute.created': 'dispute_opened', 'charge.dispute.closed': 'dispute_closed' } as const;
  const type = context.stripeEvent.type;
  if (type !== 'charge.dispute.created' && type !== 'charge.dispute.closed') return [];
  if (dispute.amountMinor === null || dispute.currency === null) return [];
  return [
    billingEvent(context, {
      name: name[type],
      fact: dispute.id,
      data: {
        dispute_id: dispute.id,
        charge_id: dispute.chargeId,
        amount_minor: dispute.amountMinor,
        currency: dispute.currency,
        reason: dispute.reason,
        status: dispute.status ?? 'unknown',
      },
    }),
  ];
}
