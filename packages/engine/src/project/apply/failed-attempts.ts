/**
 * Which charge was the failed attempt at an invoice. Newer API versions don't name it on the invoice, so it is the failed
 * charge of the same customer, currency and amount that was made, or told to have failed, at about the same time.
 */
import { many, type Tx } from '#db/db.ts';
import type { Marks } from '../objects/marks.ts';
import type { AccountScope } from '../objects/store.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import type { InvoiceFact } from '../stripe/invoice.ts';
import type { OwnedObject } from '../contact-billing/load-facts.ts';
import type { LoadedByCustomer } from './lookups.ts';
import type { ToldEvent } from './told-events.ts';

/** A failed charge and the failure of its invoice are told within moments; this is how far apart they may be, seconds. */
const SAME_ATTEMPT_S = 600;

export interface FailedAttempt {
  /** What the caller knows it by. */
  readonly key: string;
  readonly invoiceId: string;
  /** Where the invoice names it (versions before basil). */
  readonly chargeId: string | null;
  readonly customerId: string;
  readonly currency: string;
  readonly amountMinor: number;
  /** When Stripe said that it failed. */
  readonly failedAtS: number;
}

function failedAttempt(input: { key: string; invoice: InvoiceFact; failedAtS: number }): FailedAttempt | null {
  const { key, invoice, failedAtS } = input;
  const { customerId, currency, chargeId } = invoice;
  const amountMinor = invoice.amountRemainingMinor ?? invoice.amountDueMinor;
  if (customerId === null || currency === null || amountMinor === null) return null;
  return { key, invoiceId: invoice.id, chargeId, customerId, currency, amountMinor, failedAtS };
}

/**
 * The attempts that these events tell of; their key is the event's id. Without those that have no charge, as versions
 * before basil say, or say too little to look for one.
 */
export function attemptsTold(told: readonly ToldEvent[]): FailedAttempt[] {
  return told.flatMap(({ event, telling }) => {
    if (event.type !== 'invoice.payment_failed' || telling?.fact.object !== 'invoice') return [];
    if (telling.object['charge'] === null) return [];
    return failedAttempt({ key: event.eventId, invoice: telling.fact, failedAtS: event.createdS }) ?? [];
  });
}

/** The charge of each attempt, by the attempt's key, where it is known: the nearest in time of those that fit. */
export async function findFailedCharges(
  tx: Tx,
  input: { scope: AccountScope; attempts: readonly FailedAttempt[]; loaded: LoadedByCustomer },
): Promise<Map<string, ChargeFact>> {
  const { attempts, loaded } = input;
  const missing = attempts.map(({ customerId }) => customerId).filter((id) => !loaded.has(id));
  const read = await failedChargesOf(tx, { scope: input.scope, customers: missing });
  const found = new Map<string, ChargeFact>();
  for (const attempt of attempts) {
    const distanceS = ({ fact, marks }: StoredCharge): number =>
      Math.min(
        Math.abs((fact.createdS ?? 0) - attempt.failedAtS),
        Math.abs((marks.firstFailedS ?? 0) - attempt.failedAtS),
      );
    const [charge] = chargesOf(loaded.get(attempt.customerId) ?? [])
      .concat(read)
      .filter((one) => isOf(one.fact, attempt))
      .filter((one) => attempt.chargeId !== null || distanceS(one) <= SAME_ATTEMPT_S)
      .sort((left, right) => distanceS(left) - distanceS(right) || (left.fact.id < right.fact.id ? -1 : 1));
    if (charge) found.set(attempt.key, charge.fact);
  }
  return found;
}

function isOf(charge: ChargeFact, attempt: FailedAttempt): boolean {
  if (charge.status !== 'failed' || charge.customerId !== attempt.customerId) return false;
  if (attempt.chargeId !== null) return charge.id === attempt.chargeId;
  if (charge.isInvoiceKnown && charge.invoiceId !== attempt.invoiceId) return false;
  return charge.currency === attempt.currency && charge.amountMinor === attempt.amountMinor;
}

interface StoredCharge {
  readonly fact: ChargeFact;
  readonly marks: Marks;
}

function chargesOf(objects: readonly OwnedObject[]): StoredCharge[] {
  return objects.flatMap(({ fact, marks }) => (fact.object === 'charge' ? [{ fact, marks }] : []));
}

/** Of customers whose contacts did not change: a late event may still tell of a failure. */
async function failedChargesOf(
  tx: Tx,
  input: { scope: AccountScope; customers: readonly string[] },
): Promise<StoredCharge[]> {
  if (input.customers.length === 0) return [];
  return many(tx, {
    name: 'failed_charges',
    text: `select fact, marks from stripe_object
           where workspace_id = $1 and stripe_account = $2 and customer_id = any($3) and type = 'charge'
             and fact->>'status' = 'failed'`,
    values: [input.scope.workspaceId, input.scope.stripeAccount, [...new Set(input.customers)]],
  });
}
