// Builds what a browser loads: the dashboard and the SDK. Skips what is newer than its sources. `--force` builds anyway.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function newestMs(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(
    0,
    ...readdirSync(path)
      .filter((name) => name !== 'node_modules' && name !== 'dist')
      .map((name) => newestMs(join(path, name))),
  );
}

function isStale(dist: string, sources: readonly string[]): boolean {
  if (!existsSync(join(root, dist))) return true;
  return statSync(join(root, dist)).mtimeMs < Math.max(...sources.map((source) => newestMs(join(root, source))));
}

export function buildWeb(options: { readonly isForced: boolean }): void {
  const contracts = 'packages/contracts/src';
  if (options.isForced || isStale('apps/dashboard/dist/index.html', ['apps/dashboard', contracts])) {
    execFileSync('npm', ['run', '-s', 'build', '-w', 'apps/dashboard'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  if (options.isForced || isStale('packages/browser/dist/growthos.js', ['packages/browser', contracts])) {
    execFileSync(process.execPath, ['packages/browser/build.mjs'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWeb({ isForced: process.argv.includes('--force') });
