/**
 * Engagement from product events. In: what contacts did, in any order, each event once (the ledger sees to that). Out: the
 * decayed sum of each contact in `contact_engagement`, and the figures that belong on the contact, for the caller to
 * write with its other news. Order does not matter: the sums commute, and of NPS answers the latest by its time counts.
 */
import type { Clock } from '#base/clock.ts';
import { stableHash } from '#base/ids.ts';
import { many, one, type Tx } from '#db/db.ts';
import { rankKeyOf, sumRankKeys } from './decay.ts';
import { readNps } from './nps.ts';
import { cutsAt } from './scale.ts';
import { type EngagementSettings, foldEventName, readEngagementSettings } from './settings.ts';

export interface Activity {
  readonly contactId: string;
  readonly kind: 'identify' | 'track' | 'page' | 'group';
  /** The name of a `track` event. */
  readonly event: string | null;
  readonly time: Date;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly traits: Readonly<Record<string, unknown>>;
}

/** Under the names of `ContactRecord`, to be spread into a patch; what is not known is not there, so it is never 0. */
export interface EngagementFigures {
  readonly engagement_score?: number;
  readonly nps_score?: number;
}

/** Slices into which a workspace's people are hashed. */
export const BUCKETS = 1024;
/** A workspace's first scale is taken this long after its first event, and later once a day, or when people have doubled. */
const FIRST_SCALE_AFTER = '10 minutes';

interface Gathered {
  rankKey: number | null;
  eventCount: number;
  lastAt: Date | null;
  npsScore: number | null;
  npsAt: Date | null;
}

/**
 * Adds the activities and returns the figures of each contact that has any. Two statements for one batch, whatever its
 * size, and one more when somebody is seen for the first time. Lock the contacts first (`loadContacts`).
 */
export async function recordActivity(
  deps: { clock: Clock },
  input: { tx: Tx; workspaceId: string; activities: readonly Activity[] },
): Promise<Map<string, EngagementFigures>> {
  const { tx, workspaceId, activities } = input;
  if (activities.length === 0) return new Map();
  const now = deps.clock.now();
  const scale = await readScale(tx, workspaceId);
  const gathered = gather(activities, scale.settings);
  if (gathered.size === 0) return new Map();
  await add(tx, { workspaceId, gathered, settings: scale.settings, now });
  const rows = await many<{ contact_id: string; score: number | null; nps_score: number | null }>(tx, {
    name: 'engagement_figures',
    text: `select contact_id, width_bucket(rank_key, $2::float8[])::int as score, nps_score::int
           from contact_engagement where contact_id = any($1::uuid[])`,
    values: [[...gathered.keys()], cutsAt(scale, now)],
  });
  return new Map(
    rows.map((row) => [
      row.contact_id,
      {
        ...(row.score === null ? {} : { engagement_score: row.score }),
        ...(row.nps_score === null ? {} : { nps_score: row.nps_score }),
      },
    ]),
  );
}

export interface Scale {
  readonly settings: EngagementSettings;
  readonly cuts: readonly number[] | null;
  readonly cutsHalfLifeDays: number;
}

export async function readScale(tx: Tx, workspaceId: string): Promise<Scale> {
  const row = await one<{ engagement: unknown; cuts: number[] | null; half_life_days: number | null }>(tx, {
    name: 'engagement_scale_read',
    text: `select w.settings -> 'engagement' as engagement, s.cuts, s.half_life_days
           from workspace w left join engagement_scale s on s.workspace_id = w.id where w.id = $1`,
    values: [workspaceId],
  });
  return {
    settings: readEngagementSettings(row?.engagement),
    cuts: row?.cuts ?? null,
    cutsHalfLifeDays: row?.half_life_days ?? 0,
  };
}

function gather(activities: readonly Activity[], settings: EngagementSettings): Map<string, Gathered> {
  const weights = new Map(Object.entries(settings.eventWeights).map(([name, points]) => [foldEventName(name), points]));
  const weightOf = (activity: Activity): number => {
    if (activity.kind === 'page') return settings.pagePoints;
    if (activity.kind !== 'track') return 0;
    return weights.get(foldEventName(activity.event ?? '')) ?? settings.trackPoints;
  };
  const gathered = new Map<string, Gathered>();
  for (const activity of activities) {
    const weight = weightOf(activity);
    const nps = readNps(activity);
    if (weight === 0 && nps === null) continue;
    const entry = gathered.get(activity.contactId) ?? {
      rankKey: null,
      eventCount: 0,
      lastAt: null,
      npsScore: null,
      npsAt: null,
    };
    gathered.set(activity.contactId, entry);
    const { time } = activity;
    if (weight > 0) {
      entry.rankKey = sumRankKeys(entry.rankKey, rankKeyOf({ weight, time, halfLifeDays: settings.halfLifeDays }));
      entry.eventCount += 1;
      if (!entry.lastAt || time > entry.lastAt) entry.lastAt = time;
    }
    if (nps !== null && (!entry.npsAt || isLater({ time, nps }, { time: entry.npsAt, nps: entry.npsScore ?? 0 }))) {
      entry.npsScore = nps;
      entry.npsAt = time;
    }
  }
  return gathered;
}

/** Of two answers of one instant the higher counts, so that the order of arrival does not. */
function isLater(a: { time: Date; nps: number }, b: { time: Date; nps: number }): boolean {
  return a.time > b.time || (a.time.getTime() === b.time.getTime() && a.nps > b.nps);
}

/** A row that was summed with another half-life is carried over by its last event: there both have the same points. */
const REBASED = `e.rank_key + extract(epoch from e.last_activity_at)::float8 / 86400
  * (1 / excluded.half_life_days - 1 / e.half_life_days)`;

const ADD = {
  name: 'engagement_add',
  text: `insert into contact_engagement as e (contact_id, workspace_id, bucket, rank_key, half_life_days, event_count,
      last_activity_at, nps_score, nps_at)
    select a.contact_id, $1, a.bucket, a.rank_key, $2, a.event_count, a.last_at, a.nps_score, a.nps_at
    from unnest($3::uuid[], $4::smallint[], $5::float8[], $6::bigint[], $7::timestamptz[], $8::smallint[],
      $9::timestamptz[])
      as a (contact_id, bucket, rank_key, event_count, last_at, nps_score, nps_at)
    on conflict (contact_id) do update set
      rank_key = engagement_sum(${REBASED}, excluded.rank_key),
      half_life_days = excluded.half_life_days,
      event_count = e.event_count + excluded.event_count,
      last_activity_at = greatest(e.last_activity_at, excluded.last_activity_at),
      nps_score = case when (e.nps_at, e.nps_score) >= (excluded.nps_at, excluded.nps_score) then e.nps_score
        else coalesce(excluded.nps_score, e.nps_score) end,
      nps_at = greatest(e.nps_at, excluded.nps_at)
    returning (xmax = 0) as is_new`,
};

async function add(
  tx: Tx,
  input: { workspaceId: string; gathered: ReadonlyMap<string, Gathered>; settings: EngagementSettings; now: Date },
): Promise<void> {
  const ids = [...input.gathered.keys()].toSorted();
  const entries = ids.map((id) => input.gathered.get(id));
  const rows = await many<{ is_new: boolean }>(tx, {
    ...ADD,
    values: [
      input.workspaceId,
      input.settings.halfLifeDays,
      ids,
      ids.map((id) => stableHash(id) % BUCKETS),
      entries.map((entry) => entry?.rankKey ?? null),
      entries.map((entry) => entry?.eventCount ?? 0),
      entries.map((entry) => entry?.lastAt?.toISOString() ?? null),
      entries.map((entry) => entry?.npsScore ?? null),
      entries.map((entry) => entry?.npsAt?.toISOString() ?? null),
    ],
  });
  const newPeople = rows.filter((row) => row.is_new).length;
  if (newPeople === 0) return;
  await tx.query({
    name: 'engagement_people',
    text: `insert into engagement_scale as s (workspace_id, people, half_life_days, next_due_at)
           values ($1, $2, $3, $4::timestamptz + interval '${FIRST_SCALE_AFTER}')
           on conflict (workspace_id) do update set people = s.people + excluded.people,
             next_due_at = case when s.people + excluded.people >= 2 * s.people_computed and s.people_computed > 0
               then least(s.next_due_at, excluded.next_due_at) else s.next_due_at end`,
    values: [input.workspaceId, newPeople, input.settings.halfLifeDays, input.now],
  });
}
