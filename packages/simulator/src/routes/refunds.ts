import { announce, change } from '#billing/record.ts';
import { chargeOf, closeDispute, refundCharge } from '#billing/refunds.ts';
import { paymentIntentOf } from '#billing/one-off.ts';
import { nowS } from '#billing/scope.ts';
import { invalid, missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderCreditNote } from '#render/invoice.ts';
import { renderDispute, renderRefund } from '#render/payment.ts';
import type { Out } from '#render/view.ts';
import type { CreditNoteRow } from '#store/invoice.ts';
import type { ChargeRow, RefundRow } from '#store/payment.ts';

export function refundRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/refunds', resource: 'charge' }, (call) => refund(call, wantedCharge(call)));
  api.on({ method: 'POST', path: '/v1/charges/:id/refunds', resource: 'charge' }, (call) =>
    refund(call, chargeOf(call.scope, call.param('id'), 'id')),
  );
  api.on({ method: 'POST', path: '/v1/charges/:id/refund', resource: 'charge' }, (call) => {
    const charge = chargeOf(call.scope, call.param('id'), 'id');
    refund(call, charge);
    return call.show('charge', charge);
  });
  api.on({ method: 'GET', path: '/v1/refunds', resource: 'charge' }, (call) => {
    const [charge, intent] = [call.input.text('charge'), call.input.text('payment_intent')];
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.refunds,
      {
        keep: (row) => isCreated(row.created) && (intent === undefined || row.paymentIntent === intent),
        ...(charge === undefined ? {} : { within: call.state.refunds.inGroup(charge) }),
      },
      renderRefund,
    );
  });
  api.on({ method: 'GET', path: '/v1/charges/:id/refunds', resource: 'charge' }, (call) =>
    call.list(
      call.state.refunds,
      { keep: () => true, within: call.state.refunds.inGroup(call.param('id')) },
      renderRefund,
    ),
  );
  refundSteps(api);
}

function refundSteps(api: Api): void {
  const find = (call: Call): RefundRow => {
    const row = call.state.refunds.get(call.param('id'));
    if (!row) throw missing('refund', call.param('id'));
    return row;
  };
  api.on({ method: 'GET', path: '/v1/refunds/:id', resource: 'charge' }, (call) => call.show('refund', find(call)));
  api.on({ method: 'POST', path: '/v1/refunds/:id', resource: 'charge' }, (call) => {
    const row = find(call);
    change(call.scope, { kind: 'refund', row, type: 'refund.updated' }, () => {
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    });
    announce(call.scope, 'charge.refund.updated', 'refund', row);
    return call.show('refund', row);
  });
}

function wantedCharge(call: Call): ChargeRow {
  const charge = call.input.text('charge');
  if (charge !== undefined) return chargeOf(call.scope, charge);
  const intent = paymentIntentOf(call.scope, call.input.required('payment_intent'), 'payment_intent');
  if (intent.latestCharge === null) {
    throw invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, 'payment_intent');
  }
  return chargeOf(call.scope, intent.latestCharge);
}

function refund(call: Call, charge: ChargeRow): Out {
  const amount = call.input.integer('amount');
  const row = refundCharge(call.scope, {
    charge,
    ...(amount === undefined ? {} : { amountMinor: amount }),
    reason: call.input.oneOf('reason', ['duplicate', 'fraudulent', 'requested_by_customer']) ?? null,
    metadata: call.input.metadata() ?? {},
  });
  return call.show('refund', row);
}

export function disputeRoutes(api: Api): void {
  api.on({ method: 'GET', path: '/v1/disputes', resource: 'dispute' }, (call) => {
    const charge = call.input.text('charge');
    const isCreated = timeFilter(call.input);
    return call.list(
      call.state.disputes,
      { keep: (row) => isCreated(row.created) && (charge === undefined || row.charge === charge) },
      renderDispute,
    );
  });
  api.on({ method: 'GET', path: '/v1/disputes/:id', resource: 'dispute' }, (call) => {
    const row = call.state.disputes.get(call.param('id'));
    if (!row) throw missing('dispute', call.param('id'));
    return call.show('dispute', row);
  });
  api.on({ method: 'POST', path: '/v1/disputes/:id', resource: 'dispute' }, (call) => {
    const row = call.state.disputes.get(call.param('id'));
    if (!row) throw missing('dispute', call.param('id'));
    change(call.scope, { kind: 'dispute', row, type: 'charge.dispute.updated' }, () => {
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
      if (call.input.has('evidence')) row.status = 'under_review';
    });
    // In test mode Stripe decides by these words. Source: docs.stripe.com/testing#disputes.
    const text = call.input.hash('evidence')?.text('uncategorized_text');
    if (text === 'winning_evidence' || text === 'losing_evidence') {
      closeDispute(call.scope, row.id, text === 'winning_evidence' ? 'won' : 'lost');
    }
    return call.show('dispute', row);
  });
  api.on({ method: 'POST', path: '/v1/disputes/:id/close', resource: 'dispute' }, (call) =>
    call.show('dispute', closeDispute(call.scope, call.param('id'), 'lost')),
  );
}

export function creditNoteRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/credit_notes', resource: 'credit_note' }, createCreditNote);
  api.on({ method: 'GET', path: '/v1/credit_notes', resource: 'credit_note' }, (call) => {
    const [invoice, customer] = [call.input.text('invoice'), call.input.text('customer')];
    return call.list(
      call.state.creditNotes,
      {
        keep: (row) =>
          (invoice === undefined || row.invoice === invoice) && (customer === undefined || row.customer === customer),
      },
      renderCreditNote,
    );
  });
  const find = (call: Call): CreditNoteRow => {
    const row = call.state.creditNotes.get(call.param('id'));
    if (!row) throw missing('credit note', call.param('id'));
    return row;
  };
  api.on({ method: 'GET', path: '/v1/credit_notes/:id', resource: 'credit_note' }, (call) =>
    call.show('credit_note', find(call)),
  );
  api.on({ method: 'POST', path: '/v1/credit_notes/:id', resource: 'credit_note' }, (call) => {
    const row = find(call);
    change(call.scope, { kind: 'credit_note', row, type: 'credit_note.updated' }, () => {
      row.memo = call.input.text('memo') ?? row.memo;
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    });
    return call.show('credit_note', row);
  });
  api.on({ method: 'POST', path: '/v1/credit_notes/:id/void', resource: 'credit_note' }, (call) => {
    const row = find(call);
    change(call.scope, { kind: 'credit_note', row, type: 'credit_note.voided' }, () => {
      row.status = 'void';
    });
    return call.show('credit_note', row);
  });
}

function createCreditNote(call: Call): Out {
  const { input, scope } = call;
  const invoice = scope.state.invoices.get(input.required('invoice'));
  if (!invoice) throw missing('invoice', input.required('invoice'), 'invoice');
  const amount = input.integer('amount') ?? input.integer('refund_amount') ?? invoice.total;
  if (invoice.status === 'draft' || amount <= 0 || amount > invoice.total) {
    throw invalid('A credit note needs a finalized invoice and an amount within its total.', 'amount');
  }
  const isPrePayment = invoice.status === 'open';
  const charge = invoice.charge === null ? undefined : scope.state.charges.get(invoice.charge);
  const refunded =
    !isPrePayment && charge && input.integer('refund_amount') !== undefined
      ? refundCharge(scope, { charge, amountMinor: amount })
      : null;
  const row = scope.state.creditNotes.add({
    id: `cn_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    invoice: invoice.id,
    customer: invoice.customer,
    amount,
    currency: invoice.currency,
    number: `${invoice.number ?? invoice.id}-CN-${String(scope.state.creditNotes.inGroup(invoice.id).length + 1).padStart(2, '0')}`,
    reason: input.text('reason') ?? null,
    memo: input.text('memo') ?? null,
    refund: refunded?.id ?? null,
    status: 'issued',
    isPrePayment,
    metadata: input.metadata() ?? {},
  });
  change(scope, { kind: 'invoice', row: invoice, type: 'invoice.updated' }, () => {
    if (isPrePayment) invoice.prePaymentCreditNotes += amount;
    else invoice.postPaymentCreditNotes += amount;
  });
  announce(scope, 'credit_note.created', 'credit_note', row);
  return call.show('credit_note', row);
}
