import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/growthos.mjs', import.meta.url));

function growthos(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

test('growthos lists its commands, and refuses one that it does not have', () => {
  expect(growthos()).toMatchObject({ status: 0, err: expect.stringContaining('segments') });
  expect(growthos('segment')).toMatchObject({ status: 2, err: expect.stringContaining('COMMAND is one of') });
});

test('growthos runs a command with its arguments, and ends with its exit code', () => {
  const refused = growthos('segments', 'diff', '/nowhere/segments.yaml', '--key-file', '/nowhere/key');
  expect(refused).toMatchObject({ status: 2, err: expect.stringContaining('/nowhere/') });
  expect(growthos('backfill', '--key-file', '/nowhere/key')).toMatchObject({ status: 2 });
});
