import { z } from 'zod';

/**
 * The filter tree: who belongs to a segment, as data. Version 1. Groups (`and`, `or`, `not`) hold conditions; a condition
 * tests a property, counts events, dates the first or last event, or asks for membership of another segment.
 *
 * Rules that every reader of a tree keeps:
 * - An absent value makes a positive test false. A negative test (`is_not`, `does_not_contain`, `not_equals`,
 *   `includes_none`, `not_exists`) is exactly the opposite of its positive twin, so it is true for an absent value.
 * - Text is compared without regard to case. Several values mean "any of them".
 * - Money is compared only within its currency, in minor units; another currency makes the test false.
 * - Relative dates hang on the value: `in_next 3 days` is true from exactly 3 days before the value until the value;
 *   `in_last 3 days` from the value until 3 days after it. Minutes and hours are exact; days, weeks and months are
 *   those of the calendar in the workspace's time zone, so a day may have 23 hours and a month may end early.
 * - An event of the future has not happened yet.
 *
 * This file says what a tree looks like; `parse-filter.ts` also checks its names and types and says in a sentence what is
 * wrong.
 */
export const FILTER_VERSION = 1;

/** Groups within groups, counted from the root. */
export const FILTER_DEPTH_MAX = 8;
/** Groups and conditions in one tree, conditions on event payloads included. */
export const FILTER_NODES_MAX = 200;
/** Values in one condition. */
export const FILTER_VALUES_MAX = 200;
export const FILTER_TEXT_LENGTH_MAX = 500;
const CONDITIONS_ON_PAYLOAD_MAX = 10;
const EVENT_TIMES_MAX = 1000;

/** PostgreSQL keeps neither NUL nor half a surrogate pair, so such a text could never equal anything. */
const storable = (text: string): boolean => !text.includes('\u0000') && !/\p{Surrogate}/u.test(text);
const text = (what: string): z.ZodString =>
  z
    .string({ error: `${what} must be a text` })
    .min(1, `${what} must not be empty`)
    .max(FILTER_TEXT_LENGTH_MAX, `${what} may have at most ${FILTER_TEXT_LENGTH_MAX} characters`)
    .refine(storable, `${what} holds a character that cannot be stored`);
const values = z
  .array(text('a value'), { error: '"values" must be a list of texts' })
  .min(1, '"values" must name at least one value')
  .max(FILTER_VALUES_MAX, `"values" may name at most ${FILTER_VALUES_MAX} values`);
const number = (what: string): z.ZodNumber => z.number({ error: `"${what}" must be a number` });
const minor = (what: string): z.ZodInt => z.int({ error: `"${what}" must be a whole number of minor units (cents)` });

export const DATE_UNITS = ['minutes', 'hours', 'days', 'weeks', 'months'] as const;
export type DateUnit = (typeof DATE_UNITS)[number];
/** About a hundred years in each unit, which keeps every computed instant within what a database can hold. */
export const DATE_AMOUNT_MAX: Readonly<Record<DateUnit, number>> = {
  minutes: 52_560_000,
  hours: 876_000,
  days: 36_500,
  weeks: 5_200,
  months: 1_200,
};
export const Span = z.object({
  n: z.int({ error: '"n" must be a whole number' }).min(1, '"n" must be at least 1'),
  unit: z.enum(DATE_UNITS, { error: `"unit" must be one of ${DATE_UNITS.join(', ')}` }),
});
export type Span = z.infer<typeof Span>;

/** `2026-11-24` (that day in the workspace's time zone), or an instant with its offset such as `2026-11-24T09:00:00Z`. */
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const day = z
  .string({ error: '"date" must be a day such as 2026-11-24' })
  .refine((value) => DAY.test(value) && isRealDay(value), '"date" must be a day such as 2026-11-24');
const dayOrInstant = z
  .string({ error: '"date" must be a day or an instant' })
  .refine(
    (value) => (DAY.test(value) ? isRealDay(value) : z.iso.datetime({ offset: true }).safeParse(value).success),
    '"date" must be a day such as 2026-11-24, or an instant such as 2026-11-24T09:00:00Z',
  );
function isRealDay(value: string): boolean {
  const date = new Date(`${value}T00:00:00Z`);
  return value.slice(0, 4) !== '0000' && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

export const TEXT_TESTS = ['is', 'is_not', 'contains', 'does_not_contain', 'starts_with', 'ends_with'] as const;
export const NUMBER_TESTS = [
  'equals',
  'not_equals',
  'more_than',
  'at_least',
  'less_than',
  'at_most',
  'between',
] as const;
export const MONEY_TESTS = ['equals', 'more_than', 'at_least', 'less_than', 'at_most', 'between'] as const;
export const LIST_TESTS = ['includes_any', 'includes_all', 'includes_none'] as const;
export const RELATIVE_DATE_TESTS = ['in_next', 'in_last', 'more_than_ago', 'more_than_from_now'] as const;
export const ABSOLUTE_DATE_TESTS = ['before', 'after'] as const;

const textTest = { op: z.literal('text'), is: z.enum(TEXT_TESTS), values };
const numberTest = {
  op: z.literal('number'),
  is: z.enum(NUMBER_TESTS),
  value: number('value'),
  /** The upper bound of `between`, which holds both of its bounds. */
  to: number('to').optional(),
};
const booleanTest = { op: z.literal('boolean'), is: z.enum(['true', 'false']) };
const presenceTest = { op: z.literal('presence'), is: z.enum(['exists', 'not_exists']) };

/** What a date is compared with: without the date itself, so that properties and events share it. */
export const DateTest = z.discriminatedUnion('is', [
  z.object({ is: z.enum(RELATIVE_DATE_TESTS), ...Span.shape }),
  z.object({ is: z.literal('on'), date: day }),
  z.object({ is: z.enum(ABSOLUTE_DATE_TESTS), date: dayOrInstant }),
]);
export type DateTest = z.infer<typeof DateTest>;

/** A condition on an event's payload; `field` is a path such as `change` or `plan.tier`. */
const field = { field: text('"field"') };
export const PayloadCondition = z.discriminatedUnion('op', [
  z.object({ ...textTest, ...field }),
  z.object({ ...numberTest, ...field }),
  z.object({ ...booleanTest, ...field }),
  z.object({ ...presenceTest, ...field }),
]);
export type PayloadCondition = z.infer<typeof PayloadCondition>;

/** `billing_status`, `traits.role`, `company.name`, `company.traits.size`. */
const property = { property: text('"property"') };
const event = {
  event: text('"event"').max(200, '"event" may have at most 200 characters'),
  where: z.array(PayloadCondition).max(CONDITIONS_ON_PAYLOAD_MAX).optional(),
};

export const TextCondition = z.object({ ...textTest, ...property });
export const NumberCondition = z.object({ ...numberTest, ...property });
export const MoneyCondition = z.object({
  op: z.literal('money'),
  ...property,
  is: z.enum(MONEY_TESTS),
  amountMinor: minor('amountMinor'),
  /** The upper bound of `between`, which holds both of its bounds. */
  toMinor: minor('toMinor').optional(),
  currency: z
    .string({ error: '"currency" must be three letters' })
    .regex(/^[a-z]{3}$/, '"currency" must be three small letters such as usd'),
});
export const BooleanCondition = z.object({ ...booleanTest, ...property });
export const ListCondition = z.object({ op: z.literal('list'), ...property, is: z.enum(LIST_TESTS), values });
export const PresenceCondition = z.object({ ...presenceTest, ...property });
export const DateCondition = z.object({ op: z.literal('date'), ...property, test: DateTest });
/** Did (or did not) do something at least, at most or exactly so many times, in the last so long or ever. */
export const EventCondition = z.object({
  op: z.literal('event'),
  ...event,
  did: z.enum(['did', 'did_not']),
  is: z.enum(['at_least', 'at_most', 'exactly']),
  times: z.int({ error: '"times" must be a whole number' }).min(0).max(EVENT_TIMES_MAX),
  /** Absent: ever. */
  within: Span.optional(),
});
/** The first or the last time something was done; false where it never was. */
export const EventTimeCondition = z.object({
  op: z.literal('event_time'),
  ...event,
  which: z.enum(['first', 'last']),
  test: DateTest,
});
/** Membership of another segment, named by its key. */
export const SegmentCondition = z.object({
  op: z.literal('segment'),
  segment: text('"segment"'),
  is: z.enum(['member', 'not_member']),
});

export type TextCondition = z.infer<typeof TextCondition>;
export type NumberCondition = z.infer<typeof NumberCondition>;
export type MoneyCondition = z.infer<typeof MoneyCondition>;
export type BooleanCondition = z.infer<typeof BooleanCondition>;
export type ListCondition = z.infer<typeof ListCondition>;
export type PresenceCondition = z.infer<typeof PresenceCondition>;
export type DateCondition = z.infer<typeof DateCondition>;
export type EventCondition = z.infer<typeof EventCondition>;
export type EventTimeCondition = z.infer<typeof EventTimeCondition>;
export type SegmentCondition = z.infer<typeof SegmentCondition>;

export type PropertyCondition =
  | TextCondition
  | NumberCondition
  | MoneyCondition
  | BooleanCondition
  | ListCondition
  | PresenceCondition
  | DateCondition;
export type FilterLeaf = PropertyCondition | EventCondition | EventTimeCondition | SegmentCondition;
export type FilterGroup =
  | { op: 'and'; of: FilterNode[] }
  | { op: 'or'; of: FilterNode[] }
  | { op: 'not'; of: FilterNode };
export type FilterNode = FilterGroup | FilterLeaf;

export const FilterNode: z.ZodType<FilterNode> = z.lazy(() =>
  z.discriminatedUnion('op', [
    /** All of them; an empty one is everybody. */
    z.object({ op: z.literal('and'), of: z.array(FilterNode) }),
    /** Any of them; an empty one is nobody. */
    z.object({ op: z.literal('or'), of: z.array(FilterNode) }),
    z.object({ op: z.literal('not'), of: FilterNode }),
    TextCondition,
    NumberCondition,
    MoneyCondition,
    BooleanCondition,
    ListCondition,
    PresenceCondition,
    DateCondition,
    EventCondition,
    EventTimeCondition,
    SegmentCondition,
  ]),
);

export const Filter = z.object({ version: z.literal(FILTER_VERSION), where: FilterNode });
export type Filter = z.infer<typeof Filter>;

export const EVERYBODY: Filter = { version: FILTER_VERSION, where: { op: 'and', of: [] } };
