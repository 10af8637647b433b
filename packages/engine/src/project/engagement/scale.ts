import { halvings } from './decay.ts';
import type { EngagementSettings } from './settings.ts';

/** Scores run from 0 to this; a scale has one cut per score above 0. */
export const SCORE_MAX = 100;

/**
 * The cuts of a percentile scale from the rank keys of (a sample of) the active people: `cuts[s - 1]` is the key from
 * which on somebody scores `s`, namely 100 * (people below + half of those equal) / people, rounded. Ascending; Infinity
 * where nobody gets so far.
 */
export function percentileCuts(sample: readonly number[]): number[] {
  const sorted = sample.toSorted((a, b) => a - b);
  const cuts = Array.from({ length: SCORE_MAX }, () => Number.POSITIVE_INFINITY);
  let reached = 0;
  for (let from = 0; from < sorted.length; ) {
    const key = sorted[from] ?? 0;
    let to = from + 1;
    while (to < sorted.length && sorted[to] === key) to += 1;
    const score = Math.round((SCORE_MAX * (from + to)) / 2 / sorted.length);
    for (; reached < score; reached++) cuts[reached] = key;
    from = to;
  }
  return cuts;
}

/** The cuts of the fixed scale at `at`: score `s` needs `s` hundredths of `fullScorePoints`. They rise as points decay. */
export function fixedCuts(settings: EngagementSettings, at: Date): number[] {
  const base = halvings(at, settings.halfLifeDays);
  return Array.from(
    { length: SCORE_MAX },
    (_, i) => base + Math.log2((settings.fullScorePoints * (i + 1)) / SCORE_MAX),
  );
}

/** The rank key below which somebody is quiet at `at`. */
export function quietKey(settings: EngagementSettings, at: Date): number {
  return halvings(at, settings.halfLifeDays) + Math.log2(settings.quietBelowPoints);
}

/**
 * The cuts that count at `at`: the stored percentiles, or the fixed scale where there are none (or they were taken with
 * another half-life); nobody below the quiet bound scores more than 0.
 */
export function cutsAt(
  input: { settings: EngagementSettings; cuts: readonly number[] | null; cutsHalfLifeDays: number },
  at: Date,
): number[] {
  const { settings, cuts } = input;
  const usable = cuts !== null && input.cutsHalfLifeDays === settings.halfLifeDays ? cuts : fixedCuts(settings, at);
  const quiet = quietKey(settings, at);
  return usable.map((cut) => Math.max(cut, quiet));
}

/** The score of a rank key: how many cuts it has reached. The same as `width_bucket(key, cuts)` in the database. */
export function scoreOf(rankKey: number, cuts: readonly number[]): number {
  let score = 0;
  while (score < cuts.length && rankKey >= (cuts[score] ?? Number.POSITIVE_INFINITY)) score += 1;
  return score;
}
