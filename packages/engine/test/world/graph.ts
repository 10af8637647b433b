/** A workspace whose graph is fed by hand: Stripe events, reads and product events, through the ledger, as the drain does. */
import { MovableClock, toEpochS } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Worker } from '#base/worker.ts';
import { createPublisher, type Publisher } from '#bus/index.ts';
import { json, many, one, type Db } from '#db/db.ts';
import { applyStripeEvents, applyStripeObjects, applyTrackEvents } from '#project/index.ts';

type Hash = Record<string, unknown>;

export const GRAPH_START = new Date('2026-11-24T09:00:00Z');
const DAY_S = 86_400;
const ACCOUNT = 'acct_1';

export interface GraphWorld {
  readonly workspaceId: string;
  readonly clock: MovableClock;
  readonly publisher: Publisher;
  readonly stripe: (type: string, object: Hash, over?: { atS?: number; previous?: Hash }) => Promise<void>;
  readonly read: (...objects: Hash[]) => Promise<void>;
  readonly say: (message: Hash, over?: { atS?: number }) => Promise<void>;
  /** Live contacts, by the order of their making. */
  readonly contacts: () => Promise<Hash[]>;
  /** The contact that an identity belongs to. */
  readonly contactOf: (value: string) => Promise<string | null>;
  readonly events: (type: string) => Promise<{ contact_id: string | null; data: Hash }[]>;
  readonly run: (worker: Worker) => Promise<number>;
}

/** Empties the database first: one account belongs to one workspace. */
export async function openGraphWorld(db: Db): Promise<GraphWorld> {
  await db.execute(
    `truncate workspace, contact, contact_identity, identity_edge, identity_erased, identity_conflict, contact_merge, company,
     stripe_object, stripe_account, account_rate, charge_waiting, failure_waiting, bus_event, inbox_event, contact_engagement cascade`,
  );
  const workspaceId = newId();
  const clock = new MovableClock(GRAPH_START);
  const publisher = createPublisher({ clock });
  const deps = { clock, publisher };
  let serial = 0;
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'W', 'test', $2)`,
    values: [workspaceId, GRAPH_START],
  });
  const store = (row: {
    source: string;
    origin: string;
    id: string;
    type: string;
    subject: string;
    atS: number;
    payload: unknown;
  }) =>
    db.query({
      text: `insert into inbox_event (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, received_at, payload)
             values ($1, $2, $3, $4, $5, $6, false, $7, 'api', $8, $9)`,
      values: [
        workspaceId,
        row.source,
        row.origin,
        row.id,
        row.type,
        row.subject,
        row.atS,
        clock.now(),
        json(row.payload),
      ],
    });
  return {
    workspaceId,
    clock,
    publisher,
    async stripe(type, object, over = {}) {
      const id = `evt_${workspaceId}_${(serial += 1)}`;
      const atS = toEpochS(clock.now()) + (over.atS ?? 0);
      const data = { object, ...(over.previous ? { previous_attributes: over.previous } : {}) };
      const payload = { id, object: 'event', type, created: atS, data };
      const subject = String(object['customer'] ?? object['id']);
      await store({ source: 'stripe', origin: ACCOUNT, id, type, subject, atS, payload });
      const event = { workspaceId, origin: ACCOUNT, livemode: false, eventId: id, type, createdS: atS, payload };
      await db.transaction((tx) => applyStripeEvents(deps, { tx, events: [event] }));
    },
    async read(...objects) {
      const input = { workspaceId, stripeAccount: ACCOUNT, livemode: false, asOfS: toEpochS(clock.now()), objects };
      await db.transaction((tx) => applyStripeObjects(deps, { tx, ...input, cause: 'reconcile' }));
    },
    async say(message, over = {}) {
      const id = `m_${workspaceId}_${(serial += 1)}`;
      const atS = toEpochS(clock.now()) + (over.atS ?? 0);
      const payload = { ...EMPTY_MESSAGE, ...message, messageId: id, timestamp: new Date(atS * 1000).toISOString() };
      const subject = String(message['userId'] ?? message['anonymousId']);
      await store({ source: 'track', origin: workspaceId, id, type: String(message['type']), subject, atS, payload });
      await db.transaction((tx) => applyTrackEvents(deps, { tx, events: [{ workspaceId, eventId: id, payload }] }));
    },
    contacts: () =>
      many(db, {
        text: 'select * from contact where workspace_id = $1 and merged_into is null and erased_at is null order by id',
        values: [workspaceId],
      }),
    async contactOf(value) {
      const row = await one<{ contact_id: string }>(db, {
        text: 'select contact_id from contact_identity where workspace_id = $1 and value = $2',
        values: [workspaceId, value],
      });
      return row?.contact_id ?? null;
    },
    events: (type) =>
      many(db, {
        text: 'select contact_id, data from bus_event where workspace_id = $1 and type = $2 order by position',
        values: [workspaceId, type],
      }),
    async run(worker) {
      let handled = 0;
      for (let round = 0; round < 100; round++) {
        const now = await worker.runOnce();
        if (now === 0) return handled;
        handled += now;
      }
      throw new Error(`${worker.name} does not come to rest`);
    },
  };
}

/** A stored message of the product with nothing in it, to spread what one says over. */
export const EMPTY_MESSAGE = {
  userId: null,
  anonymousId: null,
  event: null,
  name: null,
  category: null,
  groupId: null,
  properties: {},
  traits: {},
  context: {},
  // As if a server had said it; a test of what browsers say spreads the opposite.
  isEmailProven: true,
};

export function aCustomer(id: string, over: Hash = {}): Hash {
  return {
    id,
    object: 'customer',
    email: null,
    name: null,
    created: toEpochS(GRAPH_START),
    metadata: {},
    livemode: false,
    ...over,
  };
}

/** Active, $29.00 a month, unless said otherwise. */
export function aSubscription(
  id: string,
  customerId: string,
  over: Hash & { unitAmount?: number; currency?: string } = {},
): Hash {
  const { unitAmount = 2900, currency = 'usd', ...rest } = over;
  const price = {
    id: `price_${unitAmount}_${currency}`,
    object: 'price',
    currency,
    product: `prod_${unitAmount}`,
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
    billing_scheme: 'per_unit',
    type: 'recurring',
    recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
  };
  const startS = toEpochS(GRAPH_START);
  const item = {
    id: `si_${id}`,
    object: 'subscription_item',
    quantity: 1,
    price,
    discounts: [],
    tax_rates: [],
    current_period_start: startS,
    current_period_end: startS + 30 * DAY_S,
  };
  return {
    id,
    object: 'subscription',
    customer: customerId,
    status: 'active',
    currency,
    created: startS,
    start_date: startS,
    cancel_at_period_end: false,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    discounts: [],
    items: { object: 'list', data: [item], has_more: false },
    livemode: false,
    metadata: {},
    ...rest,
  };
}
