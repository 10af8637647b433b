/**
 * How far behind every queue is: the age of the oldest that waits, and how many wait. For /ready, /metrics and the health
 * page. Each figure is one look at an index; counts stop at a bound, because "more than enough" is all one needs to know.
 */
import type { LagFigure } from '@growthos/contracts/http/health.ts';
import type { Clock } from '#base/clock.ts';
import { many, type Queryable } from '#db/db.ts';
import { sentenceCase } from './billing-words.ts';

const COUNT_MAX = 10_000;

/** Seconds behind from which a queue counts as behind. Source: the promise that a change is seen within a second, with room. */
const BOUNDS_S: Readonly<Record<string, number>> = {
  inbox: 30,
  segment_flips: 60,
  sequence_steps: 300,
  messages: 300,
  stripe_refetch: 600,
  // A replay of months takes its time; one that takes a day has stopped.
  replays: 86_400,
};
const CONSUMER_BOUND_S = 60;

const LABELS: Readonly<Record<string, string>> = {
  inbox: 'Events received, not applied yet',
  segment_flips: 'Memberships that time changes',
  sequence_steps: 'Steps of sequences that are due',
  messages: 'Messages that are due',
  stripe_refetch: 'Objects to be read again at Stripe',
  replays: 'Replays that run',
};

interface Row {
  name: string;
  waiting: number;
  oldest: Date | null;
}

export async function lagFigures(deps: { db: Queryable; clock: Clock }): Promise<LagFigure[]> {
  const now = deps.clock.now();
  const queues = await many<Row>(deps.db, {
    name: 'view_lag',
    text: `select 'inbox' as name, (select count(*)::int from (select 1 from inbox_pending limit ${COUNT_MAX}) w) as waiting,
             (select e.received_at from inbox_pending p join inbox_event e using (seq) order by p.seq limit 1) as oldest
           union all
           select 'segment_flips', (select count(*)::int from (select 1 from segment_membership
             where next_flip_at is not null and next_flip_at <= $1 limit ${COUNT_MAX}) w),
             (select min(next_flip_at) from segment_membership where next_flip_at is not null and next_flip_at <= $1)
           union all
           select 'sequence_steps', (select count(*)::int from (select 1 from enrolment
             where status = 'active' and next_due_at is not null and next_due_at <= $1 limit ${COUNT_MAX}) w),
             (select min(next_due_at) from enrolment where status = 'active' and next_due_at is not null and next_due_at <= $1)
           union all
           select 'messages', (select count(*)::int from (select 1 from message
             where status = 'requested' and not_before <= $1 limit ${COUNT_MAX}) w),
             (select min(not_before) from message where status = 'requested' and not_before <= $1)
           union all
           select 'stripe_refetch', (select count(*)::int from (select 1 from stripe_refetch
             where not_before <= $1 limit ${COUNT_MAX}) w),
             (select min(not_before) from stripe_refetch where not_before <= $1)
           union all
           select 'replays', (select count(*)::int from bus_replay where ended_at is null),
             (select min(asked_at) from bus_replay where ended_at is null)`,
    values: [now],
  });
  const consumers = await many<Row>(deps.db, {
    name: 'view_consumer_lag',
    text: `select 'consumer:' || k.name as name,
             (select count(*)::int from (select 1 from bus_event b where b.position > k.position limit ${COUNT_MAX}) w) as waiting,
             (select b.recorded_at from bus_event b where b.position > k.position order by b.position limit 1) as oldest
           from bus_consumer k order by k.name`,
  });
  return [...queues, ...consumers].map((row) => toFigure(row, now));
}

function toFigure(row: Row, now: Date): LagFigure {
  const lagMs = row.oldest === null ? 0 : now.getTime() - row.oldest.getTime();
  return {
    name: row.name,
    label: LABELS[row.name] ?? sentenceCase(row.name.replace('consumer:', '')),
    waitingCount: row.waiting,
    lagS: Math.max(0, Math.round(lagMs / 1000)),
    boundS: BOUNDS_S[row.name] ?? CONSUMER_BOUND_S,
  };
}
