/** Once for a whole run of the tests: the migrated embedded database as a file, from which each test file opens its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedDb } from '#db/client/embedded.ts';
import { migrate } from '#db/migrate.ts';

/** @returns what takes the file away again. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'growthos-tests-'));
  const db = await openEmbeddedDb({ dataDir: null });
  await migrate(db);
  const file = join(folder, 'migrated.tar');
  await writeFile(file, await db.snapshot());
  await db.close();
  process.env['GROWTHOS_TEST_SNAPSHOT'] = file;
  return () => rm(folder, { recursive: true, force: true });
}
