/**
 * Decayed activity as one number that time does not change. A contact's points at time t are the sum of each event's
 * weight * 2^-((t - event time) / half-life). Taking 2^-(t / half-life) out of the sum leaves
 * rank key = log2(sum of weight * 2^(event time / half-life)): it only changes when an event comes, sums in any order,
 * and orders people of one workspace at every time alike.
 */
const DAY_MS = 86_400_000;

/** What one event of `weight` (above 0) adds, as a rank key of its own. */
export function rankKeyOf(input: { weight: number; time: Date; halfLifeDays: number }): number {
  return Math.log2(input.weight) + halvings(input.time, input.halfLifeDays);
}

/** How many half-lives lie between 1970 and `time`. */
export function halvings(time: Date, halfLifeDays: number): number {
  return time.getTime() / DAY_MS / halfLifeDays;
}

/** log2(2^a + 2^b) without leaving the range of numbers; null is nothing. The same as `engagement_sum` in the database. */
export function sumRankKeys(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b) + Math.log2(1 + 2 ** -Math.abs(a - b));
}

/** The points that are left at `at`. */
export function pointsAt(rankKey: number, input: { at: Date; halfLifeDays: number }): number {
  return 2 ** (rankKey - halvings(input.at, input.halfLifeDays));
}
