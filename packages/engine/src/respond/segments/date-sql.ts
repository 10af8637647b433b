import type { DateTest, Span } from '@growthos/contracts/filter/filter.ts';
import { unreachable } from '#base/errors.ts';
import { sql, type Sql } from '#db/sql.ts';

/**
 * Later (or earlier) by so much. Minutes and hours are exact; days, weeks and months are added to the wall clock of
 * `p.tz`: PostgreSQL shortens a month that has no such day, reads a time in the gap of spring with the offset before it,
 * and one that comes twice in autumn as the second.
 */
export function shifted(value: Sql, input: { span: Span; by: 'plus' | 'minus' }): Sql {
  const { span, by } = input;
  const interval = sql`${`${span.n} ${span.unit}`}::interval`;
  const isExact = span.unit === 'minutes' || span.unit === 'hours';
  if (isExact) return by === 'plus' ? sql`(${value} + ${interval})` : sql`(${value} - ${interval})`;
  const local = sql`(${value} at time zone p.tz)`;
  return by === 'plus'
    ? sql`((${local} + ${interval}) at time zone p.tz)`
    : sql`((${local} - ${interval}) at time zone p.tz)`;
}

/** Truth and next flip of a date test on an instant that may be NULL. `value` is read several times: hold it first. */
export function dateTestSql(value: Sql, test: DateTest): { truth: Sql; flip: Sql | null } {
  switch (test.is) {
    case 'in_next': {
      const start = shifted(value, { span: test, by: 'minus' });
      return {
        truth: sql`(p.now < ${value} and p.now >= ${start})`,
        flip: sql`(case when p.now < ${start} then ${start} when p.now < ${value} then ${value} end)`,
      };
    }
    case 'in_last': {
      const end = shifted(value, { span: test, by: 'plus' });
      return {
        truth: sql`(p.now >= ${value} and p.now < ${end})`,
        flip: sql`(case when p.now < ${value} then ${value} when p.now < ${end} then ${end} end)`,
      };
    }
    case 'more_than_ago': {
      const start = shifted(value, { span: test, by: 'plus' });
      return { truth: sql`(p.now >= ${start})`, flip: sql`(case when p.now < ${start} then ${start} end)` };
    }
    case 'more_than_from_now': {
      const end = shifted(value, { span: test, by: 'minus' });
      return { truth: sql`(p.now < ${end})`, flip: sql`(case when p.now < ${end} then ${end} end)` };
    }
    case 'on':
      return { truth: sql`(${value} >= ${startOf(test.date)} and ${value} < ${endOf(test.date)})`, flip: null };
    case 'before':
      return { truth: sql`(${value} < ${isDay(test.date) ? startOf(test.date) : instant(test.date)})`, flip: null };
    case 'after':
      return isDay(test.date)
        ? { truth: sql`(${value} >= ${endOf(test.date)})`, flip: null }
        : { truth: sql`(${value} > ${instant(test.date)})`, flip: null };
    default:
      return unreachable(test);
  }
}

const isDay = (date: string): boolean => date.length === '2026-11-24'.length;
const startOf = (day: string): Sql => sql`(${day}::timestamp at time zone p.tz)`;
const endOf = (day: string): Sql => sql`((${day}::timestamp + '1 day'::interval) at time zone p.tz)`;
const instant = (date: string): Sql => sql`${date}::timestamptz`;
