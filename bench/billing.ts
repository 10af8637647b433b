/**
 * Contacts whose billing is recomputed, per second on one core: by the pure function alone, and on PostgreSQL from stored
 * facts to written contact; and what share of applying Stripe's events that is.
 *
 * `pure`: summarizeBilling on facts in memory. `stored`: refreshBilling for 200 contacts at a time, each transaction
 * reading facts, computing and writing. `applied`: batches of 200 events (half customer.subscription.updated, half
 * invoice.payment_failed, about 4 KB, over 1,000 customers), from the parsed payload to the commit with objects, contacts
 * and bus events. The seconds of this process's own CPU stand beside the wall clock, because the database works too.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '@growthos/engine/base/clock.ts';
import { newId } from '@growthos/engine/base/ids.ts';
import { silentLog } from '@growthos/engine/base/log.ts';
import { createPublisher } from '@growthos/engine/bus/index.ts';
import { openServerDb } from '@growthos/engine/db/client/server.ts';
import { type Db, many } from '@growthos/engine/db/db.ts';
import { migrate } from '@growthos/engine/db/migrate.ts';
import { summarizeBilling } from '@growthos/engine/project/billing/summary.ts';
import { billingInput } from '@growthos/engine/project/contact-billing/billing-input.ts';
import { loadFacts } from '@growthos/engine/project/contact-billing/load-facts.ts';
import { refreshBilling } from '@growthos/engine/project/contact-billing/refresh-billing.ts';
import { loadRules } from '@growthos/engine/project/contact-billing/workspace-rules.ts';
import { applyStripeEvents } from '@growthos/engine/project/index.ts';
import { createBenchDatabase } from './tools/bench-database.ts';
import { ACCOUNT, eventBody } from './tools/stripe-payloads.ts';

const BATCH_SIZE = 200;
const publisher = createPublisher({ clock: systemClock });
const deps = { clock: systemClock, publisher };

interface Figure {
  readonly perSecond: number;
  /** Of this process, per item: what one core must give. */
  readonly cpuMicroseconds: number;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { events: { type: 'string', default: '20000' }, json: { type: 'boolean', default: false } },
  });
  const database = await createBenchDatabase('billing');
  const db = openServerDb({ log: silentLog }, { url: database.url, poolSizeMax: 2 });
  try {
    await migrate(db);
    const workspaceId = newId();
    await db.query({
      text: `insert into workspace (id, name, mode, created_at) values ($1, 'Bench', 'test', now())`,
      values: [workspaceId],
    });
    await applyEvents(db, { workspaceId, from: 0, count: 4_000 });
    const applied = await applyEvents(db, { workspaceId, from: 4_000, count: Number(values.events) });
    const stored = await recompute(db, { workspaceId, seconds: 4 });
    const pure = await computePure(db, { workspaceId, seconds: 3 });
    const figures = { pure, stored, applied, share: await share(applied, stored) };
    if (values.json) console.log(JSON.stringify(figures));
    else print(figures);
    return 0;
  } finally {
    await db.close();
    await database.drop();
  }
}

async function measure(items: () => Promise<number>): Promise<Figure> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const count = await items();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpuMicroseconds: (user + system) / count };
}

async function applyEvents(db: Db, input: { workspaceId: string; from: number; count: number }): Promise<Figure> {
  const { workspaceId, from, count } = input;
  // Parsed before: reading the ledger is the drain's work, in a statement of its own.
  const events = Array.from({ length: count }, (_, index) => {
    const payload = JSON.parse(eventBody(from + index)) as { id: string; type: string; created: number };
    const { id: eventId, type, created: createdS } = payload;
    return { workspaceId, origin: ACCOUNT, livemode: false, eventId, type, createdS, payload };
  });
  return measure(async () => {
    for (let at = 0; at < events.length; at += BATCH_SIZE) {
      const batch = events.slice(at, at + BATCH_SIZE);
      await db.transaction((tx) => applyStripeEvents(deps, { tx, events: batch }));
    }
    return events.length;
  });
}

async function recompute(db: Db, input: { workspaceId: string; seconds: number }): Promise<Figure> {
  const { workspaceId, seconds } = input;
  const contactIds = await contactsOf(db, workspaceId);
  const reason = { at: systemClock.now(), cause: null, eventSource: 'growthos', isNew: false };
  return measure(async () => {
    let count = 0;
    for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; ) {
      const from = count % contactIds.length;
      const contacts = new Map(contactIds.slice(from, from + BATCH_SIZE).map((id) => [id, reason]));
      await db.transaction(async (tx) => {
        // As if the price had been another one: so every contact is written and told of.
        await tx.query({ text: 'update contact set mrr_minor = 1 where id = any($1)', values: [[...contacts.keys()]] });
        await refreshBilling(deps, { tx, workspaceId, rules: await loadRules(tx, workspaceId), contacts });
      });
      count += contacts.size;
    }
    return count;
  });
}

async function computePure(db: Db, input: { workspaceId: string; seconds: number }): Promise<Figure> {
  const { workspaceId, seconds } = input;
  const contactIds = await contactsOf(db, workspaceId);
  const facts = await loadFacts(db, { workspaceId, contactIds });
  const rules = await loadRules(db, workspaceId);
  const asOf = systemClock.now();
  const { catalogue } = facts;
  const inputs = [...facts.contacts.values()].map(({ objects }) => billingInput({ objects, catalogue, rules, asOf }));
  return measure(async () => {
    let count = 0;
    for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; ) {
      for (const one of inputs) summarizeBilling(one);
      count += inputs.length;
    }
    return count;
  });
}

async function contactsOf(db: Db, workspaceId: string): Promise<string[]> {
  const rows = await many<{ id: string }>(db, {
    text: 'select id from contact where workspace_id = $1 and merged_into is null order by id',
    values: [workspaceId],
  });
  return rows.map((row) => row.id);
}

/** What recomputing costs of applying an event: a batch of 200 events touches about 100 contacts. */
async function share(applied: Figure, stored: Figure): Promise<number> {
  return Math.min(1, stored.cpuMicroseconds / 2 / applied.cpuMicroseconds);
}

function print(figures: { pure: Figure; stored: Figure; applied: Figure; share: number }): void {
  const line = (name: string, { perSecond, cpuMicroseconds }: Figure, unit: string): void =>
    console.log(
      `${name.padEnd(9)} ${Math.round(perSecond).toLocaleString('en').padStart(9)} ${unit}/s   ` +
        `${cpuMicroseconds.toFixed(1).padStart(7)} us of one core each (${Math.round(1e6 / cpuMicroseconds).toLocaleString('en')}/s if it had nothing to wait for)`,
    );
  line('pure', figures.pure, 'contacts');
  line('stored', figures.stored, 'contacts');
  line('applied', figures.applied, 'events  ');
  console.log(`share of recomputing billing in applying: ${Math.round(figures.share * 100)} %`);
}
