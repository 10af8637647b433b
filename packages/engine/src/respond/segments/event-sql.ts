import type { EventCondition, EventTimeCondition, PayloadCondition, Span } from '@growthos/contracts/filter/filter.ts';
import { join, raw, sql, type Sql } from '#db/sql.ts';
import { ALWAYS, type ConditionSql, type Stages } from './condition-sql.ts';
import { dateTestSql, shifted } from './date-sql.ts';

/** Events of the contact `c` that a condition speaks of, as rows of `e`; by the index (contact_id, type, time). */
function eventsSql(
  condition: { event: string; where?: readonly PayloadCondition[] | undefined },
  payload: PayloadSql,
): Sql {
  const tests = (condition.where ?? []).map((test) => sql` and ${payload(test)}`);
  return sql`bus_event e where e.contact_id = c.id and e.type = ${condition.event}::text${tests.length > 0 ? join(tests, '') : raw('')}`;
}
type PayloadSql = (condition: PayloadCondition) => Sql;

/**
 * A span in calendar units that ends now began at most this much earlier than PostgreSQL's own subtraction says: a month
 * may lose three days at its end, a clock change an hour, a zone its offset.
 */
const CALENDAR_SLACK = sql`'5 days'::interval`;

/**
 * How many events of a calendar window are looked at, the newest first: a bound on the cost for one very busy person. It
 * would miscount only if more of the same events than this fell into the slack at the window's beginning.
 */
const WINDOW_EVENTS_MAX = 5000;

/** Did it at least `times` times, within the span or ever. */
export function atLeastSql(
  condition: Pick<EventCondition, 'event' | 'where'> & { times: number; within?: Span | undefined },
  input: { stages: Stages; payload: PayloadSql },
): ConditionSql {
  const { times, within } = condition;
  if (times <= 0) return ALWAYS;
  const events = eventsSql(condition, input.payload);
  const next = nextEventSql(events);
  if (within === undefined) {
    const nth = sql`(select e.time from ${events} and e.time <= p.now order by e.time desc offset ${times - 1}::int limit 1)`;
    const held = input.stages.hold(nth, 0);
    return { truth: sql`(${held} is not null)`, flip: sql`(case when ${held} is null then ${next} end)`, height: 1 };
  }
  // The event whose leaving the window makes them one too few: the n-th from the end.
  const held = input.stages.hold(nthToLeaveSql(events, { times, within }), 0);
  return { truth: sql`(${held} is not null)`, flip: sql`coalesce(${held}, ${next})`, height: 1 };
}

function nthToLeaveSql(events: Sql, input: { times: number; within: Span }): Sql {
  const { times, within } = input;
  const span = sql`${`${within.n} ${within.unit}`}::interval`;
  const leaves = shifted(raw('e.time'), { span: within, by: 'plus' });
  if (within.unit === 'minutes' || within.unit === 'hours') {
    return sql`(select ${leaves} from ${events} and e.time <= p.now and e.time > p.now - ${span}
      order by e.time desc offset ${times - 1}::int limit 1)`;
  }
  return sql`(select w.leaves from (
      select ${leaves} as leaves from ${events} and e.time <= p.now and e.time > p.now - ${span} - ${CALENDAR_SLACK}
      order by e.time desc limit ${times + WINDOW_EVENTS_MAX}::int) w
    where w.leaves > p.now order by w.leaves desc offset ${times - 1}::int limit 1)`;
}

/** An event that was told with a time of the future happens then. */
function nextEventSql(events: Sql): Sql {
  return sql`(select e.time from ${events} and e.time > p.now order by e.time limit 1)`;
}

/** A test on when it was done first or last. */
export function eventTimeSql(
  condition: EventTimeCondition,
  input: { stages: Stages; payload: PayloadSql },
): ConditionSql {
  const events = eventsSql(condition, input.payload);
  const order = raw(condition.which === 'first' ? 'asc' : 'desc');
  const time = input.stages.hold(
    sql`(select e.time from ${events} and e.time <= p.now order by e.time ${order} limit 1)`,
    0,
  );
  const test = dateTestSql(time, condition.test);
  const next = nextEventSql(events);
  return { truth: test.truth, flip: test.flip ? sql`least(${test.flip}, ${next})` : next, height: 1 };
}

/** Count (at most as many as matter) and last time, as JSON for people. */
export function actualEventsSql(condition: EventCondition | EventTimeCondition, payload: PayloadSql): Sql {
  const events = eventsSql(condition, payload);
  if (condition.op === 'event_time') {
    const order = raw(condition.which === 'first' ? 'asc' : 'desc');
    return sql`(select to_jsonb(e.time) from ${events} and e.time <= p.now order by e.time ${order} limit 1)`;
  }
  const since = condition.within
    ? sql` and ${shifted(raw('e.time'), { span: condition.within, by: 'plus' })} > p.now`
    : raw('');
  return sql`(select jsonb_build_object('count', count(*), 'last', max(w.time)) from (
      select e.time from ${events} and e.time <= p.now${since} order by e.time desc limit ${WINDOW_EVENTS_MAX}::int) w)`;
}
