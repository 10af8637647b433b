import type { GoalLift } from '@growthos/contracts/http/sequences.ts';
import type { z } from 'zod';

/** Normal quantile of a two-sided 95 % interval. */
const Z = 1.959964;
/** Below this many people on either side an interval says nothing that a person should act on. */
const ENOUGH = 30;

export interface LiftCounts {
  readonly inRuns: number;
  readonly inGoals: number;
  readonly holdoutRuns: number;
  readonly holdoutGoals: number;
}

/**
 * Goal rate in the sequence less that of the holdout, in percentage points, with Newcombe's hybrid score interval.
 * Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10.
 */
export function goalLift(counts: LiftCounts): z.infer<typeof GoalLift> {
  if (counts.inRuns === 0 || counts.holdoutRuns === 0) {
    const text =
      counts.holdoutRuns === 0
        ? 'Without a holdout nobody can say what would have happened anyway.'
        : 'Nobody has been through it yet.';
    return { ...counts, liftPoints: null, lowPoints: null, highPoints: null, text };
  }
  const treated = wilson(counts.inGoals, counts.inRuns);
  const held = wilson(counts.holdoutGoals, counts.holdoutRuns);
  const difference = treated.rate - held.rate;
  const low = difference - Math.hypot(treated.rate - treated.low, held.high - held.rate);
  const high = difference + Math.hypot(treated.high - treated.rate, held.rate - held.low);
  const points = (value: number): number => Math.round(value * 1000) / 10;
  return {
    ...counts,
    liftPoints: points(difference),
    lowPoints: points(low),
    highPoints: points(high),
    text: words({ counts, low, high, difference: points(difference) }),
  };
}

function wilson(successes: number, n: number): { rate: number; low: number; high: number } {
  const rate = successes / n;
  const centre = (rate + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((rate * (1 - rate)) / n + (Z * Z) / (4 * n * n));
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

function words(input: { counts: LiftCounts; low: number; high: number; difference: number }): string {
  const { counts, low, high, difference } = input;
  if (Math.min(counts.inRuns, counts.holdoutRuns) < ENOUGH)
    return `Too few people to tell: at least ${ENOUGH} on each side are needed.`;
  const amount = `${difference > 0 ? '+' : ''}${difference} percentage points against the holdout`;
  if (low > 0) return `It works: ${amount}.`;
  if (high < 0) return `It does harm: ${amount}.`;
  return `No difference that could not be chance: ${amount}.`;
}
