/**
 * Writing memberships: one statement evaluates contacts against segments, stores what changed, and returns who entered or
 * left; a second one keeps the counts. The caller holds the workspace's lock (`lockWorkspaces`).
 */
import { createHash } from 'node:crypto';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Publisher } from '#bus/index.ts';
import { many, type Statement, type Tx } from '#db/db.ts';
import { join, sql, type Sql } from '#db/sql.ts';
import { compileFilter, populationSql } from './compile.ts';

/** One definition to evaluate, and for whom. */
export interface Evaluation {
  readonly segmentId: string;
  readonly version: number;
  readonly filter: Filter;
  readonly contacts:
    | { readonly kind: 'ids'; readonly ids: readonly string[] }
    /** Every contact of the workspace with `after < id <= upTo`. */
    | { readonly kind: 'range'; readonly after: string | null; readonly upTo: string };
}

export interface Transition {
  readonly segmentId: string;
  readonly version: number;
  readonly contactId: string;
  readonly isMember: boolean;
  readonly at: Date;
}

/** Definitions in one statement: more of them make fewer round trips and longer plans. */
export const EVALUATIONS_PER_STATEMENT = 16;

interface EvaluateInput {
  readonly workspaceId: string;
  readonly timezone: string;
  readonly now: Date;
  readonly evaluations: readonly Evaluation[];
  /** True where the clock alone was the reason: the transition then dates from when it was due. */
  readonly byTime?: boolean;
}

/**
 * Evaluates and stores; returns who entered or left, of every version that was asked for. An evaluation without contacts
 * costs next to nothing, so a caller may always ask with the same list: the database then keeps the plan.
 */
export async function evaluateMemberships(tx: Tx, input: EvaluateInput): Promise<Transition[]> {
  const transitions: Transition[] = [];
  for (let i = 0; i < input.evaluations.length; i += EVALUATIONS_PER_STATEMENT) {
    const some = input.evaluations.slice(i, i + EVALUATIONS_PER_STATEMENT);
    if (some.every(({ contacts }) => contacts.kind === 'ids' && contacts.ids.length === 0)) continue;
    transitions.push(...(await many<Transition>(tx, preparedStatement({ ...input, evaluations: some }))));
  }
  return transitions;
}

/** Stand in a kept statement for what differs from one call to the next. */
const NOW = new Date(0);
const idsSlots = Array.from({ length: EVALUATIONS_PER_STATEMENT }, (): readonly string[] => []);

interface KeptStatement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Texts by what they evaluate. Compiling takes longer than running, so the newest are kept, whoever uses them. */
const kept = new Map<string, KeptStatement>();
const KEPT_MAX = 500;

function preparedStatement(input: EvaluateInput): Statement {
  if (input.evaluations.some(({ contacts }) => contacts.kind !== 'ids')) {
    const { text, values } = statement(input);
    return { text, values };
  }
  const ids = new Map<unknown, readonly string[]>();
  const key = [input.workspaceId, input.timezone, input.byTime ?? false];
  for (const [i, { segmentId, version, contacts }] of input.evaluations.entries()) {
    key.push(segmentId, String(version));
    if (contacts.kind === 'ids') ids.set(idsSlots[i], contacts.ids);
  }
  const { name, text, values } = keptStatement(key.join(' '), input);
  return { name, text, values: values.map((value) => (value === NOW ? input.now : (ids.get(value) ?? value))) };
}

function keptStatement(key: string, input: EvaluateInput): KeptStatement {
  const found = kept.get(key);
  if (found) {
    kept.delete(key);
    kept.set(key, found);
    return found;
  }
  const { text, values } = statement({
    ...input,
    now: NOW,
    evaluations: input.evaluations.map((evaluation, i) => ({
      ...evaluation,
      contacts: { kind: 'ids', ids: idsSlots[i] ?? [] },
    })),
  });
  // The same text has the same name, whichever segments stand in its values.
  const made = { name: `segments_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text, values };
  kept.set(key, made);
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? key);
  return made;
}

/** Nothing of them is left to be remembered. */
const IS_GONE = sql`is_known and not is_member and next_flip_at is null`;

/**
 * A person's row is looked up by its key, for each (`offset 0`): a plan from when the table was young would go through all
 * members for each of them. `version + 0` keeps it out of the index of (segment, version), which holds all members, and
 * `is true` keeps the rows that go in a hash, where a join would compare each with each.
 */
function statement(input: EvaluateInput): Sql {
  const now = sql`${input.now}::timestamptz`;
  const at = input.byTime
    ? sql`case when old.next_flip_at <= ${now} then date_trunc('milliseconds', old.next_flip_at) else ${now} end`
    : now;
  const evaluated = input.evaluations.map((evaluation) => evaluationSql(evaluation, input));
  return sql`with e as materialized (${join(evaluated, ' union all ')}),
    d as materialized (
      select e.*, old.contact_id is not null as is_known, coalesce(old.is_member, false) as was_member,
        old.next_flip_at is distinct from e.next_flip_at as has_new_flip,
        case when coalesce(old.is_member, false) <> e.is_member or old.since is null then ${at} else old.since end as since
      from e left join lateral (select * from segment_membership m where m.contact_id = e.contact_id
        and m.segment_id = e.segment_id and m.version + 0 = e.version offset 0) old on true),
    removed as (
      delete from segment_membership m
      where m.contact_id = any(array(select contact_id from d where ${IS_GONE}))
        and ((m.contact_id, m.segment_id, m.version) in (select contact_id, segment_id, version from d where ${IS_GONE})) is true),
    kept as (
      insert into segment_membership (segment_id, version, contact_id, is_member, since, next_flip_at)
      select d.segment_id, d.version, d.contact_id, d.is_member, d.since, d.next_flip_at from d
      where (d.is_member or d.next_flip_at is not null)
        and (not d.is_known or d.was_member <> d.is_member or d.has_new_flip)
      on conflict (segment_id, version, contact_id) do update
        set is_member = excluded.is_member, since = excluded.since, next_flip_at = excluded.next_flip_at)
    select d.segment_id as "segmentId", d.version, d.contact_id as "contactId", d.is_member as "isMember", d.since as at
    from d where d.was_member <> d.is_member`;
}

function evaluationSql(evaluation: Evaluation, input: EvaluateInput): Sql {
  const { contacts } = evaluation;
  const compiled = compileFilter(evaluation.filter, input);
  const names = sql`${evaluation.segmentId}::uuid as segment_id, ${evaluation.version}::int as version`;
  const population = populationSql(input.workspaceId);
  if (contacts.kind === 'range') {
    const after = contacts.after === null ? sql`true` : sql`c.id > ${contacts.after}::uuid`;
    return sql`select ${names}, c.id as contact_id, ${compiled.isMember} as is_member, ${compiled.nextFlipAt} as next_flip_at
      from ${compiled.from} where ${population} and ${after} and c.id <= ${contacts.upTo}::uuid`;
  }
  // Whoever is no longer in the population (merged, erased) is in no segment. `offset 0`: the contact is found by its key
  // alone. A planner who knows nothing of a young table yet may otherwise go through the workspace for each of them.
  return sql`select ${names}, w.contact_id, coalesce(q.is_member, false) as is_member, q.next_flip_at
    from unnest(${contacts.ids}::uuid[]) as w (contact_id)
    left join lateral (
      select ${compiled.isMember} as is_member, ${compiled.nextFlipAt} as next_flip_at
      from (select * from contact where id = w.contact_id offset 0) c ${compiled.joins} where ${population}) q on true`;
}

export interface NamedSegment {
  readonly id: string;
  readonly key: string;
  readonly name: string;
}

/** Puts transitions of current definitions on the bus and keeps counts and the day's trend. */
export async function tellTransitions(
  deps: { publisher: Publisher },
  input: {
    tx: Tx;
    workspaceId: string;
    timezone: string;
    now: Date;
    segments: ReadonlyMap<string, NamedSegment>;
    transitions: readonly Transition[];
    causeOf: (transition: Transition) => EventCause;
    /** Counted and not told: nothing happened in the world, a mistake was taken back. */
    isSilent?: (transition: Transition) => boolean;
  },
): Promise<void> {
  const { tx, transitions, segments } = input;
  if (transitions.length === 0) return;
  const told = input.isSilent ? transitions.filter((transition) => !input.isSilent?.(transition)) : transitions;
  deps.publisher.publish(
    tx,
    told.map((transition) => ({
      workspaceId: input.workspaceId,
      contactId: transition.contactId,
      type: transition.isMember ? 'segment_entered' : 'segment_left',
      source: 'growthos',
      time: transition.at,
      data: {
        segment_id: transition.segmentId,
        segment_key: segments.get(transition.segmentId)?.key ?? null,
        segment_name: segments.get(transition.segmentId)?.name ?? '',
      },
      cause: input.causeOf(transition),
    })),
  );
  await countTransitions(tx, input);
}

async function countTransitions(
  tx: Tx,
  input: { timezone: string; now: Date; transitions: readonly Transition[] },
): Promise<void> {
  const moved = new Map<string, { entered: number; left: number }>();
  for (const { segmentId, isMember } of input.transitions) {
    const counts = moved.get(segmentId) ?? { entered: 0, left: 0 };
    counts[isMember ? 'entered' : 'left'] += 1;
    moved.set(segmentId, counts);
  }
  await tx.query({
    name: 'segments_count',
    text: `with moved as (select * from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as u (segment_id, entered, "left")),
      counted as (
        update segment s set member_count = s.member_count + m.entered - m."left" from moved m where s.id = m.segment_id
        returning s.id, s.member_count)
      insert into segment_trend as t (segment_id, day, members, entered, "left")
      select c.id, ($4::timestamptz at time zone $5::text)::date, c.member_count, m.entered, m."left"
      from counted c join moved m on m.segment_id = c.id
      on conflict (segment_id, day) do update set members = excluded.members,
        entered = t.entered + excluded.entered, "left" = t."left" + excluded."left"`,
    values: [
      [...moved.keys()],
      [...moved.values()].map((counts) => counts.entered),
      [...moved.values()].map((counts) => counts.left),
      input.now,
      input.timezone,
    ],
  });
}
