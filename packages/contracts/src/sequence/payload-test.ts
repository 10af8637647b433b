import type { PayloadTest } from './condition.ts';
import type { EventMatch } from './step.ts';
import type { z } from 'zod';

export type Payload = Readonly<Record<string, unknown>>;

/** The value at a dotted name; null where anything on the way is missing. */
export function payloadValue(payload: Payload, field: string): unknown {
  let value: unknown = payload;
  for (const name of field.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return null;
    value = (value as Payload)[name];
  }
  return value ?? null;
}

export function passesPayloadTest(test: PayloadTest, payload: Payload): boolean {
  const value = payloadValue(payload, test.field);
  switch (test.op) {
    case 'is':
      return value === test.value;
    case 'is_not':
      return value !== test.value;
    case 'in':
      return test.value.some((candidate) => candidate === value);
    case 'not_in':
      return !test.value.some((candidate) => candidate === value);
    case 'gt':
      return typeof value === 'number' && value > test.value;
    case 'gte':
      return typeof value === 'number' && value >= test.value;
    case 'lt':
      return typeof value === 'number' && value < test.value;
    case 'lte':
      return typeof value === 'number' && value <= test.value;
    case 'is_present':
      return value !== null && value !== '';
    case 'is_missing':
      return value === null || value === '';
  }
}

export interface EventTest {
  readonly type: string;
  readonly where: readonly PayloadTest[];
  readonly match: readonly z.infer<typeof EventMatch>[];
}

/**
 * Whether an event is the one that is meant, given what started the run. A field that the starting event does not have
 * (or has as null) matches nothing: a payment without an invoice never ends somebody else's recovery.
 */
export function isMeantEvent(test: EventTest, input: { type: string; data: Payload; startedBy: Payload }): boolean {
  if (input.type !== test.type) return false;
  if (!test.where.every((one) => passesPayloadTest(one, input.data))) return false;
  return test.match.every((match) => {
    const expected = payloadValue(input.startedBy, match.equals);
    return expected !== null && payloadValue(input.data, match.field) === expected;
  });
}
