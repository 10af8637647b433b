import { invalid } from '#errors.ts';
import type { Row, Table } from '#store/table.ts';
import type { Input } from './input.ts';

export interface Page<T> {
  readonly rows: T[];
  readonly hasMore: boolean;
}

export interface Filters<T> {
  readonly keep: (row: T) => boolean;
  /** Only these, oldest first, instead of the whole table: an index that the caller knows. */
  readonly within?: readonly T[];
}

type Listable = Pick<Row, 'id' | 'deleted'>;

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;

/**
 * Stripe's cursors: newest first; `starting_after` goes on behind that object, `ending_before` gives the page in front
 * of it, still newest first. A cursor may name an object that the filter leaves out, or that is deleted meanwhile.
 */
export function pageOf<T extends Row>(table: Table<T>, input: Input, filters: Filters<T>): Page<T> {
  return pageFrom(filters.within === undefined ? table : new Listed(filters.within), input, filters.keep);
}

/** A page of a list inside an object, which runs in its own order: the first one first. */
export function pageWithin<T extends Listable>(rows: readonly T[], input: Input): Page<T> {
  return pageFrom(new Listed(rows.toReversed()), input, () => true);
}

function pageFrom<T extends Listable>(source: Source<T>, input: Input, keep: Filters<T>['keep']): Page<T> {
  const limit = input.integer('limit') ?? LIMIT_DEFAULT;
  if (limit < 1 || limit > LIMIT_MAX) {
    throw invalid(
      limit < 1 ? 'This value must be greater than or equal to 1.' : 'This value must be less than or equal to 100.',
      'limit',
      'parameter_invalid_integer',
    );
  }
  const after = input.text('starting_after');
  const before = input.text('ending_before');
  if (after !== undefined && before !== undefined) {
    throw invalid(
      'Received both starting_after and ending_before parameters. Please pass in only one.',
      'starting_after',
    );
  }
  if (before !== undefined) {
    const found = walk(source, {
      from: positionOf(source, before, 'ending_before') + 1,
      step: 1,
      limit,
      keep,
    });
    return { rows: found.rows.toReversed(), hasMore: found.hasMore };
  }
  const from = after === undefined ? source.end - 1 : positionOf(source, after, 'starting_after') - 1;
  return walk(source, { from, step: -1, limit, keep });
}

interface Source<T> {
  readonly end: number;
  at(position: number): T | undefined;
  positionOf(id: string): number | undefined;
}

class Listed<T extends Listable> implements Source<T> {
  private readonly rows: readonly T[];

  constructor(rows: readonly T[]) {
    this.rows = rows;
  }

  get end(): number {
    return this.rows.length;
  }

  at(position: number): T | undefined {
    return this.rows[position];
  }

  positionOf(id: string): number | undefined {
    const found = this.rows.findIndex((row) => row.id === id);
    return found === -1 ? undefined : found;
  }
}

function positionOf<T>(source: Source<T>, id: string, param: string): number {
  const position = source.positionOf(id);
  if (position === undefined) throw invalid(`No such object: '${id}'`, param, 'resource_missing');
  return position;
}

function walk<T extends Listable>(
  source: Source<T>,
  at: { readonly from: number; readonly step: 1 | -1; readonly limit: number; readonly keep: (row: T) => boolean },
): Page<T> {
  const rows: T[] = [];
  for (let position = at.from; position >= 0 && position < source.end; position += at.step) {
    const row = source.at(position);
    if (!row || row.deleted || !at.keep(row)) continue;
    if (rows.length === at.limit) return { rows, hasMore: true };
    rows.push(row);
  }
  return { rows, hasMore: false };
}

/** `created=...` or `created[gte]=...`, `[gt]`, `[lte]`, `[lt]`; also for other times (`current_period_end`, `due_date`). */
export function timeFilter(input: Input, name = 'created'): (valueS: number | null) => boolean {
  if (!input.has(name)) return () => true;
  const plain = isPlain(input, name) ? input.integer(name) : undefined;
  if (plain !== undefined) return (value) => value === plain;
  const range = input.hash(name);
  const [gt, gte, lt, lte] = [range?.integer('gt'), range?.integer('gte'), range?.integer('lt'), range?.integer('lte')];
  return (value) =>
    value !== null &&
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte);
}

function isPlain(input: Input, name: string): boolean {
  try {
    return input.text(name) !== undefined;
  } catch {
    return false;
  }
}
