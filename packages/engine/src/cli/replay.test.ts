import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openTestDb } from '../../test/world/database.ts';
import { replay } from './replay.ts';
import { readEventFiles } from './replay-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'replay-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const customer = (id: string, email: string) => ({
  id,
  object: 'customer',
  email,
  created: 1_790_000_000,
  metadata: {},
});
const event = (id: string, type: string, object: object) => ({
  id,
  object: 'event',
  type,
  created: 1_790_000_000,
  livemode: false,
  data: { object },
});
async function run(...paths: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await replay(paths, (line) => lines.push(line), openTestDb);
  return { code, lines };
}

test('events stand alone or under `event`, in JSON, lists and lines, in folders of any depth; others are named', async () => {
  mkdirSync(join(folder, 'good/below'), { recursive: true });
  const ada = event('evt_1', 'customer.created', customer('cus_1', 'ada@analytical.example'));
  const grace = event('evt_1', 'customer.created', customer('cus_2', 'grace@analytical.example'));
  writeFileSync(join(folder, 'good/a.json'), JSON.stringify(ada, null, 2));
  const lines = [{ source: 'x', event: grace }, { body: customer('cus_3', 'x@y.example') }, ada];
  writeFileSync(join(folder, 'good/below/b.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  writeFileSync(join(folder, 'good/notes.txt'), 'not looked at');
  const { code, lines: out } = await run(join(folder, 'good'));
  expect(code).toBe(0);
  expect(out[0]).toMatch(/b\.jsonl:2: no event \(customer cus_3\), skipped$/);
  expect(out.at(-2)).toMatch(/^customer\.created {2}3 accepted, 3 mapped to .*contact_updated/);
  expect(out.at(-1)).toBe('3 accepted, 3 mapped, 0 ignored, 0 failed');
});

test('an event that is refused fails the run, with its place and the reason', async () => {
  const bad = { ...event('evt_1', 'customer.created', customer('cus_1', 'a@b.example')), created: 'yesterday' };
  writeFileSync(join(folder, 'bad.json'), JSON.stringify(bad));
  const { code, lines } = await run(join(folder, 'bad.json'));
  expect(code).toBe(1);
  expect(lines[0]).toContain('bad.json: customer.created evt_1 failed: answered 400');
  expect(lines.at(-1)).toBe('0 accepted, 0 mapped, 0 ignored, 1 failed');
});

test('a line that is no JSON, and a path that is not there, are named', () => {
  writeFileSync(join(folder, 'broken.jsonl'), '{"a":1}\n{broken\n');
  expect(readEventFiles(join(folder, 'broken.jsonl')).unreadable[0]).toMatch(/broken\.jsonl:2: no JSON/);
  expect(readEventFiles(join(folder, 'nowhere')).unreadable[0]).toMatch(/nowhere: cannot be read/);
});

const RECORDED = fileURLToPath(new URL('../../../../../shared/fixtures/events.jsonl', import.meta.url));

test.skipIf(!existsSync(RECORDED))(
  'every recorded event is accepted (skipped where ../shared/fixtures is missing)',
  async () => {
    const { code, lines } = await run(RECORDED);
    expect([code, lines.at(-1)]).toEqual([
      0,
      expect.stringMatching(/^89 accepted, \d+ mapped, \d+ ignored, 0 failed$/),
    ]);
  },
);
