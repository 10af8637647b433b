#!/usr/bin/env node
// `growthos COMMAND ...`: each command is a file of src/cli. Run with this Node: newer ones read TypeScript as it is,
// Node 20 needs the loader.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMANDS = {
  segments: { file: 'segments.ts', says: 'segments as a YAML file: diff, apply, export' },
  backfill: { file: 'backfill.ts', says: 'read everything of a connected Stripe account again' },
  replay: { file: 'replay.ts', says: 'post recorded Stripe events to a fresh instance, and say what became of them' },
  'bus:replay': { file: 'bus-replay.ts', says: 'tell one listener what happened, once more' },
  'mail:report': { file: 'mail-report.ts', says: 'hand in a report of mail that came back, from standard input' },
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  const lines = Object.entries(COMMANDS).map(([known, { says }]) => `  ${known.padEnd(12)} ${says}`);
  process.stderr.write(`growthos COMMAND, where COMMAND is one of:\n${lines.join('\n')}\n`);
  process.exitCode = name === '' || name === '--help' ? 0 : 2;
} else {
  const file = fileURLToPath(new URL(`../src/cli/${command.file}`, import.meta.url));
  const loader = process.features.typescript ? [] : ['--import', import.meta.resolve('tsx')];
  const child = spawn(process.execPath, [...loader, file, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
