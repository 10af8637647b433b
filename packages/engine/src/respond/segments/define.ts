/**
 * Making, changing and archiving segments. Every change of a definition is checked here: shape, names, and that segments
 * named in it exist and don't lead back to it. Computing who belongs is `recompute.ts`.
 */
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import { parseFilter } from '@growthos/contracts/filter/parse-filter.ts';
import type { Clock } from '#base/clock.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { json, many, one, type Db, type Tx } from '#db/db.ts';
import { dependsOn, segmentsNamed } from './depends-on.ts';
import { startComputation, startComputationInWorkspace } from './recompute.ts';
import { findSegment, lockWorkspaces, workspaceTimezone, type SegmentRow } from './segment-row.ts';

export interface DefineDeps {
  readonly db: Db;
  readonly clock: Clock;
}

export interface NewSegment {
  readonly workspaceId: string;
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly key?: string | undefined;
  readonly definition: unknown;
  readonly template?: { key: string; parameters: Record<string, unknown> } | undefined;
}

/** A tree from outside, or an error whose message names the condition. */
export function readFilter(input: unknown): Filter {
  const parsed = parseFilter(input);
  if (!parsed.ok) throw new InvalidInputError(parsed.message, { field: `definition.${parsed.path}` });
  return parsed.filter;
}

/** Returns the new segment's id. Its members are computed in the background and don't count as entering. */
export async function createSegment(deps: DefineDeps, input: NewSegment): Promise<string> {
  return deps.db.transaction(async (tx) => {
    await lockWorkspaces(tx, [input.workspaceId]);
    return insertSegment(deps, { ...input, tx });
  });
}

/** The same inside a transaction; the caller holds the workspace's lock. */
export async function insertSegment(deps: { clock: Clock }, input: NewSegment & { tx: Tx }): Promise<string> {
  const { tx, workspaceId } = input;
  const definition = readFilter(input.definition);
  const key = input.key ?? (await freeKey(tx, { workspaceId, name: input.name }));
  await checkSegmentsNamed(tx, { workspaceId, key, definition });
  const id = newId();
  const now = deps.clock.now();
  const timezone = await workspaceTimezone(tx, { workspaceId });
  const { rowCount } = await tx.query({
    text: `insert into segment (id, workspace_id, key, name, description, status, definition, version, depends_on, timezone,
             template, created_at, updated_at)
           values ($1, $2, $3, $4, $5, 'computing', $6::jsonb, 0, $7::text[], $8, $9::jsonb, $10, $10)
           on conflict (workspace_id, key) do nothing`,
    values: [
      id,
      workspaceId,
      key,
      input.name,
      input.description ?? null,
      json(definition),
      dependsOn(definition),
      timezone,
      input.template ? json(input.template) : null,
      now,
    ],
  });
  if (rowCount === 0) throw new ConflictError(`There is already a segment with the key "${key}". Choose another key.`);
  await startComputation(deps, { tx, segmentId: id, definition, timezone, publishes: false, cause: null });
  return id;
}

export interface SegmentChange {
  readonly workspaceId: string;
  readonly id: string;
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly definition?: unknown;
  readonly publishTransitions?: boolean;
  readonly by: { kind: 'person' | 'api'; id: string | null };
}

/** A new definition counts once it is computed for everybody; until then the old one does. */
export async function updateSegment(deps: DefineDeps, input: SegmentChange): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await lockWorkspaces(tx, [input.workspaceId]);
    const segment = await mustFind(tx, input);
    await tx.query({
      text: 'update segment set name = $2, description = $3, updated_at = $4 where id = $1',
      values: [
        segment.id,
        input.name ?? segment.name,
        input.description === undefined ? segment.description : input.description,
        deps.clock.now(),
      ],
    });
    if (input.definition === undefined) return;
    const definition = readFilter(input.definition);
    if (json(definition) === json(readFilter(segment.nextDefinition ?? segment.definition))) return;
    await checkSegmentsNamed(tx, { workspaceId: input.workspaceId, key: segment.key, definition });
    await startComputationInWorkspace(deps, {
      tx,
      workspaceId: input.workspaceId,
      segmentId: segment.id,
      definition,
      publishes: input.publishTransitions ?? false,
      cause: input.by,
    });
  });
}

/** The segment counts nobody any more and tells nothing. Refused while another segment names it. */
export async function archiveSegment(deps: DefineDeps, input: { workspaceId: string; id: string }): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await lockWorkspaces(tx, [input.workspaceId]);
    const segment = await mustFind(tx, input);
    const users = await segmentsUsing(tx, { workspaceId: input.workspaceId, key: segment.key });
    if (users.length > 0) {
      const names = users.map((user) => `"${user.name}"`).join(', ');
      throw new ConflictError(`"${segment.name}" is used by ${names}. Change them first, then archive it.`);
    }
    await tx.query({
      text: `update segment set status = 'archived', key = key || ':archived:' || id, has_stale = true, member_count = 0,
               next_version = null, next_definition = null, next_depends_on = null, updated_at = $2 where id = $1`,
      values: [segment.id, deps.clock.now()],
    });
  });
}

/** Segments whose definition, or the edit of it under way, names this key. */
export async function segmentsUsing(
  db: Pick<Tx, 'query'>,
  input: { workspaceId: string; key: string },
): Promise<{ id: string; key: string; name: string }[]> {
  return many(db, {
    text: `select id, key, name from segment where workspace_id = $1 and status <> 'archived'
             and (depends_on @> array[$2::text] or next_depends_on @> array[$2::text]) order by name`,
    values: [input.workspaceId, `segment:${input.key}`],
  });
}

async function mustFind(tx: Tx, input: { workspaceId: string; id: string }): Promise<SegmentRow> {
  const segment = await findSegment(tx, input);
  if (!segment || segment.status === 'archived') throw new NotFoundError('There is no such segment.');
  return segment;
}

/** Each named segment must exist, and none may lead back to `key`. */
async function checkSegmentsNamed(
  tx: Tx,
  input: { workspaceId: string; key: string; definition: Filter },
): Promise<void> {
  const named = segmentsNamed(input.definition);
  if (named.length === 0) return;
  const rows = await many<{ key: string; names: string[] }>(tx, {
    text: `select key, depends_on || coalesce(next_depends_on, '{}') as names from segment
           where workspace_id = $1 and status <> 'archived'`,
    values: [input.workspaceId],
  });
  const names = new Map(rows.map((row) => [row.key, keysIn(row.names)]));
  for (const { key, path } of named) {
    if (key !== input.key && !names.has(key)) {
      throw new InvalidInputError(`At ${path}: there is no segment with the key "${key}".`, {
        field: `definition.${path}`,
      });
    }
    const way = wayBack({ from: key, to: input.key, names });
    if (way) {
      throw new InvalidInputError(
        `At ${path}: the segment "${key}" leads back to this one (${[input.key, ...way].join(' > ')}), so neither could be computed.`,
        { field: `definition.${path}` },
      );
    }
  }
}

function keysIn(names: readonly string[]): string[] {
  return names.flatMap((name) => (name.startsWith('segment:') ? [name.slice('segment:'.length)] : []));
}

function wayBack(input: { from: string; to: string; names: ReadonlyMap<string, readonly string[]> }): string[] | null {
  const seen = new Set<string>();
  const open: string[][] = [[input.from]];
  for (let way = open.pop(); way; way = open.pop()) {
    const at = way.at(-1) ?? '';
    if (at === input.to) return way;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const next of input.names.get(at) ?? []) open.push([...way, next]);
  }
  return null;
}

async function freeKey(tx: Tx, input: { workspaceId: string; name: string }): Promise<string> {
  const plain = input.name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60);
  const base = plain === '' ? 'segment' : plain;
  const row = await one<{ n: number }>(tx, {
    text: `select count(*)::int as n from segment where workspace_id = $1 and (key = $2 or starts_with(key, $2 || '_'))`,
    values: [input.workspaceId, base],
  });
  return row && row.n > 0 ? `${base}_${newId().slice(-6)}` : base;
}
