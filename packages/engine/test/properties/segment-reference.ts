/**
 * The reference evaluator: who belongs, decided in plain TypeScript over people in memory, straight from the rules in
 * contracts/src/filter/filter.ts. Slow, short, and sharing no code with the compiler: the two check each other.
 */
import type {
  DateTest,
  FilterNode,
  PayloadCondition,
  PropertyCondition,
  Span,
} from '@growthos/contracts/filter/filter.ts';
import { CONTACT_PROPERTIES } from '@growthos/contracts/contact-properties.ts';
import { DateTime } from 'luxon';

export interface Person {
  readonly id: string;
  /** Built-in properties under their names; dates as epoch milliseconds, money with its `..._currency` beside it. */
  readonly properties: Readonly<Record<string, string | number | boolean | null>>;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly companies: readonly {
    name: string | null;
    domain: string | null;
    traits: Record<string, unknown>;
    billing: Record<string, unknown>;
  }[];
  readonly events: readonly { type: string; atMs: number; data: Record<string, unknown> }[];
  /** Keys of segments. */
  readonly memberOf: readonly string[];
}

export interface Moment {
  readonly nowMs: number;
  readonly timezone: string;
}

export function belongs(node: FilterNode, person: Person, moment: Moment): boolean {
  switch (node.op) {
    case 'and':
      return node.of.every((child) => belongs(child, person, moment));
    case 'or':
      return node.of.some((child) => belongs(child, person, moment));
    case 'not':
      return !belongs(node.of, person, moment);
    case 'segment':
      return person.memberOf.includes(node.segment) === (node.is === 'member');
    case 'event': {
      const { within } = node;
      const count = eventsOf(node, person, moment).filter(
        (at) => within === undefined || moment.nowMs < shift(at, { span: within, sign: 1, timezone: moment.timezone }),
      ).length;
      const did =
        node.is === 'at_least'
          ? count >= node.times
          : node.is === 'at_most'
            ? count <= node.times
            : count === node.times;
      return did === (node.did === 'did');
    }
    case 'event_time': {
      const times = eventsOf(node, person, moment);
      if (times.length === 0) return false;
      return passesDate(node.which === 'first' ? Math.min(...times) : Math.max(...times), node.test, moment);
    }
    default:
      return passesProperty(node, person, moment);
  }
}

function eventsOf(
  node: { event: string; where?: readonly PayloadCondition[] | undefined },
  person: Person,
  moment: Moment,
): number[] {
  return person.events
    .filter((event) => event.type === node.event && event.atMs <= moment.nowMs)
    .filter((event) =>
      (node.where ?? []).every((condition) => {
        const value = condition.field
          .split('.')
          .reduce<unknown>(
            (at, key) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[key] : undefined),
            event.data,
          );
        return passesValue({ ...condition, property: 'traits.x' }, { value, currency: null }, moment);
      }),
    )
    .map((event) => event.atMs);
}

interface Found {
  readonly value: unknown;
  readonly currency: unknown;
}

function valuesOf(property: string, person: Person): Found[] {
  if (property.startsWith('traits.')) return [{ value: person.traits[property.slice(7)], currency: null }];
  if (property.startsWith('company.traits.')) {
    return person.companies.map((company) => ({ value: company.traits[property.slice(15)], currency: null }));
  }
  if (property.startsWith('company.')) {
    const name = property.slice(8);
    return person.companies.map((company) => ({
      value: name === 'name' ? company.name : name === 'domain' ? company.domain : company.billing[name],
      currency: company.billing[`${name}_currency`],
    }));
  }
  return [{ value: person.properties[property], currency: person.properties[`${property}_currency`] }];
}

/** A negative test is the opposite of its twin over all values together. */
const OPPOSITE: Readonly<Record<string, string>> = {
  is_not: 'is',
  does_not_contain: 'contains',
  not_equals: 'equals',
  includes_none: 'includes_any',
  not_exists: 'exists',
};

function passesProperty(node: PropertyCondition, person: Person, moment: Moment): boolean {
  const twin = node.op === 'date' ? undefined : OPPOSITE[node.is];
  const positive = twin === undefined ? node : ({ ...node, is: twin } as PropertyCondition);
  const passes = valuesOf(node.property, person).some((found) => passesValue(positive, found, moment));
  return passes === (twin === undefined);
}

function passesValue(node: PropertyCondition, found: Found, moment: Moment): boolean {
  const twin = node.op === 'date' ? undefined : OPPOSITE[node.is];
  if (twin !== undefined) return !passesValue({ ...node, is: twin } as PropertyCondition, found, moment);
  const { value } = found;
  switch (node.op) {
    case 'text': {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false;
      const text = String(value).toLowerCase();
      return node.values.some((wanted) => {
        const lower = wanted.toLowerCase();
        if (node.is === 'is') return text === lower;
        if (node.is === 'contains') return text.includes(lower);
        return node.is === 'starts_with' ? text.startsWith(lower) : text.endsWith(lower);
      });
    }
    case 'number':
      return typeof value === 'number' && passesNumber(value, { is: node.is, from: node.value, to: node.to });
    case 'money':
      return (
        typeof value === 'number' &&
        found.currency === node.currency &&
        passesNumber(value, { is: node.is, from: node.amountMinor, to: node.toMinor })
      );
    case 'boolean':
      return value === (node.is === 'true');
    case 'presence':
      return value !== null && value !== undefined;
    case 'list': {
      if (!Array.isArray(value)) return false;
      return node.is === 'includes_all'
        ? node.values.every((wanted) => value.includes(wanted))
        : node.values.some((wanted) => value.includes(wanted));
    }
    case 'date': {
      const isColumn = Object.hasOwn(CONTACT_PROPERTIES, node.property);
      const at = isColumn ? (typeof value === 'number' ? value : null) : instantOf(value, moment.timezone);
      return at !== null && passesDate(at, node.test, moment);
    }
  }
}

function passesNumber(value: number, test: { is: string; from: number; to: number | undefined }): boolean {
  switch (test.is) {
    case 'equals':
      return value === test.from;
    case 'more_than':
      return value > test.from;
    case 'at_least':
      return value >= test.from;
    case 'less_than':
      return value < test.from;
    case 'at_most':
      return value <= test.from;
    default:
      return value >= test.from && value <= (test.to ?? test.from);
  }
}

function passesDate(at: number, test: DateTest, moment: Moment): boolean {
  const { nowMs, timezone } = moment;
  switch (test.is) {
    case 'in_next':
      return nowMs < at && nowMs >= shift(at, { span: test, sign: -1, timezone });
    case 'in_last':
      return nowMs >= at && nowMs < shift(at, { span: test, sign: 1, timezone });
    case 'more_than_ago':
      return nowMs >= shift(at, { span: test, sign: 1, timezone });
    case 'more_than_from_now':
      return nowMs < shift(at, { span: test, sign: -1, timezone });
    case 'on':
      return at >= dayStart(test.date, timezone) && at < dayEnd(test.date, timezone);
    case 'before':
      return at < (test.date.length === 10 ? dayStart(test.date, timezone) : Date.parse(test.date));
    case 'after':
      return test.date.length === 10 ? at >= dayEnd(test.date, timezone) : at > Date.parse(test.date);
  }
}

const DAY_MS = 86_400_000;
const dayStart = (day: string, timezone: string): number => fromWall(Date.parse(`${day}T00:00:00Z`), timezone);
const dayEnd = (day: string, timezone: string): number => fromWall(Date.parse(`${day}T00:00:00Z`) + DAY_MS, timezone);

export function shift(at: number, input: { span: Span; sign: 1 | -1; timezone: string }): number {
  const { span, sign, timezone } = input;
  const n = span.n * sign;
  if (span.unit === 'minutes') return at + n * 60_000;
  if (span.unit === 'hours') return at + n * 3_600_000;
  const wall = at + offsetMs(at, timezone);
  if (span.unit !== 'months') return fromWall(wall + n * (span.unit === 'weeks' ? 7 : 1) * DAY_MS, timezone);
  const local = new Date(wall);
  const first = Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + n, 1);
  const daysInMonth = new Date(
    Date.UTC(new Date(first).getUTCFullYear(), new Date(first).getUTCMonth() + 1, 0),
  ).getUTCDate();
  const day = Math.min(local.getUTCDate(), daysInMonth);
  return fromWall(first + (day - 1) * DAY_MS + (wall - Math.floor(wall / DAY_MS) * DAY_MS), timezone);
}

const offsetMs = (at: number, timezone: string): number => DateTime.fromMillis(at, { zone: timezone }).offset * 60_000;

/** A wall clock that never was is read with the offset before the gap; one that was twice, as the second. */
function fromWall(wall: number, timezone: string): number {
  const before = offsetMs(wall - DAY_MS - offsetMs(wall, timezone), timezone);
  const after = offsetMs(wall + DAY_MS - offsetMs(wall, timezone), timezone);
  const early = wall - before;
  const late = wall - after;
  if (offsetMs(late, timezone) === after) return late;
  return early;
}

/** A date out of free JSON. */
export function instantOf(value: unknown, timezone: string): number | null {
  if (typeof value === 'number') return value < 0 ? null : value < 100_000_000_000 ? value * 1000 : value;
  if (typeof value !== 'string') return null;
  const day = /^(\d{4}-\d{2}-\d{2})/.exec(value)?.[1];
  if (day === undefined) return null;
  const isReal =
    !Number.isNaN(Date.parse(`${day}T00:00:00Z`)) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  if (!isReal) return null;
  if (value.length === 10) return dayStart(day, timezone);
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** Every instant after now at which time could change anything about this person under this tree. */
export function criticalInstants(node: FilterNode, person: Person, moment: Moment): number[] {
  const found = new Set<number>();
  const date = (at: number, test: DateTest): void => {
    found.add(at);
    if ('unit' in test)
      for (const sign of [1, -1] as const) found.add(shift(at, { span: test, sign, timezone: moment.timezone }));
  };
  const visit = (at: FilterNode): void => {
    if (at.op === 'and' || at.op === 'or') at.of.forEach(visit);
    else if (at.op === 'not') visit(at.of);
    else if (at.op === 'event' || at.op === 'event_time') {
      for (const event of person.events) {
        found.add(event.atMs);
        if (at.op === 'event_time') date(event.atMs, at.test);
        else if (at.within) found.add(shift(event.atMs, { span: at.within, sign: 1, timezone: moment.timezone }));
      }
    } else if (at.op === 'date') {
      for (const { value } of valuesOf(at.property, person)) {
        const isColumn = Object.hasOwn(CONTACT_PROPERTIES, at.property);
        const instant = isColumn ? (typeof value === 'number' ? value : null) : instantOf(value, moment.timezone);
        if (instant !== null) date(instant, at.test);
      }
    }
  };
  visit(node);
  return [...found].filter((at) => at > moment.nowMs).sort((a, b) => a - b);
}
