import { sql, raw, type Sql } from '#db/sql.ts';

/**
 * SQL for one node of a tree, over the row `c` of `contact` and the row `p` of parameters (`now`, `tz`).
 * `truth` may be NULL, which counts as false. `flip` is the earliest instant after `p.now` at which time alone could change
 * the truth; it may be too early, is never too late, and is NULL where there is none. Without any: null here.
 */
export interface ConditionSql {
  readonly truth: Sql;
  readonly flip: Sql | null;
  /** Both read columns of stages below this one only. */
  readonly height: number;
}

/**
 * Keeps intermediate results as columns, one lateral subquery per height, so that what is used twice is computed once and
 * the text grows with the tree, not with the power of its depth.
 */
export class Stages {
  readonly #columns: Sql[][] = [];
  readonly #isInline: boolean;

  /** `inline` holds nothing back: for a plain `where`, in which the planner may use indexes. */
  constructor(input: { inline: boolean }) {
    this.#isInline = input.inline;
  }

  hold(expression: Sql, height: number): Sql {
    if (this.#isInline) return sql`(${expression})`;
    const stage = (this.#columns[height] ??= []);
    stage.push(expression);
    return raw(`l${height}.c${stage.length - 1}`);
  }

  /** `offset 0` keeps the planner from writing the expressions back into each place that uses them. */
  laterals(): Sql[] {
    return this.#columns.map(
      (columns, height) =>
        sql`cross join lateral (select ${joined(columns.map((column, i) => sql`${column} as ${raw(`c${i}`)}`))} offset 0) ${raw(`l${height}`)}`,
    );
  }
}

function joined(parts: readonly Sql[]): Sql {
  return parts.slice(1).reduce((all, part) => sql`${all}, ${part}`, parts[0] ?? sql`null`);
}

/** The opposite. `is not true`, not `not`: where the truth is NULL, `not` would leave the contact out of both sides. */
export function negated(condition: ConditionSql): ConditionSql {
  return { ...condition, truth: sql`((${condition.truth}) is not true)` };
}

export const ALWAYS: ConditionSql = { truth: sql`true`, flip: null, height: 0 };
export const NEVER: ConditionSql = { truth: sql`false`, flip: null, height: 0 };
