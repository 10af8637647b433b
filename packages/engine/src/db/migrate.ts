import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { many, type Db } from './db.ts';

/** Any number will do, as long as it is ours: the advisory lock under which one process migrates at a time. */
const MIGRATION_LOCK = 7_310_001;

const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));

/**
 * Applies the plain SQL files of `migrations/` that were not applied yet, in the order of their names, each in a
 * transaction of its own, one process at a time. Forward only. Returns the names applied now.
 * Where the server can compress with lz4, payload columns are set to it (measured: twice the rate of pglz).
 */
export async function migrate(db: Db): Promise<string[]> {
  await db.execute(
    'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
  );
  const names = readdirSync(FOLDER)
    .filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
    .sort();
  const applied: string[] = [];
  for (const name of names) {
    const text = readFileSync(`${FOLDER}${name}`, 'utf8');
    const isNew = await db.transaction(async (tx) => {
      await tx.query({ text: 'select pg_advisory_xact_lock($1)', values: [MIGRATION_LOCK] });
      const known = await many(tx, { text: 'select 1 from migration where name = $1', values: [name] });
      if (known.length > 0) return false;
      for (const statement of statementsOf(text)) await tx.query({ text: statement });
      await tx.query({ text: 'insert into migration (name) values ($1)', values: [name] });
      return true;
    });
    if (isNew) applied.push(name);
  }
  if (applied.length > 0) await preferLz4(db);
  return applied;
}

/** Splits at semicolons that end a line, outside `$$` bodies. Our own files keep to that form. */
function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let current = '';
  let isInBody = false;
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('--') && !isInBody) continue;
    if ((line.match(/\$\$/g)?.length ?? 0) % 2 === 1) isInBody = !isInBody;
    current += `${line}\n`;
    if (!isInBody && line.trimEnd().endsWith(';')) {
      statements.push(current.trim());
      current = '';
    }
  }
  if (current.trim() !== '') statements.push(current.trim());
  return statements;
}

/** Payload columns whose compression matters, table and column. PGlite is built without lz4 and keeps its own. */
const PAYLOAD_COLUMNS = [
  ['inbox_event', 'payload'],
  ['stripe_object', 'fact'],
] as const;

async function preferLz4(db: Db): Promise<void> {
  const [lz4] = await many(db, {
    text: `select 1 from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals)`,
  });
  if (!lz4 || db.kind === 'embedded') return;
  for (const [table, column] of PAYLOAD_COLUMNS) {
    await db.execute(`alter table ${table} alter column ${column} set compression lz4`);
  }
}
