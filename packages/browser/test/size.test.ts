import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSdk } from '../build.mjs';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'growthos-sdk-'));
  await buildSdk(dir);
});
afterAll(() => rmSync(dir, { recursive: true }));

const read = (name: string): Buffer => readFileSync(join(dir, name));

test('the core is below 10 kB gzip', () => {
  expect(gzipSync(read('growthos.js'), { level: 9 }).length).toBeLessThan(10_000);
});

test('the core holds no dependency and evaluates no text', () => {
  const core = read('growthos.js').toString();
  expect(core).not.toMatch(/confetti_initialized|zod|\beval\(|new Function|innerHTML|document\.write/);
  expect(read('growthos-confetti.js').toString()).toContain('useWorker:!1');
});
