/**
 * Two implementations check each other: the compiler's SQL against the reference evaluator, on random (tree, population,
 * clock) triples. `npm test` runs 300 triples; `npx tsx packages/engine/test/properties/segment-ten-thousand.ts` 10,000.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../world/database.ts';
import { checkCompiler } from './segment-compile-check.ts';

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

test('compiled SQL and the reference evaluator agree on who belongs, and no next flip comes too late', async () => {
  const seen = await checkCompiler({ db, numRuns: 300 });
  expect(seen.decided).toBeGreaterThan(1500);
  expect(seen.members / seen.decided).toBeGreaterThan(0.1);
  expect(seen.members / seen.decided).toBeLessThan(0.9);
  expect(seen.flips).toBeGreaterThan(60);
});
