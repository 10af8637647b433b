import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import { moneyText } from '@growthos/contracts/filter/money-text.ts';

interface Context {
  readonly now: Date;
  readonly timezone: string;
}

/** What a contact has at a condition, in words: "trialing", "49.00 USD", "3 times, last on ...", "not known". */
export function actualText(node: FilterNode, input: { value: unknown; isTrue: boolean } & Context): string | null {
  const { value } = input;
  switch (node.op) {
    case 'and':
    case 'or':
    case 'not':
      return null;
    case 'segment':
      return (node.is === 'member') === input.isTrue ? 'in it' : 'not in it';
    case 'event': {
      const count = fieldOf(value, 'count');
      const last = fieldOf(value, 'last');
      if (typeof count !== 'number' || count === 0) return 'never in that time';
      const times = count === 1 ? 'once' : `${count} times`;
      return typeof last === 'string' ? `${times}, last on ${instantText(new Date(last), input)}` : times;
    }
    case 'event_time':
    case 'date':
      return plainText(value, { ...input, isDate: true });
    case 'money':
      return Array.isArray(value) ? listText(value.map(moneyOf)) : moneyOf(value);
    default:
      return plainText(value, { ...input, isDate: false });
  }
}

const UNKNOWN = 'not known';
const VALUES_SHOWN_MAX = 5;

function plainText(value: unknown, input: Context & { isDate: boolean }): string {
  if (value === null || value === undefined || value === '') return UNKNOWN;
  if (Array.isArray(value)) return value.length === 0 ? UNKNOWN : listText(value.map((item) => plainText(item, input)));
  if (typeof value === 'string') {
    const date = input.isDate ? new Date(value) : null;
    return date && !Number.isNaN(date.getTime()) ? instantText(date, input) : `"${value}"`;
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return JSON.stringify(value);
}

function listText(items: readonly string[]): string {
  const shown = items.slice(0, VALUES_SHOWN_MAX).join(', ');
  return items.length > VALUES_SHOWN_MAX ? `${shown} and ${items.length - VALUES_SHOWN_MAX} more` : shown;
}

function moneyOf(value: unknown): string {
  const amount = fieldOf(value, 'amountMinor');
  const currency = fieldOf(value, 'currency');
  return typeof amount === 'number' && typeof currency === 'string' ? moneyText(amount, currency) : UNKNOWN;
}

function fieldOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** "24 Nov 2026, 10:00 (in 3 days)", in the workspace's time zone. */
export function instantText(at: Date, input: Context): string {
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: input.timezone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
  return `${local} (${distanceText(at, input.now)})`;
}

const STEPS: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

function distanceText(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  const step = STEPS.find(([, size]) => Math.abs(ms) >= size);
  if (!step) return 'now';
  const n = Math.floor(Math.abs(ms) / step[1]);
  const words = `${n} ${step[0]}${n === 1 ? '' : 's'}`;
  return ms < 0 ? `${words} ago` : `in ${words}`;
}
