/**
 * The one compiler: a filter tree in, SQL out, for a whole workspace or for a batch of contacts, always over the row `c`
 * of `contact`. Values are bound, never written into the text; names of columns come from the catalogue. Total: every tree
 * that `parseFilter` lets through compiles.
 *
 * Two results per contact: whether it belongs (never NULL), and the next instant at which time alone could change that.
 * That instant may be too early (then nothing changes and it is asked again), and is never too late.
 */
import type { EventCondition, Filter, FilterNode } from '@growthos/contracts/filter/filter.ts';
import { unreachable } from '#base/errors.ts';
import { join, sql, type Sql } from '#db/sql.ts';
import { ALWAYS, negated, NEVER, Stages, type ConditionSql } from './condition-sql.ts';
import { atLeastSql, eventTimeSql } from './event-sql.ts';
import { propertySql } from './property-sql.ts';
import { payloadSql } from './value-sql.ts';

export interface CompileInput {
  readonly workspaceId: string;
  readonly now: Date;
  /** IANA name, known to PostgreSQL: see `workspaceTimezone`. */
  readonly timezone: string;
}

export interface CompiledFilter {
  /** `contact c cross join ...`: to stand behind `from`. */
  readonly from: Sql;
  /** What stands behind `contact c` in it. */
  readonly joins: Sql;
  readonly isMember: Sql;
  readonly nextFlipAt: Sql;
}

export function compileFilter(filter: Filter, input: CompileInput): CompiledFilter {
  const compiler = new Compiler(input);
  const top = compiler.node(filter.where);
  return {
    isMember: sql`coalesce(${top.truth}, false)`,
    nextFlipAt: top.flip ?? sql`null::timestamptz`,
    from: sql`contact c ${compiler.joins()}`,
    joins: compiler.joins(),
  };
}

/** Membership alone, to stand in a `where` over `contact c` and these `joins`: for counting. */
export function compileTruth(filter: Filter, input: CompileInput): { readonly joins: Sql; readonly isMember: Sql } {
  const compiler = new Compiler(input, { truthOnly: true });
  const top = compiler.node(filter.where);
  return { isMember: top.truth, joins: compiler.joins() };
}

/** Compiles nodes one after another into one set of stages. */
export class Compiler {
  readonly #stages: Stages;
  readonly #input: CompileInput;
  readonly #options: { truthOnly?: boolean; onNode?: (node: FilterNode, condition: ConditionSql) => void };

  constructor(
    input: CompileInput,
    options: { truthOnly?: boolean; onNode?: (node: FilterNode, condition: ConditionSql) => void } = {},
  ) {
    this.#input = input;
    this.#options = options;
    this.#stages = new Stages({ inline: options.truthOnly ?? false });
  }

  /** What stands behind `contact c`. Complete only after the last `node`. */
  joins(): Sql {
    const { now, timezone } = this.#input;
    const parameters = sql`cross join (select ${now}::timestamptz as now, ${timezone}::text as tz) p`;
    return join([parameters, ...this.#stages.laterals()], ' ');
  }

  node(node: FilterNode): ConditionSql {
    const condition = this.#compiled(node);
    this.#options.onNode?.(node, condition);
    return condition;
  }

  #compiled(node: FilterNode): ConditionSql {
    switch (node.op) {
      case 'and':
        return this.#all(node.of.map((child) => this.node(child)));
      case 'or':
        return this.#any(node.of.map((child) => this.node(child)));
      case 'not':
        return negated(this.node(node.of));
      case 'event':
        return this.#event(node);
      case 'event_time':
        return eventTimeSql(node, { stages: this.#stages, payload: payloadSql });
      case 'segment': {
        const member = { ...NEVER, truth: this.#membership(node.segment) };
        return node.is === 'member' ? member : negated(member);
      }
      default:
        return propertySql(node, this.#stages);
    }
  }

  #event(node: EventCondition): ConditionSql {
    const atLeast = (times: number): ConditionSql =>
      atLeastSql({ ...node, times }, { stages: this.#stages, payload: payloadSql });
    const did = ((): ConditionSql => {
      switch (node.is) {
        case 'at_least':
          return atLeast(node.times);
        case 'at_most':
          return negated(atLeast(node.times + 1));
        case 'exactly':
          return this.#all([atLeast(node.times), negated(atLeast(node.times + 1))]);
        default:
          return unreachable(node.is);
      }
    })();
    return node.did === 'did' ? did : negated(did);
  }

  /** Whoever the other segment counts as its members now; its own changes arrive as events. */
  #membership(key: string): Sql {
    return sql`exists (select 1 from segment s
      join segment_membership m on m.segment_id = s.id and m.version = s.version and m.contact_id = c.id
      where s.workspace_id = ${this.#input.workspaceId}::uuid and s.key = ${key}::text and m.is_member)`;
  }

  #all(children: readonly ConditionSql[]): ConditionSql {
    if (children.length === 0) return ALWAYS;
    if (children.length === 1 && children[0]) return children[0];
    if (this.#isFoldable(children)) return { ...fold(children, ' and '), flip: null };
    return this.#combined(children, { word: ' and ', turnsOn: (truth) => truth });
  }

  #any(children: readonly ConditionSql[]): ConditionSql {
    if (children.length === 0) return NEVER;
    if (children.length === 1 && children[0]) return children[0];
    if (this.#isFoldable(children)) return { ...fold(children, ' or '), flip: null };
    return this.#combined(children, { word: ' or ', turnsOn: (truth) => sql`not ${truth}` });
  }

  #isFoldable(children: readonly ConditionSql[]): boolean {
    return this.#options.truthOnly === true || children.every((child) => child.flip === null);
  }

  /**
   * When the whole could change. Of an `and` that is true: as soon as any child changes. Of one that is false: not before
   * every false child has changed, and never if one of them cannot. An `or` is the same with true and false exchanged.
   */
  #combined(
    children: readonly ConditionSql[],
    input: { word: ' and ' | ' or '; turnsOn: (truth: Sql) => Sql },
  ): ConditionSql {
    const held = children.map((child) => ({
      truth: this.#stages.hold(sql`coalesce(${child.truth}, false)`, child.height),
      flip: child.flip && this.#stages.hold(child.flip, child.height),
    }));
    const flips = held.flatMap((child) => (child.flip ? [child.flip] : []));
    const isFree = join(
      held.map((child) => input.turnsOn(child.truth)),
      ' and ',
    );
    const neverAgain = join(
      held.map((child) => {
        const blocks = sql`not (${input.turnsOn(child.truth)})`;
        return child.flip ? sql`(${blocks} and ${child.flip} is null)` : sql`(${blocks})`;
      }),
      ' or ',
    );
    const blockers = held.flatMap((child) =>
      child.flip ? [sql`case when not (${input.turnsOn(child.truth)}) then ${child.flip} end`] : [],
    );
    return {
      truth: sql`(${join(
        held.map((child) => child.truth),
        input.word,
      )})`,
      flip: sql`(case when ${isFree} then least(${join(flips)}) when ${neverAgain} then null else greatest(${join(blockers)}) end)`,
      height: Math.max(...children.map((child) => child.height)) + 1,
    };
  }
}

function fold(children: readonly ConditionSql[], word: ' and ' | ' or '): Omit<ConditionSql, 'flip'> {
  return {
    truth: sql`(${join(
      children.map((child) => child.truth),
      word,
    )})`,
    height: Math.max(...children.map((child) => child.height)),
  };
}

/** Contacts that segments are about: not signposts left by a merge, not erased ones. */
export function populationSql(workspaceId: string): Sql {
  return sql`c.workspace_id = ${workspaceId}::uuid and c.merged_into is null and c.erased_at is null`;
}
