export interface Row {
  readonly id: string;
  readonly created: number;
  /** Kept, so that reading it answers `deleted: true`, but no list shows it. */
  deleted?: boolean;
}

/**
 * Rows that exist only as a rule: `make(i)` builds the i-th when somebody looks at it. They are older than every real
 * row. A million of them take no memory; one that is changed becomes real and keeps its place.
 */
export interface BulkBlock<T extends Row> {
  readonly count: number;
  make(index: number): T;
  indexOf(id: string): number | undefined;
  /** Indexes of the rows in a group (see `groupOf`); undefined when the group has none here. */
  inGroup(key: string): readonly number[];
}

/** Rows in the order of creation, with a cursor position for each: positions are what Stripe's pagination walks. */
export class Table<T extends Row> {
  private rows: T[] = [];
  private readonly positions = new Map<string, number>();
  private readonly groups = new Map<string, number[]>();
  private readonly groupOf: ((row: T) => string | null) | undefined;
  private bulk: BulkBlock<T> | undefined;
  private readonly changedBulk = new Map<number, T>();

  constructor(groupOf?: (row: T) => string | null) {
    this.groupOf = groupOf;
  }

  /** One past the newest position. */
  get end(): number {
    return this.bulkCount + this.rows.length;
  }

  get size(): number {
    return this.end;
  }

  private get bulkCount(): number {
    return this.bulk?.count ?? 0;
  }

  /** Only before real rows exist is a block older than they are; a later one is put in front of them all the same. */
  setBulk(block: BulkBlock<T>): void {
    this.bulk = block;
    this.changedBulk.clear();
  }

  add(row: T): T {
    const place = this.rows.length;
    this.rows.push(row);
    this.positions.set(row.id, place);
    const group = this.groupOf?.(row);
    if (group) {
      const list = this.groups.get(group);
      if (list) list.push(place);
      else this.groups.set(group, [place]);
    }
    return row;
  }

  get(id: string): T | undefined {
    const place = this.positions.get(id);
    if (place !== undefined) return this.rows[place];
    const index = this.bulk?.indexOf(id);
    return index === undefined ? undefined : this.bulkRow(index);
  }

  positionOf(id: string): number | undefined {
    const place = this.positions.get(id);
    if (place !== undefined) return this.bulkCount + place;
    return this.bulk?.indexOf(id);
  }

  at(position: number): T | undefined {
    if (position < this.bulkCount) return position < 0 ? undefined : this.bulkRow(position);
    return this.rows[position - this.bulkCount];
  }

  /** Oldest first. */
  inGroup(key: string): T[] {
    const out: T[] = [];
    for (const index of this.bulk?.inGroup(key) ?? []) {
      const row = this.bulkRow(index);
      if (row) out.push(row);
    }
    for (const place of this.groups.get(key) ?? []) {
      const row = this.rows[place];
      if (row && this.groupOf?.(row) === key) out.push(row);
    }
    return out;
  }

  /** After a row moved to another group (a payment method that was attached). */
  regroup(row: T): void {
    const place = this.positions.get(row.id);
    const key = this.groupOf?.(row);
    if (place === undefined || !key) return;
    const list = this.groups.get(key) ?? [];
    if (!list.includes(place)) list.push(place);
    this.groups.set(key, list);
  }

  *newestFirst(): Generator<T> {
    for (let position = this.end - 1; position >= 0; position -= 1) {
      const row = this.at(position);
      if (row && !row.deleted) yield row;
    }
  }

  /** Real rows only, oldest first, deleted ones too; for snapshots and for rebuilding timers. */
  all(): readonly T[] {
    return this.rows;
  }

  /** Drops the oldest real rows for which the test holds; stops at the first that stays. */
  dropOldest(isOld: (row: T) => boolean): void {
    let count = 0;
    for (const row of this.rows) {
      if (!isOld(row)) break;
      count += 1;
    }
    if (count === 0) return;
    const kept = this.rows.slice(count);
    this.restore(kept);
  }

  restore(rows: readonly T[]): void {
    this.rows = [];
    this.positions.clear();
    this.groups.clear();
    for (const row of rows) this.add(row);
  }

  private bulkRow(index: number): T | undefined {
    const changed = this.changedBulk.get(index);
    if (changed) return changed;
    if (this.bulk === undefined || index >= this.bulk.count) return undefined;
    return this.bulk.make(index);
  }

  /** A bulk row that is about to be changed must become real first; others are returned as they are. */
  keep(row: T): T {
    const index = this.positions.has(row.id) ? undefined : this.bulk?.indexOf(row.id);
    if (index === undefined) return row;
    const known = this.changedBulk.get(index);
    if (known) return known;
    this.changedBulk.set(index, row);
    return row;
  }
}
