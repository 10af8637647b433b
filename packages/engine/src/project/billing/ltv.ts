/**
 * Lifetime value: the cash that a contact has paid, per currency, as a list of lines whose sum is the figure.
 * Captured charges, less refunds, less disputes whose money is withdrawn, plus invoices paid outside Stripe,
 * less what credit notes paid back outside Stripe. Tax is in it; Stripe's fees are not deducted.
 * Charges and not invoices, because one-off payments count and credit notes would count twice.
 */
import { minorToJson } from '#base/money.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { DisputeFact, DisputeStatus } from '../stripe/dispute.ts';
import type { InvoiceFact } from '../stripe/invoice.ts';
import type { InvoicePaymentFact } from '../stripe/invoice-payment.ts';
import type { RefundFact } from '../stripe/refund.ts';
import type { BillingInput } from './billing-summary.ts';
import type { BillingPolicy } from './policy.ts';
import type { BillingWarning, BillingWarningName } from './warning.ts';

export interface LtvLine {
  readonly kind: 'charge' | 'refund' | 'dispute' | 'paid_outside_stripe' | 'credited_outside_stripe';
  readonly subjectId: string;
  readonly currency: string;
  /** Signed. */
  readonly amountMinor: bigint;
  readonly atS: number | null;
}

export interface LifetimeValue {
  readonly byCurrency: ReadonlyMap<string, bigint>;
  readonly lines: readonly LtvLine[];
  readonly warnings: readonly BillingWarning[];
}

type LtvInput = Pick<BillingInput, 'charges' | 'invoices' | 'invoicePayments' | 'refunds' | 'disputes' | 'creditNotes'>;

/** Lines and warnings gather here; a currency with anything unreadable has no figure at all. */
interface Tally {
  readonly lines: LtvLine[];
  readonly warnings: BillingWarning[];
  /** Null stands for "some currency, we cannot tell which". */
  readonly unknown: Set<string | null>;
}

export function lifetimeValue(policy: BillingPolicy, input: LtvInput): LifetimeValue {
  const tally: Tally = { lines: [], warnings: [], unknown: new Set() };
  const refundsByCharge = groupRefunds(input.refunds ?? []);
  for (const charge of input.charges ?? []) addCharge(tally, { charge, refunds: refundsByCharge.get(charge.id) ?? [] });
  for (const dispute of input.disputes ?? []) addDispute(tally, { dispute, policy });
  if (policy.paidOutsideStripe === 'include') addPaidOutside(tally, input);
  for (const note of input.creditNotes ?? []) {
    const { currency, outOfBandAmountMinor: amount } = note;
    if (note.status === 'void' || amount === null || amount === 0) continue;
    addLine(tally, {
      kind: 'credited_outside_stripe',
      subjectId: note.id,
      currency,
      amount: -amount,
      atS: note.createdS,
    });
  }
  return { warnings: tally.warnings, ...sumLines(tally) };
}

function sumLines({ lines, unknown }: Tally): Pick<LifetimeValue, 'byCurrency' | 'lines'> {
  const byCurrency = new Map<string, bigint>();
  if (unknown.has(null)) return { byCurrency, lines: [] };
  const known = unknown.size === 0 ? lines : lines.filter(({ currency }) => !unknown.has(currency));
  for (const { currency, amountMinor } of known) {
    byCurrency.set(currency, (byCurrency.get(currency) ?? 0n) + amountMinor);
  }
  return { byCurrency, lines: known };
}

/** The fields are copied one by one: this runs for every charge of every contact, and a spread costs four times as much. */
function addLine(
  tally: Tally,
  line: Pick<LtvLine, 'kind' | 'subjectId' | 'atS'> & { readonly currency: string | null; readonly amount: number },
): void {
  const { kind, subjectId, currency, amount, atS } = line;
  if (currency === null) markUnknown(tally, { name: 'currency_missing', subjectId, currency });
  else tally.lines.push({ kind, subjectId, currency, amountMinor: BigInt(amount), atS });
}

function markUnknown(
  tally: Tally,
  at: { readonly name: BillingWarningName; readonly subjectId: string; readonly currency: string | null },
): void {
  tally.unknown.add(at.currency);
  tally.warnings.push({ name: at.name, subjectId: at.subjectId });
}

/** A failed, pending or uncaptured charge has brought no money and does not even name a currency. */
function addCharge(
  tally: Tally,
  input: { readonly charge: ChargeFact; readonly refunds: readonly RefundFact[] },
): void {
  const { charge } = input;
  if (charge.status === 'failed' || charge.status === 'pending' || charge.isCaptured === false) return;
  const captured = charge.amountCapturedMinor ?? charge.amountMinor;
  const refunded = charge.amountRefundedMinor ?? refundedBy(input.refunds);
  const isReadable =
    charge.status !== null && captured !== null && captured >= 0 && refunded >= 0 && refunded <= captured;
  const { id: subjectId, currency, createdS: atS } = charge;
  if (!isReadable) return markUnknown(tally, { name: 'charge_invalid', subjectId, currency });
  addLine(tally, { kind: 'charge', subjectId, currency, amount: captured, atS });
  if (refunded > 0) addLine(tally, { kind: 'refund', subjectId, currency, amount: -refunded, atS });
}

/** Only for charges that do not carry their own `amount_refunded`; a failed refund has given the money back to us. */
function refundedBy(refunds: readonly RefundFact[]): number {
  let total = 0;
  for (const { status, amountMinor } of refunds) {
    if (status !== 'failed' && status !== 'canceled') total += amountMinor ?? 0;
  }
  return total;
}

function groupRefunds(refunds: readonly RefundFact[]): ReadonlyMap<string, RefundFact[]> {
  const byCharge = new Map<string, RefundFact[]>();
  for (const refund of refunds) {
    if (refund.chargeId === null) continue;
    const group = byCharge.get(refund.chargeId);
    if (group === undefined) byCharge.set(refund.chargeId, [refund]);
    else group.push(refund);
  }
  return byCharge;
}

/** Whether Stripe has taken the disputed money: inquiries (`warning_*`) never do, a won dispute gives it back. */
const WITHDRAWN: Readonly<Record<DisputeStatus, 'lost' | 'open' | 'no'>> = {
  lost: 'lost',
  needs_response: 'open',
  under_review: 'open',
  appeal_needs_response: 'open',
  appeal_under_review: 'open',
  charge_refunded: 'no',
  prevented: 'no',
  won: 'no',
  warning_closed: 'no',
  warning_needs_response: 'no',
  warning_under_review: 'no',
};

function addDispute(tally: Tally, input: { readonly dispute: DisputeFact; readonly policy: BillingPolicy }): void {
  const { dispute } = input;
  const { currency, amountMinor: amount, id: subjectId } = dispute;
  if (dispute.status === null) return markUnknown(tally, { name: 'dispute_status_unknown', subjectId, currency });
  const withdrawn = WITHDRAWN[dispute.status];
  if (withdrawn === 'no' || (withdrawn === 'open' && input.policy.openDisputes === 'ignore')) return;
  if (amount === null || amount < 0) return markUnknown(tally, { name: 'charge_invalid', subjectId, currency });
  addLine(tally, { kind: 'dispute', subjectId, currency, amount: -amount, atS: dispute.createdS });
}

function addPaidOutside(tally: Tally, input: LtvInput): void {
  const paymentsByInvoice = groupPayments(input.invoicePayments ?? []);
  const untold = new Map<string, { amount: number; readonly subjectId: string }>();
  for (const invoice of input.invoices ?? []) {
    const { currency } = invoice;
    const paid = invoice.amountPaidMinor ?? 0;
    if (invoice.status !== 'paid' || paid <= 0) continue;
    const outside = paidOutside(invoice, paymentsByInvoice.get(invoice.id));
    if (outside !== null && outside > 0) {
      const atS = invoice.paidAtS ?? invoice.createdS;
      addLine(tally, { kind: 'paid_outside_stripe', subjectId: invoice.id, currency, amount: outside, atS });
    }
    if (outside !== null || currency === null) continue;
    const sum = untold.get(currency);
    if (sum === undefined) untold.set(currency, { amount: paid, subjectId: invoice.id });
    else sum.amount += paid;
  }
  for (const [currency, { amount, subjectId }] of untold) {
    // If all of these had been paid through Stripe, the charges would amount to at least as much.
    if (amount > charged(input.charges ?? [], currency))
      tally.warnings.push({ name: 'invoice_payments_unknown', subjectId });
  }
}

function groupPayments(payments: readonly InvoicePaymentFact[]): ReadonlyMap<string, InvoicePaymentFact[]> {
  const byInvoice = new Map<string, InvoicePaymentFact[]>();
  for (const payment of payments) {
    if (payment.invoiceId === null) continue;
    const group = byInvoice.get(payment.invoiceId);
    if (group === undefined) byInvoice.set(payment.invoiceId, [payment]);
    else group.push(payment);
  }
  return byInvoice;
}

/**
 * What of a paid invoice did not go through Stripe, in minor units; null when this version does not say.
 * Before basil a flag says it. After, it is what the payments made through Stripe do not add up to.
 */
function paidOutside(invoice: InvoiceFact, joined: readonly InvoicePaymentFact[] | undefined): number | null {
  const paid = invoice.amountPaidMinor ?? 0;
  if (invoice.isPaidOutOfBand === true) return paid;
  if (invoice.isPaidOutOfBand === false) return 0;
  if (invoice.amountPaidOffStripeMinor !== null) return invoice.amountPaidOffStripeMinor;
  if (invoice.chargeId !== null || invoice.paymentIntentId !== null) return 0;
  const payments = invoice.payments ?? joined;
  if (payments === undefined) return null;
  let through = 0;
  for (const { status, paymentType, amountPaidMinor } of payments) {
    if (status === 'paid' && paymentType !== 'payment_record') through += amountPaidMinor ?? 0;
  }
  return Math.max(0, paid - through);
}

function charged(charges: readonly ChargeFact[], currency: string): number {
  let total = 0;
  for (const charge of charges) {
    if (charge.currency !== currency || charge.status !== 'succeeded' || charge.isCaptured === false) continue;
    total += charge.amountCapturedMinor ?? charge.amountMinor ?? 0;
  }
  return total;
}

/** As JSON numbers; a figure that a double cannot hold is left out. */
export function totalsToJson(byCurrency: ReadonlyMap<string, bigint>): Record<string, number> {
  const entries: [string, number][] = [];
  for (const [currency, amountMinor] of byCurrency) {
    const value = minorToJson(amountMinor);
    if (value !== null) entries.push([currency, value]);
  }
  return Object.fromEntries(entries);
}
