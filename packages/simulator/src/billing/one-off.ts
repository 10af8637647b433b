import { invalid, missing } from '#errors.ts';
import type { Metadata, PaymentMethodRow } from '#store/customer.ts';
import type { PaymentIntentRow } from '#store/payment.ts';
import { methodOf } from './customers.ts';
import { recover } from './collect.ts';
import { cardFault, chargeIntent, settleInvoice } from './payments.ts';
import { announce, change } from './record.ts';
import { openDispute } from './refunds.ts';
import { nowS, type Scope } from './scope.ts';
import { DISPUTED, isTestCardToken, newCard } from './test-cards.ts';

export interface NewPaymentIntent {
  readonly amount: number;
  readonly currency: string;
  readonly customer?: string | null;
  readonly description?: string | null;
  readonly paymentMethod?: string | null;
  readonly captureMethod?: string;
  readonly setupFutureUsage?: string | null;
  readonly metadata?: Metadata;
}

export function createPaymentIntent(scope: Scope, input: NewPaymentIntent): PaymentIntentRow {
  if (!Number.isInteger(input.amount) || input.amount < 1) {
    throw invalid('This value must be greater than or equal to 1.', 'amount', 'parameter_invalid_integer');
  }
  const id = `pi_3${scope.world.chance.text(23)}`;
  const method = input.paymentMethod ? usableMethod(scope, input.paymentMethod) : null;
  const row = scope.state.paymentIntents.add({
    id,
    created: nowS(scope),
    amount: input.amount,
    amountReceived: 0,
    currency: input.currency,
    customer: input.customer ?? null,
    invoice: null,
    description: input.description ?? null,
    status: method === null ? 'requires_payment_method' : 'requires_confirmation',
    captureMethod: input.captureMethod ?? 'automatic',
    paymentMethod: method?.id ?? null,
    latestCharge: null,
    lastError: null,
    canceledAt: null,
    cancellationReason: null,
    setupFutureUsage: input.setupFutureUsage ?? null,
    clientSecret: `${id}_secret_${scope.world.chance.text(24)}`,
    metadata: { ...input.metadata },
  });
  announce(scope, 'payment_intent.created', 'payment_intent', row);
  return row;
}

/** A test token stands for a card made on the spot. */
export function usableMethod(scope: Scope, id: string): PaymentMethodRow {
  if (!isTestCardToken(id)) return methodOf(scope, id);
  const card = newCard(scope, { token: id });
  // Tokens that cannot be attached can still be charged once, and are declined then.
  if (card.declinesOnAttach !== null) card.decline = { declineCode: card.declinesOnAttach, remaining: null };
  return card;
}

/** Charges it; a decline is answered 402, and an invoice behind it is settled. */
export function confirmPaymentIntent(scope: Scope, row: PaymentIntentRow, methodId: string | null): void {
  if (row.status === 'succeeded' || row.status === 'canceled' || row.status === 'requires_capture') {
    throw invalid(
      `This PaymentIntent's status is ${row.status}, but must be one of requires_payment_method, requires_confirmation or requires_action to be confirmed.`,
      undefined,
      'payment_intent_unexpected_state',
    );
  }
  const id = methodId ?? row.paymentMethod;
  if (id === null) {
    throw invalid(
      'You cannot confirm this PaymentIntent because it is missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.',
      undefined,
      'payment_intent_unexpected_state',
    );
  }
  const method = usableMethod(scope, id);
  const outcome = chargeIntent(scope, row, method);
  const invoice = row.invoice === null ? undefined : scope.state.invoices.get(row.invoice);
  if (outcome === 'declined') {
    if (invoice) announce(scope, 'invoice.payment_failed', 'invoice', invoice);
    throw cardFault(row);
  }
  if (outcome !== 'paid') return;
  if (invoice?.status === 'open') {
    invoice.attemptCount = Math.max(1, invoice.attemptCount);
    settleInvoice(scope, invoice);
    recover(scope, invoice);
  }
  const reason = DISPUTED[method.last4];
  const charge = row.latestCharge === null ? undefined : scope.state.charges.get(row.latestCharge);
  if (reason !== undefined && charge) openDispute(scope, { charge, reason });
}

export function capturePaymentIntent(scope: Scope, row: PaymentIntentRow): void {
  const charge = row.latestCharge === null ? undefined : scope.state.charges.get(row.latestCharge);
  if (row.status !== 'requires_capture' || !charge) {
    throw invalid(
      'This PaymentIntent could not be captured because it has no amount to capture.',
      undefined,
      'payment_intent_unexpected_state',
    );
  }
  change(scope, { kind: 'charge', row: charge, type: 'charge.captured' }, () => {
    charge.captured = true;
    charge.amountCaptured = charge.amount;
    charge.balanceTransaction = `txn_3${scope.world.chance.text(23)}`;
  });
  row.status = 'succeeded';
  row.amountReceived = row.amount;
  announce(scope, 'payment_intent.succeeded', 'payment_intent', row);
}

export function cancelPaymentIntent(scope: Scope, row: PaymentIntentRow, reason: string | null): void {
  if (row.status === 'succeeded' || row.status === 'canceled') {
    throw invalid(
      `You cannot cancel this PaymentIntent because it has a status of ${row.status}.`,
      undefined,
      'payment_intent_unexpected_state',
    );
  }
  row.status = 'canceled';
  row.canceledAt = nowS(scope);
  row.cancellationReason = reason;
  announce(scope, 'payment_intent.canceled', 'payment_intent', row);
}

export function paymentIntentOf(scope: Scope, id: string, param = 'id'): PaymentIntentRow {
  const row = scope.state.paymentIntents.get(id);
  if (!row) throw missing('payment_intent', id, param);
  return scope.state.paymentIntents.keep(row);
}
