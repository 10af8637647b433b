/** A workspace with live segments on a movable clock: contacts change as the graph's writer would change them. */
import { MovableClock, type Duration } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { consumerWorker, createPublisher, type NewBusEvent } from '#bus/index.ts';
import { json, many, one, type Db } from '#db/db.ts';
import { CONTACT_COLUMNS, CURRENCY_COLUMNS } from '#project/catalogue.ts';
import {
  createSegment,
  flipsWorker,
  installTemplates,
  recomputeWorker,
  segmentsConsumer,
} from '#respond/segments/index.ts';
import type { ContactProperty } from '@growthos/contracts/contact-properties.ts';
import { FILTER_VERSION, type FilterNode } from '@growthos/contracts/filter/filter.ts';
import { insertContacts } from './segment-people.ts';

type Properties = Readonly<Record<string, unknown>>;

export interface SegmentWorld {
  readonly db: Db;
  readonly clock: MovableClock;
  readonly workspaceId: string;
  readonly workers: readonly Worker[];
  /** Works off everything that is due now. */
  settle(): Promise<void>;
  /** Moves the clock and settles. */
  advance(duration: Duration): Promise<void>;
  moveTo(at: Date | string): Promise<void>;
  addContact(properties: Properties): Promise<string>;
  /** Built-in properties by name, `traits.x`; `..._currency` beside money. */
  change(contactId: string, properties: Properties): Promise<void>;
  track(contactId: string, event: Pick<NewBusEvent, 'type'> & Partial<NewBusEvent>): Promise<void>;
  segment(key: string, where: FilterNode): Promise<string>;
  installTemplates(): Promise<void>;
  members(key: string): Promise<string[]>;
  /** `+key` and `-key` per transition of a contact, in order. */
  told(contactId: string): Promise<string[]>;
}

export async function startSegmentWorld(input: { db: Db; now: string; timezone?: string }): Promise<SegmentWorld> {
  const { db } = input;
  const clock = new MovableClock(new Date(input.now));
  const publisher = createPublisher({ clock });
  const workspaceId = newId();
  await db.query({
    text: `insert into workspace (id, name, mode, timezone, created_at) values ($1, 'Analytical Engines', 'live', $2, $3)`,
    values: [workspaceId, input.timezone ?? 'UTC', clock.now()],
  });
  const deps = { db, clock, publisher };
  const workers = [
    consumerWorker({ db, clock, log: silentLog }, segmentsConsumer(deps)),
    flipsWorker(deps),
    recomputeWorker(deps),
  ];
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 1000; round++) {
      let handled = 0;
      for (const worker of workers) handled += await worker.runOnce();
      if (handled === 0) return;
    }
    throw new Error('segments did not settle');
  };
  const publish = (event: Pick<NewBusEvent, 'type'> & Partial<NewBusEvent>, contactId: string): NewBusEvent => ({
    workspaceId,
    contactId,
    source: 'growthos',
    time: clock.now(),
    data: {},
    cause: null,
    ...event,
  });
  const world: SegmentWorld = {
    db,
    clock,
    workspaceId,
    workers,
    settle,
    async advance(duration) {
      clock.advance(duration);
      await settle();
    },
    async moveTo(at) {
      clock.moveTo(new Date(at));
      await settle();
    },
    async addContact(properties) {
      const id = newId();
      await db.transaction(async (tx) => {
        const rows = [
          {
            id,
            workspace_id: workspaceId,
            created_at: clock.now(),
            updated_at: clock.now(),
            billing_status: 'none',
            ...columnsOf(properties),
          },
        ];
        await insertContacts(tx, rows);
        publisher.publish(tx, [
          publish({ type: 'contact_updated', data: { is_new: true, changes: changesOf(properties) } }, id),
        ]);
      });
      return id;
    },
    async change(contactId, properties) {
      await db.transaction(async (tx) => {
        const { traits, ...columns } = columnsOf(properties) as Record<string, unknown> & { traits?: unknown };
        const names = Object.keys(columns);
        await tx.query({
          text: `update contact c set traits = c.traits || coalesce($2::jsonb, '{}')${names.map((name) => `, ${name} = r.${name}`).join('')}
                 from jsonb_populate_record(null::contact, $3::jsonb) r where c.id = $1`,
          values: [contactId, traits === undefined ? null : json(traits), json(columns)],
        });
        publisher.publish(tx, [
          publish({ type: 'contact_updated', data: { is_new: false, changes: changesOf(properties) } }, contactId),
        ]);
      });
    },
    async track(contactId, event) {
      await db.transaction(async (tx) => publisher.publish(tx, [publish({ source: 'app', ...event }, contactId)]));
    },
    segment: (key, where) =>
      createSegment(deps, { workspaceId, key, name: key, definition: { version: FILTER_VERSION, where } }),
    async installTemplates() {
      await db.transaction(async (tx) => void (await installTemplates(deps, { tx, workspaceId })));
    },
    async members(key) {
      const rows = await many<{ id: string }>(db, {
        text: `select m.contact_id as id from segment s join segment_membership m on m.segment_id = s.id and m.version = s.version
               where s.workspace_id = $1 and s.key = $2 and m.is_member order by 1`,
        values: [workspaceId, key],
      });
      const counted = await one<{ n: bigint }>(db, {
        text: 'select member_count as n from segment where workspace_id = $1 and key = $2',
        values: [workspaceId, key],
      });
      if (Number(counted?.n ?? -1) !== rows.length)
        throw new Error(`${key} counts ${counted?.n} and has ${rows.length}`);
      return rows.map((row) => row.id);
    },
    async told(contactId) {
      const rows = await many<{ type: string; key: string }>(db, {
        text: `select type, data ->> 'segment_key' as key from bus_event
               where contact_id = $1 and type in ('segment_entered', 'segment_left') order by position`,
        values: [contactId],
      });
      return rows.map((row) => `${row.type === 'segment_entered' ? '+' : '-'}${row.key}`);
    },
  };
  return world;
}

function columnsOf(properties: Properties): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  const traits: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('traits.')) {
      traits[name.slice('traits.'.length)] = value;
      continue;
    }
    const base = name.replace(/_currency$/, '');
    const column = base === name ? CONTACT_COLUMNS[name as ContactProperty] : CURRENCY_COLUMNS[base as ContactProperty];
    columns[column ?? name] = value;
  }
  return Object.keys(traits).length > 0 ? { ...columns, traits } : columns;
}

function changesOf(properties: Properties): { property: string; old: unknown; new: unknown }[] {
  return Object.entries(properties).map(([property, value]) => ({ property, old: null, new: value }));
}
