import { foldEventName } from './settings.ts';

const NPS_EVENT = foldEventName('nps_submitted');
const TRAITS = ['nps_score', 'npsScore', 'nps'] as const;
const PROPERTIES = ['score', 'rating', 'nps_score', 'value'] as const;

/** An answer from 0 to 10 in an `nps_submitted` event or among the traits of an identify; null where there is none. */
export function readNps(input: {
  kind: string;
  event: string | null;
  properties: Readonly<Record<string, unknown>>;
  traits: Readonly<Record<string, unknown>>;
}): number | null {
  if (input.kind === 'identify') return firstAnswer(input.traits, TRAITS);
  if (input.kind !== 'track' || input.event === null || foldEventName(input.event) !== NPS_EVENT) return null;
  return firstAnswer(input.properties, PROPERTIES);
}

function firstAnswer(values: Readonly<Record<string, unknown>>, names: readonly string[]): number | null {
  for (const name of names) {
    const value = values[name];
    const answer = typeof value === 'string' && /^\d{1,2}$/.test(value) ? Number(value) : value;
    if (typeof answer === 'number' && Number.isInteger(answer) && answer >= 0 && answer <= 10) return answer;
  }
  return null;
}
