/**
 * Reads one JSON object that somebody else wrote, field by field, without ever throwing.
 * In: a value of any shape. Out: a value of the asked type, or null.
 * A field that is absent or null is null in silence; a field of the wrong type is null and adds a named warning.
 */
import { isRecord } from '#base/is-record.ts';
export type ReadWarningCode =
  | 'not_an_object'
  | 'wrong_object'
  | 'id_missing'
  | 'wrong_type'
  | 'unknown_value'
  | 'missing';

export interface ReadWarning {
  readonly code: ReadWarningCode;
  /** Where in the object, dotted: `items.data.0.price.tiers`. */
  readonly path: string;
}

/** `fact` is null only when the value is no such object at all, or has no id. */
export interface ReadResult<T> {
  readonly fact: T | null;
  readonly warnings: readonly ReadWarning[];
}

export class RawObject {
  readonly path: string;
  readonly warnings: ReadWarning[];
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>, at: { path: string; warnings: ReadWarning[] }) {
    this.#fields = fields;
    this.path = at.path;
    this.warnings = at.warnings;
  }

  /** The value as it came; undefined when absent. Inherited names such as `constructor` are not fields. */
  value(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }

  has(key: string): boolean {
    const value = this.value(key);
    return value !== undefined && value !== null;
  }

  keys(): string[] {
    return Object.keys(this.#fields);
  }

  warn(code: ReadWarningCode, key: string): null {
    this.warnings.push({ code, path: this.path === '' ? key : `${this.path}.${key}` });
    return null;
  }

  text(key: string): string | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    return typeof value === 'string' ? storable(value) : this.warn('wrong_type', key);
  }

  /** A text of a closed list; a value that the list does not know is null, with a warning. */
  choice<T extends string>(key: string, allowed: readonly T[]): T | null {
    const value = this.text(key);
    if (value === null) return null;
    return allowed.find((known) => known === value) ?? this.warn('unknown_value', key);
  }

  /** A whole number that a double holds exactly, of either sign. */
  int(key: string): number | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    // Adding 0 turns -0, which JSON can write, into 0.
    return typeof value === 'number' && Number.isSafeInteger(value) ? value + 0 : this.warn('wrong_type', key);
  }

  /** Epoch seconds, not negative and before the year 10000. */
  seconds(key: string): number | null {
    const value = this.int(key);
    if (value === null) return null;
    return value >= 0 && value <= MAX_EPOCH_S ? value : this.warn('wrong_type', key);
  }

  bool(key: string): boolean | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    return typeof value === 'boolean' ? value : this.warn('wrong_type', key);
  }

  /** A decimal as text: `"0.05"` on the wire, a number in JSON, or the Decimal object of Stripe's own client. */
  decimal(key: string): string | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    return decimalText(value) ?? this.warn('wrong_type', key);
  }

  child(key: string): RawObject | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    return isRecord(value) ? this.nested(value, key) : this.warn('wrong_type', key);
  }

  nested(value: Readonly<Record<string, unknown>>, key: string): RawObject {
    return new RawObject(value, { path: this.path === '' ? key : `${this.path}.${key}`, warnings: this.warnings });
  }

  /** The id behind a reference, whether it came as an id or as the expanded object. */
  idOf(key: string): string | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    if (typeof value === 'string') return storable(value);
    if (isRecord(value) && typeof value['id'] === 'string') return storable(value['id']);
    return this.warn('wrong_type', key);
  }

  /** The object behind a reference if it was expanded, else null without a warning. */
  expanded(key: string): RawObject | null {
    const value = this.value(key);
    return isRecord(value) ? this.nested(value, key) : null;
  }

  /** An array, or the `data` of a Stripe list. Null when absent, so that "not expanded" and "empty" stay apart. */
  list(key: string): { readonly entries: readonly unknown[]; readonly isTruncated: boolean } | null {
    const value = this.value(key);
    if (value === undefined || value === null) return null;
    if (Array.isArray(value)) return { entries: value, isTruncated: false };
    if (isRecord(value) && Array.isArray(value['data'])) {
      return { entries: value['data'], isTruncated: value['has_more'] === true };
    }
    return this.warn('wrong_type', key);
  }

  /** Stripe metadata: text to text. Other values are left out with a warning. */
  metadata(key: string): Record<string, string> {
    const child = this.child(key);
    if (child === null) return {};
    const entries: [string, string][] = [];
    for (const name of child.keys()) {
      const text = child.text(name);
      if (text !== null) entries.push([storable(name), text]);
    }
    return Object.fromEntries(entries);
  }
}

/** 9999-12-31T23:59:59Z, the last second that an ISO date of four digits can say. */
const MAX_EPOCH_S = 253_402_300_799;

/** PostgreSQL's jsonb refuses U+0000 and lone surrogates, so a fact must not carry them. */
function storable(text: string): string {
  const withoutNul = text.includes('\0') ? text.replaceAll('\0', '') : text;
  return /[\ud800-\udfff]/.test(withoutNul) ? withoutNul.replace(/\p{Surrogate}/gu, '\ufffd') : withoutNul;
}

/** Stripe sends at most 12 decimals; the bound keeps a hostile text from becoming a huge number. */
const DECIMAL = /^-?\d{1,30}(\.\d{1,30})?$/;

function decimalText(value: unknown): string | null {
  if (typeof value === 'string') return DECIMAL.test(value) ? value : null;
  if (typeof value === 'number') return Number.isFinite(value) ? plainNumber(value) : null;
  if (!isRecord(value)) return null;
  const toText = value['toString'];
  if (typeof toText !== 'function' || toText === Object.prototype.toString) return null;
  try {
    const text: unknown = Reflect.apply(toText, value, []);
    return typeof text === 'string' && DECIMAL.test(text) ? text : null;
  } catch {
    return null; // An object whose toString fails is no decimal.
  }
}

/** The shortest text that reads back as the same double; numbers written with an exponent are out of range here. */
function plainNumber(value: number): string | null {
  const text = String(value + 0);
  return DECIMAL.test(text) ? text : null;
}

/**
 * Opens a value as a Stripe object of one of `objects`.
 * An absent `object` field is accepted, as Stripe leaves it out of some embedded objects.
 */
export function openObject(
  raw: unknown,
  objects: readonly string[],
): { readonly source: RawObject; readonly id: string } | { readonly warnings: readonly ReadWarning[] } {
  const warnings: ReadWarning[] = [];
  if (!isRecord(raw)) return { warnings: [{ code: 'not_an_object', path: '' }] };
  const source = new RawObject(raw, { path: '', warnings });
  const object = source.text('object');
  if (object !== null && !objects.includes(object)) return { warnings: [{ code: 'wrong_object', path: 'object' }] };
  const id = source.text('id');
  if (id === null || id === '') return { warnings: [{ code: 'id_missing', path: 'id' }] };
  return { source, id };
}

/** Reads a whole object with `read`, or says why it cannot be one. */
export function readAs<T>(
  raw: unknown,
  how: { objects: readonly string[]; read: (source: RawObject, id: string) => T },
): ReadResult<T> {
  const opened = openObject(raw, how.objects);
  if (!('source' in opened)) return { fact: null, warnings: opened.warnings };
  return { fact: how.read(opened.source, opened.id), warnings: opened.source.warnings };
}
