/** What a case file's checks have in common: reading fields of a case, and comparing what came out. */
import { isRecord } from '#base/is-record.ts';
import { type BillingSettings, BillingSettingsSchema } from '../settings.ts';

export interface Mismatch {
  readonly field: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** A case that cannot be run says why in its own words. */
export class CaseFormatError extends Error {
  override readonly name = 'CaseFormatError';
}

export type CaseRecord = Readonly<Record<string, unknown>>;

export function asRecord(value: unknown, what: string): CaseRecord {
  if (isRecord(value)) return value;
  throw new CaseFormatError(`${what} should be an object`);
}

export function asList(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new CaseFormatError(`${what} should be a list`);
}

/** `Date` of an ISO time, or of epoch seconds. */
export function asMoment(value: unknown, what: string): Date {
  const moment = typeof value === 'number' ? new Date(value * 1000) : new Date(typeof value === 'string' ? value : '');
  if (Number.isNaN(moment.getTime()))
    throw new CaseFormatError(`${what} should be a time such as 2026-11-24T00:00:00Z`);
  return moment;
}

/** Settings from snake_case names, nested or dotted (`discounts.repeating`), checked by the production schema. */
export function caseSettings(...sources: readonly unknown[]): BillingSettings {
  const settings: Record<string, unknown> = {};
  for (const source of sources) {
    if (source === undefined || source === null) continue;
    for (const [name, value] of Object.entries(asRecord(source, 'settings'))) put(settings, name.split('.'), value);
  }
  const parsed = BillingSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CaseFormatError(`settings not understood (${issues.join('; ')})`);
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  const key = head.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (rest.length === 0) {
    target[key] = key === 'rates' ? rateTexts(value) : value;
    return;
  }
  const inner = target[key];
  const next = isRecord(inner) ? { ...inner } : {};
  target[key] = next;
  put(next, rest, value);
}

function rateTexts(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([currency, rate]) => [currency, typeof rate === 'number' ? String(rate) : rate]),
  );
}

/** Compares only the fields that the case names. Order inside an object does not matter; inside a list it does. */
export function compareFields(expected: CaseRecord, got: CaseRecord): readonly Mismatch[] {
  const mismatches: Mismatch[] = [];
  for (const [field, want] of Object.entries(expected)) {
    if (!Object.hasOwn(got, field)) mismatches.push({ field, expected: want, got: '(no such field)' });
    else if (canonical(want) !== canonical(got[field])) mismatches.push({ field, expected: want, got: got[field] });
  }
  return mismatches;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
