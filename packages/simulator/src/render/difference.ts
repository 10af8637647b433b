import type { Out } from './view.ts';

/**
 * Stripe's `previous_attributes`: what changed, with its old value. Nested hashes hold only their changed keys; arrays
 * are given whole; a key that did not exist before is null. Empty when nothing changed.
 */
export function previousAttributes(before: Out, after: Out): Out {
  const previous: Out = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[key];
    const now = after[key];
    if (isSame(old, now)) continue;
    if (isHash(old) && isHash(now)) previous[key] = previousAttributes(old, now);
    else previous[key] = old === undefined ? null : old;
  }
  return previous;
}

function isHash(value: unknown): value is Out {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSame(item, b[index]));
  }
  const left = a as Out;
  const right = b as Out;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => isSame(left[key], right[key]));
}
