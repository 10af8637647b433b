/**
 * Writes what is made from the code: `docs/events.md`, `docs/filters.md` and the layers table in ARCHITECTURE.md. With `--check` it writes nothing and exits 1 where a file would change.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventsPage } from './generate/events-page.ts';
import { filtersPage } from './generate/filters-page.ts';
import { layersTable } from './generate/layers-table.ts';
import { readLayers } from './layers.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const isCheck = process.argv.includes('--check');
const stale: string[] = [];

function put(path: string, text: string): void {
  const file = resolve(root, path);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  if (before === text) return;
  if (isCheck) stale.push(path);
  else writeFileSync(file, text);
}

/** Replaces what stands between the two marks of a page that is otherwise written by hand. */
function putBetween(path: string, input: { mark: string; text: string }): void {
  const file = resolve(root, path);
  const page = readFileSync(file, 'utf8');
  const [start, end] = [`<!-- ${input.mark}: made by npm run generate -->`, `<!-- end of ${input.mark} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no place for ${input.mark}`);
  put(path, `${page.slice(0, from + start.length)}\n\n${input.text}\n${page.slice(to)}`);
}

put('docs/events.md', eventsPage());
put('docs/filters.md', filtersPage());
if (existsSync(resolve(root, 'ARCHITECTURE.md')))
  putBetween('ARCHITECTURE.md', { mark: 'layers', text: layersTable(readLayers(root)) });

if (stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}. Run npm run generate and commit.`);
  process.exitCode = 1;
} else console.log(isCheck ? 'generated files are up to date' : 'generated');
