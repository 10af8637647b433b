import type { Recurring } from '#store/catalogue.ts';

const DAY_S = 86_400;

/**
 * The n-th period boundary after the anchor. Months keep the anchor's day and fall back to the month's last day
 * (31 January, 28 February, 31 March), as Stripe does.
 */
export function boundary(anchorS: number, recurring: Recurring, n: number): number {
  const count = recurring.intervalCount * n;
  if (recurring.interval === 'day') return anchorS + count * DAY_S;
  if (recurring.interval === 'week') return anchorS + count * 7 * DAY_S;
  return addMonths(anchorS, recurring.interval === 'year' ? count * 12 : count);
}

export function addMonths(fromS: number, months: number): number {
  const from = new Date(fromS * 1000);
  const first = new Date(from.getTime());
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return Math.floor(first.getTime() / 1000);
}

/** The first boundary after `afterS`. */
export function nextBoundary(anchorS: number, recurring: Recurring, afterS: number): number {
  if (afterS < anchorS) return anchorS;
  const roughMonths = (afterS - anchorS) / (DAY_S * 31);
  const unitMonths = recurring.interval === 'year' ? 12 : recurring.interval === 'month' ? 1 : null;
  const unitDays = recurring.interval === 'week' ? 7 : 1;
  let n =
    unitMonths === null
      ? Math.floor((afterS - anchorS) / (DAY_S * unitDays * recurring.intervalCount))
      : Math.max(0, Math.floor(roughMonths / (unitMonths * recurring.intervalCount)) - 1);
  while (boundary(anchorS, recurring, n) <= afterS) n += 1;
  return boundary(anchorS, recurring, n);
}
