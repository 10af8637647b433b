import { useSyncExternalStore } from 'react';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const TICK_MS = 30_000;
/** Two clocks are never quite the same: what is this little ahead has just happened. */
const CLOCK_DRIFT_S = 30;

let ticks = 0;
/** How far the server's clock is ahead of this one: a demo can move its clock by days. */
let skewMs = 0;
const listeners = new Set<() => void>();
setInterval(() => {
  ticks += 1;
  for (const listener of listeners) listener();
}, TICK_MS);

/** Call with the server's time whenever it is known; every "5 minutes ago" follows it. */
export function followServerClock(serverNow: string): void {
  const next = Date.parse(serverNow) - Date.now();
  if (Number.isNaN(next) || Math.abs(next - skewMs) < 5000) return;
  skewMs = next;
  ticks += 1;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const serverNowMs = (): number => Date.now() + skewMs;

function timeAgo(iso: string, atMs: number): string {
  const seconds = (Date.parse(iso) - atMs) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return seconds > -10 && seconds < CLOCK_DRIFT_S ? 'just now' : relative.format(Math.round(seconds), 'second');
}

export const fullTime = (iso: string): string => absolute.format(new Date(iso));

/** "5 minutes ago" or "in 3 days", with the full date and time on hover and for machines. */
export function TimeAgo({ at, className }: { at: string; className?: string }) {
  useSyncExternalStore(subscribe, () => ticks);
  return (
    <time dateTime={at} title={fullTime(at)} className={className}>
      {timeAgo(at, serverNowMs())}
    </time>
  );
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const dayName = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

export const formatClock = (iso: string): string => clockTime.format(new Date(iso));
export const formatDay = (iso: string): string => dayName.format(new Date(iso));

const dayAndYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

function formatMoment(iso: string): string {
  const date = new Date(iso);
  const isThisYear = date.getFullYear() === new Date(serverNowMs()).getFullYear();
  return (isThisYear ? dayAndTime : dayAndYear).format(date);
}

/** "Thu 27 Nov, 14:00"; in another year the year matters more than the hour: "3 Apr 2024". */
export function DayTime({ at, className }: { at: string; className?: string }) {
  return (
    <time dateTime={at} title={fullTime(at)} className={className}>
      {formatMoment(at)}
    </time>
  );
}
