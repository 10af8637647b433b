/**
 * What time alone changes about scores. In: workspaces whose scale is due (daily, when people have doubled, or when the
 * definition was edited). Out: new percentile cuts, then contacts brought up to date in steps of `SWEEP_SIZE`, each step
 * with its `contact_updated` events. Work is bounded: a scale is taken from a sample, a score that moved by less than
 * `DRIFT_MIN` is left until its contact does something. May happen twice: a step, with the same result.
 */
import type { Clock } from '#base/clock.ts';
import { addMs, durationMs } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { loadContacts, patchContacts, type ContactPatch } from '../contacts/patch-contacts.ts';
import { BUCKETS, readScale, type Scale } from './record-activity.ts';
import { cutsAt, percentileCuts, quietKey } from './scale.ts';

/** One at a time. Any number, as long as it is ours. */
const ENGAGEMENT_LOCK = 7_310_030;
/** People looked at for one scale: the standard error of a percentile is below half a point. */
const SAMPLE_SIZE = 10_000;
const SWEEP_SIZE = 1_000;
/** A score that drifts by time alone is written only when it is off by so much, or becomes or leaves 0. */
const DRIFT_MIN = 5;
const REFRESH = durationMs({ hours: 24 });
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly publisher: Publisher;
}

interface DueScale {
  readonly workspace_id: string;
  readonly people: number;
  readonly sweep_after: string | null;
}

export function engagementWorker(deps: Deps): Worker {
  return {
    name: 'engagement',
    runOnce: () =>
      deps.db.transaction(async (tx) => {
        const lock = await one<{ ours: boolean }>(tx, {
          text: 'select pg_try_advisory_xact_lock($1) as ours',
          values: [ENGAGEMENT_LOCK],
        });
        if (!lock?.ours) return 0;
        const due = await one<DueScale>(tx, {
          name: 'engagement_due',
          text: `select workspace_id, people, sweep_after from engagement_scale where next_due_at <= $1
                 order by next_due_at limit 1`,
          values: [deps.clock.now()],
        });
        if (!due) return 0;
        const scale = await readScale(tx, due.workspace_id);
        return due.sweep_after === null
          ? takeScale(deps, { tx, due, scale })
          : sweep(deps, { tx, due, scale, after: due.sweep_after });
      }),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, {
        text: 'select min(next_due_at) as at from engagement_scale',
      });
      return row?.at ?? null;
    },
  };
}

/** Asks for a new scale at once: after the definition was edited. */
export async function requestRescore(deps: { clock: Clock }, input: { tx: Tx; workspaceId: string }): Promise<void> {
  await input.tx.query({
    text: 'update engagement_scale set next_due_at = $2, sweep_after = null where workspace_id = $1',
    values: [input.workspaceId, deps.clock.now()],
  });
}

/** A row's key under the half-life that counts now: a row summed with another one is carried over by its last event. */
const KEY = `rank_key + extract(epoch from last_activity_at)::float8 / 86400 * (1 / $2::float8 - 1 / half_life_days)`;

async function takeScale(deps: Deps, input: { tx: Tx; due: DueScale; scale: Scale }): Promise<number> {
  const { tx, due } = input;
  const { settings } = input.scale;
  const now = deps.clock.now();
  const buckets = Math.min(BUCKETS, Math.ceil((BUCKETS * SAMPLE_SIZE) / Math.max(1, due.people)));
  const rows = await many<{ key: number }>(tx, {
    name: 'engagement_sample',
    text: `select key from (select ${KEY} as key from contact_engagement
             where workspace_id = $1 and bucket < $3 and is_counted and rank_key is not null limit $5) s where key >= $4`,
    values: [due.workspace_id, settings.halfLifeDays, buckets, quietKey(settings, now), 2 * SAMPLE_SIZE],
  });
  const hasEnough = (rows.length * BUCKETS) / buckets >= settings.percentilesFromPeople;
  await tx.query({
    name: 'engagement_scale_write',
    text: `update engagement_scale set cuts = $2, half_life_days = $3, people_computed = people, computed_at = $4,
             next_due_at = $4, sweep_after = $5 where workspace_id = $1`,
    values: [
      due.workspace_id,
      hasEnough ? percentileCuts(rows.map((row) => row.key)) : null,
      settings.halfLifeDays,
      now,
      BEFORE_ALL,
    ],
  });
  return 1;
}

async function sweep(deps: Deps, input: { tx: Tx; due: DueScale; scale: Scale; after: string }): Promise<number> {
  const { tx, due, scale } = input;
  const now = deps.clock.now();
  const rows = await many<{ contact_id: string; score: number; old: number | null }>(tx, {
    name: 'engagement_sweep',
    text: `select e.contact_id, width_bucket(${KEY.replaceAll('half_life_days', 'e.half_life_days')}, $3::float8[])::int as score,
             c.engagement_score as old
           from contact_engagement e join contact c on c.id = e.contact_id
           where e.workspace_id = $1 and e.contact_id > $4 and e.is_counted and e.rank_key is not null
           order by e.contact_id limit $5`,
    values: [due.workspace_id, scale.settings.halfLifeDays, cutsAt(scale, now), input.after, SWEEP_SIZE],
  });
  const moved = rows.filter(({ score, old }) => old === null || hasMoved(old, score));
  const loaded = await loadContacts(
    tx,
    moved.map((row) => row.contact_id),
  );
  const patches = moved.map(
    (row): ContactPatch => ({
      contactId: row.contact_id,
      set: { engagement_score: row.score },
      source: null,
      isNew: false,
      at: now,
      cause: { kind: 'time', id: 'engagement' },
      eventSource: 'growthos',
    }),
  );
  await patchContacts(deps, { tx, workspaceId: due.workspace_id, patches, loaded });
  const last = rows.length === SWEEP_SIZE ? (rows.at(-1)?.contact_id ?? null) : null;
  await tx.query({
    name: 'engagement_sweep_write',
    text: 'update engagement_scale set sweep_after = $2, next_due_at = $3 where workspace_id = $1',
    values: [due.workspace_id, last, last === null ? addMs(now, REFRESH) : now],
  });
  return Math.max(1, rows.length);
}

function hasMoved(old: number, score: number): boolean {
  return Math.abs(old - score) >= DRIFT_MIN || (old === 0) !== (score === 0);
}
