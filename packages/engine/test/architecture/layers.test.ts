import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { checkLayers } from '../../../../scripts/layers.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const copies: string[] = [];

afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true });
});

/** The sources in a folder of their own, where a violation can be planted. */
function copyOfSources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'growthos-layers-'));
  copies.push(copy);
  for (const path of ['layers.json', 'packages', 'apps']) {
    cpSync(join(root, path), join(copy, path), {
      recursive: true,
      filter: (source) => !/node_modules|\/dist(\/|$)/.test(source),
    });
  }
  return copy;
}

function plant(path: string, text: string): readonly string[] {
  const copy = copyOfSources();
  writeFileSync(join(copy, path), text);
  return checkLayers(copy).violations.filter((violation) => violation.includes('planted'));
}

test('the sources keep the import rules, and the check has seen them', () => {
  const checked = checkLayers(root);
  expect(checked.violations).toEqual([]);
  expect(checked.files).toBeGreaterThan(150);
  expect(checked.imports).toBeGreaterThan(500);
});

test('a stage that imports another stage is refused', () => {
  const violations = plant(
    'packages/engine/src/send/planted.ts',
    `import { x } from '#project/index.ts';\nexport const y = x;\n`,
  );
  expect(violations).toEqual([
    expect.stringContaining('send/planted.ts:1 imports #project/index.ts: send may not import project'),
  ]);
});

test('a type-only import counts, and so does one that leaves its folder by a relative path', () => {
  const violations = plant(
    'packages/engine/src/view/planted.ts',
    `import type { X } from '../bus/index.ts';\nexport type Y = X;\n`,
  );
  expect(violations).toEqual([expect.stringContaining('crossing a folder is written with #folder/file.ts')]);
});

test('only db imports a driver, only ingest the Stripe package, and the simulator never the engine', () => {
  const driver = plant('packages/engine/src/view/planted.ts', `import pg from 'pg';\nexport const y = pg;\n`);
  expect(driver).toEqual([expect.stringContaining('only db may import database drivers')]);
  const stripe = plant(
    'packages/engine/src/project/planted.ts',
    `import Stripe from 'stripe';\nexport const y = Stripe;\n`,
  );
  expect(stripe).toEqual([expect.stringContaining('only ingest may import the Stripe package')]);
  const simulator = plant(
    'packages/simulator/src/planted.ts',
    `import { x } from '@growthos/engine/main.ts';\nexport const y = x;\n`,
  );
  expect(simulator).toEqual([expect.stringContaining('may not import @growthos/engine')]);
});

test('only main.ts reads the environment, and only base reads the clock and chance', () => {
  const violations = plant(
    'packages/engine/src/project/planted.ts',
    `export const a = process.env['X'];\nexport const b = Date.now();\nexport const c = Math.random();\n`,
  );
  expect(violations).toHaveLength(3);
});
