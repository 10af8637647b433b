/** Instants in words, in the viewer's time zone. Pure: `now` comes in. */
export interface Viewer {
  readonly now: Date;
  /** IANA name. */
  readonly timezone: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Up to so many days ago is told as a distance, older as a date. */
const AGO_DAYS_MAX = 14;

const formatters = new Map<string, Intl.DateTimeFormat>();

function partsOf(date: Date, timezone: string): { year: number; month: number; day: number } {
  let formatter = formatters.get(timezone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
    formatters.set(timezone, formatter);
  }
  const parts = new Map(formatter.formatToParts(date).map((part) => [part.type, Number(part.value)]));
  return { year: parts.get('year') ?? 0, month: parts.get('month') ?? 1, day: parts.get('day') ?? 1 };
}

/** "27 Nov", and "27 Nov 2027" when that is not the viewer's year. */
export function dayText(date: Date, viewer: Viewer): string {
  const { year, month, day } = partsOf(date, viewer.timezone);
  const isThisYear = year === partsOf(viewer.now, viewer.timezone).year;
  return `${day} ${MONTHS[month - 1]}${isThisYear ? '' : ` ${year}`}`;
}

/** "Nov 2027": for a card, whose month is Stripe's and no time zone's. */
export function monthText(date: Date): string {
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Days between two instants as a calendar counts them, in the viewer's zone. */
function calendarDays(from: Date, to: Date, timezone: string): number {
  const [start, end] = [partsOf(from, timezone), partsOf(to, timezone)];
  return (Date.UTC(end.year, end.month - 1, end.day) - Date.UTC(start.year, start.month - 1, start.day)) / DAY_MS;
}

/** "just now", "5 minutes ago", "3 hours ago", "yesterday", "6 days ago", "on 3 Nov". */
export function agoText(date: Date, viewer: Viewer): string {
  const ms = viewer.now.getTime() - date.getTime();
  if (ms < MINUTE_MS) return 'just now';
  if (ms < HOUR_MS) return `${plural(Math.floor(ms / MINUTE_MS), 'minute')} ago`;
  if (ms < DAY_MS) return `${plural(Math.floor(ms / HOUR_MS), 'hour')} ago`;
  const days = calendarDays(date, viewer.now, viewer.timezone);
  if (days <= 1) return 'yesterday';
  return days <= AGO_DAYS_MAX ? `${plural(days, 'day')} ago` : `on ${dayText(date, viewer)}`;
}

/** "in 5 minutes", "in 3 hours", "tomorrow", "in 3 days". Call it for what lies ahead. */
export function inText(date: Date, viewer: Viewer): string {
  const ms = date.getTime() - viewer.now.getTime();
  if (ms < MINUTE_MS) return 'any moment';
  if (ms < HOUR_MS) return `in ${plural(Math.floor(ms / MINUTE_MS), 'minute')}`;
  if (ms < DAY_MS) return `in ${plural(Math.floor(ms / HOUR_MS), 'hour')}`;
  const days = calendarDays(viewer.now, date, viewer.timezone);
  return days <= 1 ? 'tomorrow' : `in ${plural(days, 'day')}`;
}

export function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * DAY_MS);
}
