/** Segments as a file: what applying it would change, and applying it. One segment per key; the file is the wish. */
import { Filter } from '@growthos/contracts/filter/filter.ts';
import { parseFilter } from '@growthos/contracts/filter/parse-filter.ts';
import { readBack } from '@growthos/contracts/filter/read-back.ts';
import { SegmentsFile, type SegmentsDiff } from '@growthos/contracts/http/segments.ts';
import { InvalidInputError } from '#base/errors.ts';
import { json, type Db } from '#db/db.ts';
import { archiveSegment, createSegment, updateSegment, type DefineDeps } from './define.ts';
import { segmentsNamed } from './depends-on.ts';
import { listSegmentRows, type SegmentRow } from './segment-row.ts';

type Change = SegmentsDiff['changes'][number];
interface Wish {
  readonly key: string;
  readonly name: string;
  readonly description: string | null;
  readonly definition: Filter;
}

export async function diffSegments(
  deps: { db: Db },
  input: { workspaceId: string; file: unknown; prune: boolean },
): Promise<SegmentsDiff> {
  const wishes = readFile(input.file);
  const rows = await listSegmentRows(deps.db, input);
  return { changes: changesOf({ wishes, rows, prune: input.prune }) };
}

/** Applies the file segment by segment, those that others name first. Safe to repeat: what is as wished is left alone. */
export async function applySegments(
  deps: DefineDeps,
  input: {
    workspaceId: string;
    file: unknown;
    prune: boolean;
    publishTransitions: boolean;
    by: { kind: 'person' | 'api'; id: string | null };
  },
): Promise<SegmentsDiff> {
  const wishes = readFile(input.file);
  const rows = await listSegmentRows(deps.db, input);
  const changes = changesOf({ wishes, rows, prune: input.prune });
  const byKey = new Map(rows.map((row) => [row.key, row]));
  for (const wish of namedFirst(wishes)) {
    const row = byKey.get(wish.key);
    if (!row) await createSegment(deps, { workspaceId: input.workspaceId, ...wish });
    else
      await updateSegment(deps, {
        workspaceId: input.workspaceId,
        id: row.id,
        by: input.by,
        publishTransitions: input.publishTransitions,
        ...wish,
      });
  }
  const gone = changes.filter((change) => change.change === 'archive').map((change) => change.key);
  // Those that name others go first, or the others could not go.
  const order = namedFirst(rows.filter((row) => gone.includes(row.key)).map(toWish)).reverse();
  for (const { key } of order) {
    await archiveSegment(deps, { workspaceId: input.workspaceId, id: byKey.get(key)?.id ?? '' });
  }
  return { changes };
}

/** The workspace's segments in the shape of the file. */
export async function exportSegmentsFile(deps: { db: Db }, input: { workspaceId: string }): Promise<SegmentsFile> {
  const rows = await listSegmentRows(deps.db, input);
  return {
    version: 1,
    segments: rows.map(toWish).map(({ key, name, description, definition }) => ({
      key,
      name,
      ...(description === null ? {} : { description }),
      where: definition.where,
    })),
  };
}

function readFile(input: unknown): Wish[] {
  const parsed = SegmentsFile.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InvalidInputError(
      `In the file at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a segments file'}`,
      { field: 'file' },
    );
  }
  const keys = new Set<string>();
  return parsed.data.segments.map((segment) => {
    if (keys.has(segment.key))
      throw new InvalidInputError(`The file has two segments with the key "${segment.key}".`, { field: 'file' });
    keys.add(segment.key);
    const filter = parseFilter({ version: 1, where: segment.where });
    if (!filter.ok) throw new InvalidInputError(`In segment "${segment.key}": ${filter.message}`, { field: 'file' });
    return {
      key: segment.key,
      name: segment.name,
      description: segment.description ?? null,
      definition: filter.filter,
    };
  });
}

function toWish(row: SegmentRow): Wish {
  const definition = Filter.parse(row.nextDefinition ?? row.definition);
  return { key: row.key, name: row.name, description: row.description, definition };
}

function changesOf(input: { wishes: readonly Wish[]; rows: readonly SegmentRow[]; prune: boolean }): Change[] {
  const before = new Map(input.rows.map((row) => [row.key, toWish(row)]));
  const changes = input.wishes.map((wish): Change => {
    const old = before.get(wish.key);
    before.delete(wish.key);
    return {
      key: wish.key,
      change: changeOf(old, wish),
      before: old ? readBack(old.definition) : null,
      after: readBack(wish.definition),
    };
  });
  if (!input.prune) return changes;
  const gone = [...before.values()].map(
    (old): Change => ({ key: old.key, change: 'archive', before: readBack(old.definition), after: null }),
  );
  return [...changes, ...gone];
}

function changeOf(old: Wish | undefined, wish: Wish): Change['change'] {
  if (!old) return 'create';
  if (json(old.definition) !== json(wish.definition)) return 'update';
  return old.name === wish.name && old.description === wish.description ? 'none' : 'rename';
}

function namedFirst(wishes: readonly Wish[]): Wish[] {
  const byKey = new Map(wishes.map((wish) => [wish.key, wish]));
  const done = new Set<string>();
  const order: Wish[] = [];
  const visit = (wish: Wish): void => {
    if (done.has(wish.key)) return;
    done.add(wish.key);
    for (const { key } of segmentsNamed(wish.definition)) {
      const named = byKey.get(key);
      if (named) visit(named);
    }
    order.push(wish);
  };
  wishes.forEach(visit);
  return order;
}
