/** The compiler's property at length: `npx tsx packages/engine/test/properties/segment-ten-thousand.ts [runs] [seed]`. */
import { openTestDb } from '../world/database.ts';
import { checkCompiler } from './segment-compile-check.ts';

const [runs = '10000', seed] = process.argv.slice(2);
const db = await openTestDb();
try {
  const seen = await checkCompiler({
    db,
    numRuns: Number(runs),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
  process.stdout.write(`${runs} triples agree: ${JSON.stringify(seen)}\n`);
} finally {
  await db.close();
}
