/** Builds the SDK: `dist/growthos.js` (a classic script, no dependency) and `dist/growthos-confetti.js` (fetched when needed). */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export async function buildSdk(outdir = here('dist')) {
  const shared = { bundle: true, minify: true, target: 'es2022', legalComments: 'inline', logLevel: 'warning' };
  await Promise.all([
    build({ ...shared, entryPoints: { growthos: here('src/main.ts') }, format: 'iife', outdir }),
    build({ ...shared, entryPoints: { 'growthos-confetti': here('src/confetti.ts') }, format: 'esm', outdir }),
  ]);
  return outdir;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildSdk();
