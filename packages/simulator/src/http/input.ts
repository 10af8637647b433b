import { invalid } from '#errors.ts';
import type { Metadata } from '#store/customer.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads form parameters as Stripe does: everything is text, an empty text clears a field, and errors name the
 * parameter by its path (`items[0][price]`).
 */
export class Input {
  private readonly fields: Fields;
  private readonly path: string;

  constructor(fields: unknown, path = '') {
    this.fields = typeof fields === 'object' && fields !== null ? (fields as Fields) : {};
    this.path = path;
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined;
  }

  /** Stripe's way to clear: `field=`. */
  isCleared(name: string): boolean {
    return this.fields[name] === '';
  }

  names(): string[] {
    return Object.keys(this.fields);
  }

  param(name: string): string {
    return this.path === '' ? name : `${this.path}[${name}]`;
  }

  text(name: string): string | undefined {
    const value = this.fields[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw invalid(`Invalid string: ${JSON.stringify(value)}`, this.param(name));
    return value;
  }

  /** undefined: not given; null: cleared. */
  clearable(name: string): string | null | undefined {
    if (!this.has(name)) return undefined;
    return this.text(name) ?? null;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) {
      throw invalid(`Missing required param: ${this.param(name)}.`, this.param(name), 'parameter_missing');
    }
    return value;
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?\d+$/.test(value))
      throw invalid(`Invalid integer: ${value}`, this.param(name), 'parameter_invalid_integer');
    return Number(value);
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const parsed = Number(value);
    if (!Number.isFinite(parsed)) throw invalid(`Invalid decimal: ${value}`, this.param(name));
    return parsed;
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value === 'true') return true;
    if (value === 'false') return false;
    throw invalid(`Invalid boolean: ${value}`, this.param(name));
  }

  /** One of a closed list; Stripe's sentence names them all. */
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) {
      throw invalid(`Invalid ${this.param(name)}: must be one of ${allowed.join(', ')}`, this.param(name));
    }
    return found;
  }

  hash(name: string): Input | undefined {
    const value = this.fields[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'object') throw invalid(`Invalid object`, this.param(name));
    return new Input(value, this.param(name));
  }

  /** `items[0][price]`, `items[][price]`: both arrive as arrays, sparse ones as hashes with number keys. */
  hashes(name: string): Input[] | undefined {
    const values = this.values(name);
    return values?.map((value, index) => {
      if (typeof value !== 'object') throw invalid('Invalid object', `${this.param(name)}[${index}]`);
      return new Input(value, `${this.param(name)}[${index}]`);
    });
  }

  texts(name: string): string[] | undefined {
    return this.values(name)?.map(String);
  }

  private values(name: string): unknown[] | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    if (value === '') return [];
    if (Array.isArray(value)) return value;
    if (typeof value === 'object' && value !== null) return Object.values(value);
    return [value];
  }

  /** New metadata over old: an empty value removes its key, an empty `metadata=` removes all. */
  metadata(old: Metadata = {}): Metadata | undefined {
    if (!this.has('metadata')) return undefined;
    if (this.isCleared('metadata')) return {};
    const hash = this.hash('metadata');
    const next = { ...old };
    for (const key of hash?.names() ?? []) {
      const value = hash?.text(key);
      if (value === undefined) delete next[key];
      else next[key] = value;
    }
    return next;
  }
}
