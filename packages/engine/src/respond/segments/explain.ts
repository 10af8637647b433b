/**
 * Why somebody is in a segment, or is not: the tree with the contact's own value at each condition, the truth of every
 * node, and when it flips next. One statement over the same compiler that decides membership, so the answer is the reason,
 * not a guess at it.
 */
import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import { readBackNode, type ReadBackNames } from '@growthos/contracts/filter/read-back.ts';
import type { ExplainNode, SegmentExplanation } from '@growthos/contracts/http/segments.ts';
import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { one, type Db, type Row } from '#db/db.ts';
import { join, raw, sql, type Sql } from '#db/sql.ts';
import { actualText, instantText } from './actual-text.ts';
import { Compiler, populationSql } from './compile.ts';
import type { ConditionSql } from './condition-sql.ts';
import { actualEventsSql } from './event-sql.ts';
import { actualValueSql } from './property-sql.ts';
import { findSegment, isUuid, listSegmentRows, workspaceTimezone } from './segment-row.ts';
import { payloadSql } from './value-sql.ts';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
}

/** @throws NotFoundError where there is no such segment or contact in the workspace. */
export async function explainMembership(
  deps: Deps,
  input: { workspaceId: string; segmentId: string; contactId: string },
): Promise<SegmentExplanation> {
  const { workspaceId, contactId } = input;
  const segment = await findSegment(deps.db, { workspaceId, id: input.segmentId });
  if (!segment || segment.status === 'archived') throw new NotFoundError('There is no such segment.');
  const now = deps.clock.now();
  const timezone = await workspaceTimezone(deps.db, { workspaceId });
  const definition = segment.version === 0 && segment.nextDefinition ? segment.nextDefinition : segment.definition;
  const rows = await listSegmentRows(deps.db, { workspaceId });
  const names = { segments: Object.fromEntries(rows.map((row) => [row.key, row.name])) };
  const tree = await explainTree(deps, { workspaceId, contactId, where: definition.where, now, timezone, names });
  const stored = await one<{ is_member: boolean; since: Date }>(deps.db, {
    text: 'select is_member, since from segment_membership where segment_id = $1 and version = $2 and contact_id = $3',
    values: [segment.id, segment.version, contactId],
  });
  const since = stored && stored.is_member === tree.isTrue && stored.is_member ? stored.since : null;
  return {
    segmentId: segment.id,
    segmentName: segment.name,
    contactId,
    isMember: tree.isTrue,
    since: since?.toISOString() ?? null,
    nextFlipAt: tree.nextFlipAt,
    sentence: wholeSentence({ name: segment.name, tree, since, now, timezone }),
    tree,
  };
}

/** Explains any tree for one contact, saved or not. */
export async function explainTree(
  deps: { db: Pick<Db, 'query'> },
  input: {
    workspaceId: string;
    contactId: string;
    where: FilterNode;
    now: Date;
    timezone: string;
    names: ReadBackNames;
  },
): Promise<ExplainNode> {
  const columns: Sql[] = [];
  const indexOf = new Map<FilterNode, number>();
  const compiler = new Compiler(input, {
    onNode(node, condition) {
      indexOf.set(node, indexOf.size);
      columns.push(nodeColumns(node, { condition, index: indexOf.size - 1 }));
    },
  });
  compiler.node(input.where);
  const row = isUuid(input.contactId)
    ? await one(
        deps.db,
        sql`select ${join(columns)} from contact c ${compiler.joins()}
          where c.id = ${input.contactId}::uuid and ${populationSql(input.workspaceId)}`,
      )
    : undefined;
  if (!row) throw new NotFoundError('There is no such contact.');
  return toNode(input.where, { row, indexOf, input });
}

function nodeColumns(node: FilterNode, input: { condition: ConditionSql; index: number }): Sql {
  const { condition, index } = input;
  return sql`coalesce(${condition.truth}, false) as ${raw(`t${index}`)},
    ${condition.flip ?? sql`null::timestamptz`} as ${raw(`f${index}`)}, ${actualSql(node)} as ${raw(`v${index}`)}`;
}

function actualSql(node: FilterNode): Sql {
  switch (node.op) {
    case 'and':
    case 'or':
    case 'not':
    case 'segment':
      return sql`null::jsonb`;
    case 'event':
    case 'event_time':
      return actualEventsSql(node, payloadSql);
    default:
      return actualValueSql(node);
  }
}

function toNode(
  node: FilterNode,
  context: {
    row: Row;
    indexOf: ReadonlyMap<FilterNode, number>;
    input: { now: Date; timezone: string; names: ReadBackNames };
  },
): ExplainNode {
  const { row, indexOf, input } = context;
  const index = indexOf.get(node) ?? -1;
  const isTrue = row[`t${index}`] === true;
  const flip = row[`f${index}`];
  const children = node.op === 'not' ? [node.of] : node.op === 'and' || node.op === 'or' ? node.of : [];
  return {
    sentence: readBackNode(node, input.names),
    op: node.op,
    isTrue,
    actual: actualText(node, { value: row[`v${index}`], isTrue, ...input }),
    nextFlipAt: flip instanceof Date ? flip.toISOString() : null,
    children: children.map((child) => toNode(child, context)),
  };
}

function wholeSentence(input: {
  name: string;
  tree: ExplainNode;
  since: Date | null;
  now: Date;
  timezone: string;
}): string {
  const { name, tree, since, now, timezone } = input;
  const flip = tree.nextFlipAt === null ? null : instantText(new Date(tree.nextFlipAt), { now, timezone });
  if (tree.isTrue) {
    const from = since ? ` since ${instantText(since, { now, timezone })}` : '';
    return `In "${name}"${from}${flip ? `; time alone may end that on ${flip}` : ''}.`;
  }
  const reasons = blockers(tree).slice(0, 3);
  const because = reasons.length > 0 ? ` because ${reasons.join(', and ')}` : '';
  return `Not in "${name}"${because}${flip ? `. Time alone may change that on ${flip}` : ''}.`;
}

/** The conditions that keep the whole from being true, each with what is there instead. */
function blockers(node: ExplainNode): string[] {
  if (node.isTrue) return [];
  if (node.op === 'and') return node.children.flatMap(blockers);
  if (node.op === 'or' && node.children.length > 1)
    return [`none of these is so: ${node.children.map((child) => child.sentence).join('; ')}`];
  if (node.op === 'or' && node.children[0]) return blockers(node.children[0]);
  const actual = node.actual === null ? '' : ` (it is: ${node.actual})`;
  return [`it is not so that ${node.sentence}${actual}`];
}
