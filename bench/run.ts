/** `npm run -s bench -- NAME [options]`: runs one figure; without a name, lists them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a figure's file exports. */
interface Figure {
  /** Returns the exit code. */
  run(args: readonly string[]): Promise<number>;
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();

const [name = '', ...args] = process.argv.slice(2);
if (names.includes(name)) {
  const figure = (await import(`./${name}.ts`)) as Figure;
  process.exitCode = await figure.run(args);
} else {
  console.log('npm run -s bench -- NAME, where NAME is one of:');
  for (const known of names) console.log(`  ${known.padEnd(12)} ${purposeOf(known)}`);
  process.exitCode = name === '' ? 0 : 1;
}

/** The first sentence of the file's own comment. */
function purposeOf(figure: string): string {
  const text = readFileSync(`${FOLDER}${figure}.ts`, 'utf8');
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  const words = comment.replace(/\s*\n\s*\*\s?/g, ' ').trim();
  return words.split(/\.(?:\s|$)/)[0] ?? '';
}
