/** Two people's billing and activity with segments, sequences and messages on top: what a merge touches, and how it reads. */
import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { silentLog } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { consumerWorker } from '#bus/index.ts';
import { many, type Db } from '#db/db.ts';
import { createSegment, flipsWorker, recomputeWorker, segmentsConsumer } from '#respond/segments/index.ts';
import {
  advanceWorker,
  createMatchContacts,
  createSequence,
  dateTriggerWorker,
  sequenceConsumers,
  switchOn,
} from '#respond/sequences/index.ts';
import { messageRequestsConsumer } from '#send/index.ts';
import { type GraphWorld, openGraphWorld } from '../world/graph.ts';

type Hash = Record<string, unknown>;

export interface UnmergeWorld extends GraphWorld {
  /** Everything that is due: consumers, flips, dates, runs. */
  settle(): Promise<void>;
  /** What anybody could see of these contacts. `until`: only events up to this position of the log. */
  picture(contactIds: readonly string[], until: bigint): Promise<Hash>;
  end(): Promise<bigint>;
}

const TABLES = `message, enrolment_step, enrolment, sequence_date_due, sequence_date_merged, sequence_version, sequence,
  segment_membership, segment_before_merge, segment_trend, segment, bus_consumer, consent`;

export async function openUnmergeWorld(db: Db): Promise<UnmergeWorld> {
  await db.execute(`truncate ${TABLES} cascade`);
  const world = await openGraphWorld(db);
  const { clock, publisher, workspaceId } = world;
  const matchContacts = createMatchContacts({ clock });
  const deps = { db, clock, publisher, matchContacts };
  const bus = { db, clock, log: silentLog };
  const workers: Worker[] = [
    consumerWorker(bus, segmentsConsumer(deps)),
    ...[...sequenceConsumers(deps), messageRequestsConsumer(deps)].map((consumer) => consumerWorker(bus, consumer)),
    flipsWorker(deps),
    recomputeWorker(deps),
    dateTriggerWorker(deps),
    advanceWorker({ ...deps, log: silentLog, batchSize: 500, setTraits: async () => undefined }),
  ];
  for (const worker of workers) await worker.runOnce();
  for (const [key, where] of SEGMENTS) {
    await createSegment(deps, { workspaceId, key, name: key, definition: { version: 1, where } });
  }
  for (const definition of SEQUENCES) {
    const { id: sequenceId } = await createSequence(deps, { workspaceId, definition, by: null });
    const cause = { kind: 'person' as const, id: null };
    await switchOn(deps, { workspaceId, sequenceId, includeNow: false, cause });
  }
  const all = (text: string, values: unknown[]): Promise<Hash[]> => many(db, { text, values });
  return {
    ...world,
    async settle() {
      for (let round = 0; round < 200; round++) {
        let handled = 0;
        for (const worker of workers) handled += await worker.runOnce();
        if (handled === 0) return;
      }
      throw new Error('it does not come to rest');
    },
    async end() {
      const [row] = await many<{ end: bigint }>(db, {
        text: 'select coalesce(max(position), 0)::bigint as end from bus_event',
      });
      return row?.end ?? 0n;
    },
    async picture(contactIds, until) {
      const ids = [contactIds];
      return {
        contacts: without(
          await all('select * from contact where id = any($1::uuid[]) order by id', ids),
          'updated_at billing_as_of',
        ),
        identities: await all(
          'select kind, value, contact_id, said from contact_identity where contact_id = any($1::uuid[]) order by 1, 2',
          ids,
        ),
        companies: await all('select * from company_membership where contact_id = any($1::uuid[]) order by 2, 3', ids),
        activity: await all(
          `select contact_id, round(rank_key::numeric, 6) as rank_key, event_count, last_activity_at, nps_score, nps_at, is_counted
           from contact_engagement where contact_id = any($1::uuid[]) order by 1`,
          ids,
        ),
        segments: await all(
          `select m.contact_id, s.key, m.is_member, m.since, m.next_flip_at from segment_membership m
           join segment s on s.id = m.segment_id and s.version = m.version where m.contact_id = any($1::uuid[]) order by 1, 2`,
          ids,
        ),
        counts: await all('select key, member_count from segment where workspace_id = $1 order by 1', [workspaceId]),
        runs: without(
          await all('select * from enrolment where contact_id = any($1::uuid[]) order by id', ids),
          'origin_contact_id before_merge',
        ),
        starts: await all(
          'select sequence_id, contact_id, due_at from sequence_date_due where contact_id = any($1::uuid[]) order by 1, 2',
          ids,
        ),
        messages: without(
          await all('select * from message where contact_id = any($1::uuid[]) order by id', ids),
          'origin_contact_id',
        ),
        timeline: await all(
          'select position, contact_id, type from bus_event where contact_id = any($1::uuid[]) and position <= $2 order by 1',
          [contactIds, until],
        ),
      };
    },
  };
}

function without(rows: readonly Hash[], columns: string): Hash[] {
  const names = new Set(columns.split(' '));
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !names.has(name))));
}

const SEGMENTS: readonly (readonly [string, FilterNode])[] = [
  ['paying', { op: 'text', property: 'billing_status', is: 'is', values: ['active'] }],
  ['not_paying', { op: 'text', property: 'billing_status', is: 'is', values: ['none', 'trialing'] }],
  [
    'busy',
    {
      op: 'event',
      event: 'Opened',
      where: [],
      did: 'did',
      is: 'at_least',
      times: 2,
      within: { n: 7, unit: 'days' },
    },
  ],
];

const email = (id: string) => ({
  id,
  kind: 'email',
  content: { format: 'plain', subject: 'Hello', text: 'Hi {{ contact.name }}' },
});
const base = { category: 'product', isExemptFromCaps: true, quietHours: null };

const SEQUENCES = [
  {
    ...base,
    name: 'On opening',
    trigger: { kind: 'event', type: 'Opened' },
    reentry: { rule: 'always' },
    exits: { goals: [] },
    steps: [email('first'), { id: 'pause', kind: 'wait_for', duration: { days: 2 } }, email('second')],
  },
  {
    ...base,
    name: 'On not paying',
    trigger: { kind: 'segment', segment: 'not_paying', on: 'entered' },
    reentry: { rule: 'always' },
    exits: { goals: [] },
    steps: [email('win')],
  },
  {
    ...base,
    name: 'Before the trial ends',
    trigger: { kind: 'date', property: 'trial_end_date', offset: { days: -3 } },
    reentry: { rule: 'always' },
    exits: { goals: [] },
    steps: [email('ends')],
  },
].map((definition) => SequenceDefinition.parse(definition));
