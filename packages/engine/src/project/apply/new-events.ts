import type { Clock } from '#base/clock.ts';
import type { NewBusEvent } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { eventBilling } from '../billing/context.ts';
import type { LoadedFacts } from '../contact-billing/load-facts.ts';
import { listedBy, loadCatalogue } from '../contact-billing/stripe-catalogue.ts';
import type { WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { billingEvent, type EventContext } from '../events/event-context.ts';
import { eventsOf } from '../events/events-of.ts';
import type { ResolvedCustomer } from '../identity/resolve-customers.ts';
import { type AccountScope, type ObjectChange, objectKey } from '../objects/store.ts';
import type { Telling } from '../objects/telling.ts';
import type { StripeFact } from '../stripe/read.ts';
import type { ChargeFact } from '../stripe/charge.ts';
import { attemptsTold, findFailedCharges } from './failed-attempts.ts';
import { byCustomer, reactivations } from './lookups.ts';
import { noteChargesWithoutInvoice } from './one-off-charges.ts';
import type { ToldEvent } from './told-events.ts';
import { letWait, tellFailures, waitingFailures, type WaitingFailure } from './waiting-failures.ts';

interface Applied {
  readonly tx: Tx;
  readonly scope: AccountScope;
  readonly told: readonly ToldEvent[];
  readonly changes: ReadonlyMap<string, ObjectChange>;
  readonly customerOf: ReadonlyMap<string, string>;
  readonly customers: ReadonlyMap<string, ResolvedCustomer>;
  readonly rules: WorkspaceRules;
  readonly facts: LoadedFacts;
}

/** What these events mean, in our words; each once per fact, by its key. */
export async function newEvents(deps: { clock: Clock }, input: Applied): Promise<NewBusEvent[]> {
  const { tx, scope, told, customerOf, customers, rules } = input;
  const catalogue = await loadCatalogue(tx, {
    workspaceId: scope.workspaceId,
    objects: told.flatMap(({ telling }) =>
      telling === null ? [] : factsTold(telling).map((fact) => ({ fact, ...scope })),
    ),
    known: input.facts.catalogue,
  });
  const listed = listedBy(catalogue, scope.stripeAccount);
  const billing = eventBilling({ settings: rules.billing, asOf: deps.clock.now(), listed });
  const loaded = byCustomer(input.facts, scope);
  const attempts = new Map(attemptsTold(told).map((attempt) => [attempt.key, attempt]));
  const waiting = await waitingFailures(tx, { scope, ...whatMayFollow(told) });
  const failedCharges = await findFailedCharges(tx, {
    scope,
    attempts: [...attempts.values(), ...waiting.map(({ attempt }) => attempt)],
    loaded,
  });
  const contactOf = (customerId: string): string | null => customers.get(customerId)?.contactId ?? null;
  const unexplained: WaitingFailure[] = [];
  const events = told.flatMap((one) => {
    const customerId = customerOf.get(one.event.eventId) ?? null;
    const context: EventContext = {
      scope,
      contactId: customerId === null ? null : contactOf(customerId),
      customerId,
      billing: { ...billing, asOfS: one.event.createdS },
      stripeEvent: { id: one.event.eventId, type: one.event.type, createdS: one.event.createdS },
    };
    const failedCharge = failedCharges.get(one.event.eventId) ?? null;
    const news = eventsOfOne(deps, { context, one, applied: input, failedCharge });
    const attempt = failedCharge === null ? attempts.get(one.event.eventId) : undefined;
    const failed = attempt === undefined ? undefined : news.find(isWithoutReason);
    if (attempt === undefined || failed === undefined) return news;
    unexplained.push({ attempt: { ...attempt, key: failed.dedupeKey ?? '' }, told: failed });
    return news.filter((event) => event !== failed);
  });
  await letWait(deps, { tx, scope, failures: unexplained });
  const explained = waiting.filter(({ attempt }) => failedCharges.has(attempt.key));
  const asOf = deps.clock.now();
  const toldAtLast = await tellFailures(tx, { scope, failures: explained, charges: failedCharges, contactOf, asOf });
  const stillWaiting = new Set(
    [...waiting.filter((one) => !explained.includes(one)), ...unexplained].map(({ attempt }) => attempt.invoiceId),
  );
  await noteChargesWithoutInvoice(deps, { tx, scope, told });
  return [
    ...toldAtLast,
    ...events.filter((event) => !isRecoveryOf(event, stillWaiting)),
    ...reactivations({ scope, told, customers, loaded, billing }),
  ];
}

/** Whose failed payments these events may explain, and which failed invoices were paid. */
function whatMayFollow(told: readonly ToldEvent[]): { customers: string[]; invoices: string[] } {
  const facts = told.flatMap(({ telling }) => telling?.fact ?? []);
  const failed = facts.filter((fact) => fact.object === 'charge' && fact.status === 'failed');
  const paid = facts.filter((fact) => fact.object === 'invoice' && fact.status === 'paid');
  return {
    customers: [...new Set(failed.flatMap((fact) => (fact.object === 'charge' ? (fact.customerId ?? []) : [])))],
    invoices: [...new Set(paid.flatMap((fact) => (fact.object === 'invoice' ? fact.id : [])))],
  };
}

function isWithoutReason({ type, data }: NewBusEvent): boolean {
  return type === 'invoice.payment_failed' && data['decline_code'] === null && data['failure_message'] === null;
}

/** It comes behind the failure that it follows, which waits. */
function isRecoveryOf({ type, data }: NewBusEvent, invoiceIds: ReadonlySet<string>): boolean {
  return type === 'payment_recovered' && invoiceIds.has(String(data['invoice_id']));
}

/** The object, and what it was before: the price that a customer leaves is named by nothing else. */
function factsTold({ fact, change }: Telling): StripeFact[] {
  return change === null ? [fact] : [fact, change.before];
}

function eventsOfOne(
  deps: { clock: Clock },
  input: {
    context: EventContext;
    one: ToldEvent;
    applied: Applied;
    failedCharge: ChargeFact | null;
  },
): NewBusEvent[] {
  const { context, one, applied, failedCharge } = input;
  const { customerId } = context;
  const resolved = customerId === null ? undefined : applied.customers.get(customerId);
  const events: NewBusEvent[] = [];
  if (resolved?.isNewLink && customerId !== null) {
    events.push({ ...linked(context, { customerId, resolved }), time: deps.clock.now() });
  }
  if (one.telling === null) return events;
  const { telling } = one;
  const stored = applied.changes.get(objectKey(telling.type, telling.id))?.after;
  if (!stored) return events;
  return [...events, ...eventsOf(context, { telling, previous: one.previous, stored, failedCharge })];
}

function linked(context: EventContext, input: { customerId: string; resolved: ResolvedCustomer }): NewBusEvent {
  return billingEvent(context, {
    name: 'customer_linked',
    fact: input.customerId,
    data: { linked_by: input.resolved.linkedBy },
  });
}
