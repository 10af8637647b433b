import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkBillingCase } from '#project/index.ts';
import { runCaseFiles } from './run-case-files.ts';

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cases-'));
  said = [];
  const hear = (line: unknown) => void said.push(String(line));
  vi.spyOn(console, 'log').mockImplementation(hear);
  vi.spyOn(console, 'error').mockImplementation(hear);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function run(content: string): 0 | 1 {
  const file = join(folder, 'cases.json');
  writeFileSync(file, content);
  return runCaseFiles({ command: 'billing:cases', files: [file], check: checkBillingCase });
}

const nobody = {
  id: 'X1',
  as_of: '2026-11-24T00:00:00Z',
  stripe: {},
  expected: { mrr_minor: 0, billing_status: 'none' },
};

test('cases that all pass end with the count and exit 0', () => {
  expect(run(JSON.stringify([nobody]))).toBe(0);
  expect(said).toEqual(['1 passed, 0 failed']);
});

test('a failing case names its id, the field, what was expected and what came, and exits 1', () => {
  const failing = { ...nobody, id: 'X2', expected: { mrr_minor: 5, no_such_field: 1 } };
  expect(run(JSON.stringify({ cases: [nobody, failing] }))).toBe(1);
  expect(said).toEqual([
    'X2 mrr_minor: expected 5, got 0',
    'X2 no_such_field: expected 1, got "(no such field)"',
    '1 passed, 1 failed',
  ]);
});

test('a case that cannot be run fails with the reason, and the others still run', () => {
  expect(run(JSON.stringify([{ ...nobody, as_of: 'soon' }, 7, nobody]))).toBe(1);
  expect(said).toEqual([
    'X1 as_of should be a time such as 2026-11-24T00:00:00Z',
    'case 2: not an object',
    '1 passed, 2 failed',
  ]);
});

test.each(['{"cases": 1}', 'not json', '[]'])('a file that holds no cases (%s) exits 1 and says so', (content) => {
  expect(run(content)).toBe(1);
  expect(said.length).toBe(2);
  expect(said[1]).toBe('0 passed, 0 failed');
});

test('a file that is not there, or none named, exits 1 with a clear message', () => {
  const missing = join(folder, 'missing.json');
  expect(runCaseFiles({ command: 'billing:cases', files: [missing], check: checkBillingCase })).toBe(1);
  expect(said[0]).toContain('missing.json: cannot be read');
  expect(runCaseFiles({ command: 'billing:cases', files: [], check: checkBillingCase })).toBe(1);
  expect(said.at(-1)).toContain('npm run -s billing:cases -- FILE');
});
