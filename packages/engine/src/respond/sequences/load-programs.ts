import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { many, type Queryable } from '#db/db.ts';
import { compileProgram, type Program } from './program.ts';

export interface LoadedSequence {
  readonly sequenceId: string;
  readonly workspaceId: string;
  readonly key: string | null;
  readonly name: string;
  readonly status: string;
  readonly version: number;
  readonly switchedOnAt: Date | null;
  readonly program: Program;
}

/** A version never changes, so what was compiled once holds for the life of the process. Bounded: oldest out first. */
const PROGRAMS_MAX = 2_000;
const compiled = new Map<string, Program>();

interface SequenceRow {
  id: string;
  workspace_id: string;
  key: string | null;
  name: string;
  status: string;
  version: number;
  switched_on_at: Date | null;
}

/** The live sequences of some workspaces, with the version that people enter now. */
export async function loadLiveSequences(db: Queryable, workspaceIds: readonly string[]): Promise<LoadedSequence[]> {
  const rows = await many<SequenceRow>(db, {
    name: 'sequences_live',
    text: `select id, workspace_id, key, name, status, live_version as version, switched_on_at from sequence
           where status = 'live' and live_version is not null and workspace_id = any($1::uuid[])`,
    values: [[...new Set(workspaceIds)]],
  });
  return withPrograms(db, rows);
}

/** Programs of given versions, whatever the sequences' status is now. */
export async function loadVersions(
  db: Queryable,
  versions: readonly { sequenceId: string; version: number }[],
): Promise<Map<string, LoadedSequence>> {
  const wanted = new Map(versions.map((one) => [versionKey(one.sequenceId, one.version), one]));
  const list = [...wanted.values()];
  const rows = await many<SequenceRow>(db, {
    name: 'sequences_versions',
    text: `select s.id, s.workspace_id, s.key, s.name, s.status, w.version, s.switched_on_at
           from unnest($1::uuid[], $2::int[]) as w (id, version) join sequence s on s.id = w.id`,
    values: [list.map((one) => one.sequenceId), list.map((one) => one.version)],
  });
  const loaded = await withPrograms(db, rows);
  return new Map(loaded.map((one) => [versionKey(one.sequenceId, one.version), one]));
}

export function versionKey(sequenceId: string, version: number): string {
  return `${sequenceId}:${version}`;
}

async function withPrograms(db: Queryable, rows: readonly SequenceRow[]): Promise<LoadedSequence[]> {
  const missing = rows.filter((row) => !compiled.has(versionKey(row.id, row.version)));
  if (missing.length > 0) {
    const found = await many<{ sequence_id: string; version: number; definition: unknown }>(db, {
      text: `select v.sequence_id, v.version, v.definition from unnest($1::uuid[], $2::int[]) as w (id, version)
             join sequence_version v on v.sequence_id = w.id and v.version = w.version`,
      values: [missing.map((row) => row.id), missing.map((row) => row.version)],
    });
    for (const row of found) {
      const oldest = compiled.size >= PROGRAMS_MAX ? compiled.keys().next().value : undefined;
      if (oldest !== undefined) compiled.delete(oldest);
      compiled.set(versionKey(row.sequence_id, row.version), compileProgram(SequenceDefinition.parse(row.definition)));
    }
  }
  return rows.flatMap((row) => {
    const program = compiled.get(versionKey(row.id, row.version));
    if (!program) return [];
    return [
      {
        sequenceId: row.id,
        workspaceId: row.workspace_id,
        key: row.key,
        name: row.name,
        status: row.status,
        version: row.version,
        switchedOnAt: row.switched_on_at,
        program,
      },
    ];
  });
}
