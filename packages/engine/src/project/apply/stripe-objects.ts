/**
 * Objects that we read ourselves (backfill, re-list, a single fetch) into the graph. In: a page of objects and when the
 * read began. Out, in the caller's transaction: the objects where they are newer than what is stored, contacts and their
 * billing. No GrowthOS events but `customer_linked` and `contact_updated`: a read tells of a state, not of a happening.
 */
import { fromEpochS } from '#base/clock.ts';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import { billingContext } from '../billing/context.ts';
import { noteRates } from '../contact-billing/account-rates.ts';
import type { RefreshReason } from '../contact-billing/refresh-billing.ts';
import { loadRules, type WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { forgetStripe } from '../identity/erase-contact.ts';
import { customerTellings, type Resolution, resolveCustomers } from '../identity/resolve-customers.ts';
import { billingEvent } from '../events/event-context.ts';
import { readOwn } from '../objects/read-telling.ts';
import { type AccountScope, lockAccount, storeTellings } from '../objects/store.ts';
import { type ApplyDeps, chargesOf, embeddedDiscounts, refreshPeople } from './stripe-events.ts';

export interface ObjectsInput {
  readonly tx: Tx;
  readonly workspaceId: string;
  readonly stripeAccount: string;
  readonly livemode: boolean;
  /** When the read began, epoch seconds by Stripe's clock. */
  readonly asOfS: number;
  readonly objects: readonly unknown[];
  readonly cause: 'backfill' | 'reconcile';
}

export async function applyStripeObjects(deps: ApplyDeps, input: ObjectsInput): Promise<{ changed: number }> {
  const { tx, asOfS } = input;
  const scope: AccountScope = {
    workspaceId: input.workspaceId,
    stripeAccount: input.stripeAccount,
    livemode: input.livemode,
  };
  await lockAccount(tx, scope);
  // One second earlier than the read: an event of the same second may be newer than what was read, and it will come.
  const tellings = input.objects
    .flatMap((object) => [object, ...embeddedDiscounts(object)])
    .map((object) => readOwn(object, asOfS - 1))
    .filter((telling) => telling !== null);
  const changes = await storeTellings(deps, { tx, scope, tellings });
  const changed = [...changes.values()].filter((change) => change.isChanged);
  const customerIds = new Set(changed.map(({ after }) => after.customerId).filter((id) => id !== null));
  for (const customerId of await customersViaParents(tx, {
    scope,
    parents: changed.filter(({ after }) => after.customerId === null).map(({ after }) => after.parentId),
  })) {
    customerIds.add(customerId);
  }
  await noteRates(tx, { scope, charges: chargesOf(changes) });
  const rules = await loadRules(tx, scope.workspaceId);
  const told = customerTellings(tellings);
  const resolution = await resolveCustomers(deps, {
    tx,
    scope,
    settings: rules.identity,
    sightings: [...customerIds].map((customerId) => ({ customerId, tellings: told.get(customerId) ?? [] })),
  });
  await forgetStripe(tx, {
    workspaceId: scope.workspaceId,
    customers: [...customerIds]
      .filter((id) => !resolution.customers.has(id))
      .map((id) => `${scope.stripeAccount}/${id}`),
  });
  const at = fromEpochS(asOfS);
  const cause: EventCause = { kind: input.cause, id: null };
  const eventSource = `stripe:${scope.stripeAccount}`;
  const reasons = new Map<string, RefreshReason>();
  for (const { contactId } of resolution.customers.values()) {
    reasons.set(contactId, { at, cause, eventSource, isNew: resolution.createdContactIds.has(contactId) });
  }
  await refreshPeople(deps, { tx, scope, rules, resolution, changes, reasons });
  deps.publisher.publish(tx, newLinks({ scope, resolution, rules, asOfS, cause: input.cause }));
  return { changed: changed.length };
}

function newLinks(input: {
  scope: AccountScope;
  resolution: Resolution;
  rules: WorkspaceRules;
  asOfS: number;
  cause: 'backfill' | 'reconcile';
}): NewBusEvent[] {
  const { scope, resolution, asOfS, cause } = input;
  const settings = input.rules.billing;
  const billing = billingContext({ customers: [], subscriptions: [], settings, asOf: fromEpochS(asOfS) });
  return [...resolution.customers]
    .filter(([, resolved]) => resolved.isNewLink)
    .map(([customerId, resolved]) => ({
      ...billingEvent(
        {
          scope,
          contactId: resolved.contactId,
          customerId,
          billing,
          stripeEvent: { id: cause, type: cause, createdS: asOfS },
        },
        { name: 'customer_linked', fact: customerId, data: { linked_by: resolved.linkedBy } },
      ),
      cause: { kind: cause, id: null },
    }));
}

async function customersViaParents(
  tx: Tx,
  input: { scope: AccountScope; parents: readonly (string | null)[] },
): Promise<string[]> {
  const parents = input.parents.filter((parent) => parent !== null);
  if (parents.length === 0) return [];
  const rows = await many<{ customer_id: string }>(tx, {
    text: `select distinct customer_id from stripe_object
           where stripe_account = $1 and livemode = $2 and type in ('charge', 'invoice') and id = any($3) and customer_id is not null`,
    values: [input.scope.stripeAccount, input.scope.livemode, parents],
  });
  return rows.map((row) => row.customer_id);
}
