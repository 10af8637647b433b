import { TRACK_LIMITS } from '@growthos/contracts/http/track.ts';

export interface JsonProblem {
  readonly field: string;
  readonly message: string;
}

/** Control characters other than tab, line feed and carriage return, which text may hold. */
const FORBIDDEN = /[^\P{Cc}\t\n\r]/u;
/** Half of a pair: a string of JavaScript may hold one, jsonb may not. */
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * What in a parsed JSON value could not be stored and read back as jsonb, or is nested beyond measure: the first problem,
 * with its path. Null where there is none. `depth` of the value itself is 0.
 */
export function checkJson(value: unknown, field: string, depth = 0): JsonProblem | null {
  if (typeof value === 'string') return checkText(value, field);
  if (typeof value === 'number') {
    // JSON can write 1e999, which is read as Infinity and would be stored as null.
    return Number.isFinite(value) ? null : { field, message: 'must be a finite number' };
  }
  if (value === null || typeof value !== 'object') return null;
  if (depth >= TRACK_LIMITS.depthMax) {
    return { field, message: `is nested deeper than ${TRACK_LIMITS.depthMax} levels` };
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const problem = checkJson(item, `${field}[${index}]`, depth + 1);
      if (problem) return problem;
    }
    return null;
  }
  for (const [key, inner] of Object.entries(value)) {
    const path = `${field}.${key.slice(0, TRACK_LIMITS.keyLengthMax)}`;
    const problem = checkKey(key, field) ?? checkJson(inner, path, depth + 1);
    if (problem) return problem;
  }
  return null;
}

function checkText(text: string, field: string): JsonProblem | null {
  if (FORBIDDEN.test(text)) return { field, message: 'must not contain control characters' };
  if (LONE_SURROGATE.test(text)) return { field, message: 'holds half of a surrogate pair: it is not valid Unicode' };
  return null;
}

function checkKey(key: string, field: string): JsonProblem | null {
  if (key.length > TRACK_LIMITS.keyLengthMax) {
    return { field, message: `has a key longer than ${TRACK_LIMITS.keyLengthMax} characters` };
  }
  if (key === '' || key === '__proto__') return { field, message: `has a key that cannot be used: "${key}"` };
  if (/\p{Cc}/u.test(key) || LONE_SURROGATE.test(key)) return { field, message: 'has a key with control characters' };
  return null;
}
