/**
 * Objects that we read ourselves (backfill, re-list, a single fetch) into the graph. In: a page of objects and when the
 * read began. Out, in the caller's transaction: the objects where they are newer than what is stored, and contacts. Their
 * billing too, but not for each page of a backfill: then `staleContactsWorker` computes it. No GrowthOS events but `customer_linked` and `contact_updated`: a read tells of a state, not of a happening.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fromEpochS } from '#base/clock.ts';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import { eventBilling } from '../billing/context.ts';
import { noteRates } from '../contact-billing/account-rates.ts';
import type { RefreshReason } from '../contact-billing/refresh-billing.ts';
import { loadRules, type WorkspaceRules } from '../contact-billing/workspace-rules.ts';
import { forgetStripe } from '../identity/erase-contact.ts';
import { type Resolution, resolveCustomers, sightingsOf } from '../identity/resolve-customers.ts';
import { billingEvent } from '../events/event-context.ts';
import { readOwn } from '../objects/read-telling.ts';
import type { Telling } from '../objects/telling.ts';
import { type AccountScope, lockAccount, storeTellings } from '../objects/store.ts';
import { markStale, takeStale } from './stale-contacts.ts';
import { type ApplyDeps, refreshPeople } from './refresh-people.ts';
import { embeddedDiscounts } from './told-events.ts';

/** Objects that are read in one go: about a millisecond's work. */
const READ_TOGETHER = 50;

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
  // One second earlier than the read: an event of the same second may be newer than what was read, and it will come.
  const tellings = await readAll(input.objects, asOfS - 1);
  await lockAccount(tx, scope);
  const changes = await storeTellings(deps, { tx, scope, tellings });
  const changed = [...changes.values()].filter((change) => change.isChanged);
  const customerIds = new Set(changed.map(({ after }) => after.customerId).filter((id) => id !== null));
  for (const customerId of await customersViaParents(tx, {
    scope,
    parents: changed.filter(({ after }) => after.customerId === null).map(({ after }) => after.parentId),
  })) {
    customerIds.add(customerId);
  }
  await noteRates(tx, { scope, changes });
  const rules = await loadRules(tx, scope.workspaceId);
  const resolution = await resolveCustomers(deps, {
    tx,
    scope,
    settings: rules.identity,
    sightings: sightingsOf({ customerIds: [...customerIds], tellings }),
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
  const now = input.cause === 'backfill' ? onlyMoved(resolution) : resolution;
  const untold = await takeStale(tx, { scope, contactIds: touchedBy(now) });
  for (const { contactId } of now.customers.values()) {
    const isNew = untold.has(contactId) || resolution.createdContactIds.has(contactId);
    reasons.set(contactId, { at, cause, eventSource, isNew });
  }
  await refreshPeople(deps, { tx, scope, rules, resolution: now, changes, reasons });
  const computed = new Set(touchedBy(now));
  await markStale(deps, {
    tx,
    scope,
    contactIds: new Set(touchedBy(resolution).filter((id) => !computed.has(id))),
    newContactIds: resolution.createdContactIds,
    readAt: at,
  });
  deps.publisher.publish(tx, newLinks({ scope, resolution, rules, asOfS, cause: input.cause }));
  return { changed: changed.length };
}

/** In small parts: whoever has the account's lock meanwhile, in this process too, need not wait for all of them. */
async function readAll(objects: readonly unknown[], asOfS: number): Promise<Telling[]> {
  const tellings: Telling[] = [];
  for (let from = 0; from < objects.length; from += READ_TOGETHER) {
    if (from > 0) await nextTurn();
    for (const object of objects.slice(from, from + READ_TOGETHER)) {
      for (const one of [object, ...embeddedDiscounts(object)]) {
        const telling = readOwn(one, asOfS);
        if (telling !== null) tellings.push(telling);
      }
    }
  }
  return tellings;
}

/** Who gained identities or lost some is computed at once: what was said in the name of those is known only now. */
function onlyMoved(resolution: Resolution): Resolution {
  const moved = new Set([...resolution.movedContactIds, ...resolution.lost.keys()]);
  return {
    ...resolution,
    changedContactIds: new Set([...resolution.changedContactIds].filter((id) => moved.has(id))),
    customers: new Map([...resolution.customers].filter(([, { contactId }]) => moved.has(contactId))),
  };
}

function touchedBy(resolution: Resolution): string[] {
  const owners = [...resolution.customers.values()].map(({ contactId }) => contactId);
  return [...new Set([...owners, ...resolution.changedContactIds])];
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
  const billing = eventBilling({ settings, asOf: fromEpochS(asOfS) });
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
