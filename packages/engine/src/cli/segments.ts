/**
 * `growthos segments diff|apply|export`: segments kept in a YAML file beside the code. Talks to a running server, because
 * the embedded storage belongs to one process. Exit code 0: done (`diff`: nothing to change); 1: `diff` found changes;
 * 2: refused, with the reason.
 */
import { readFileSync } from 'node:fs';
import { defineCommand, runMain } from 'citty';
import { parse, stringify } from 'yaml';
import { ErrorBody } from '@growthos/contracts/http/error-body.ts';
import { SegmentsDiff } from '@growthos/contracts/http/segments.ts';
import { InvalidInputError, messageOf } from '#base/errors.ts';

const server = {
  url: { type: 'string', description: 'Where the server answers', default: 'http://127.0.0.1:4400' },
  'key-file': { type: 'string', description: 'File that holds an API key (gos_...)', required: true },
} as const;
const file = { type: 'positional', description: 'YAML file with version: 1 and segments', required: true } as const;
const prune = { type: 'boolean', description: 'Archive segments that the file does not name', default: false } as const;

interface Call {
  readonly url: string;
  readonly keyFile: string;
  readonly path: string;
  readonly body?: unknown;
}

const diff = defineCommand({
  meta: { name: 'diff', description: 'Say what applying the file would change' },
  args: { file, ...server, prune },
  run: ({ args }) =>
    reporting(async () => {
      const body = { file: readSegments(args.file), prune: args.prune };
      const found = await ask({ url: args.url, keyFile: args['key-file'], path: 'file/diff', body });
      return report(SegmentsDiff.parse(found)) ? 1 : 0;
    }),
});

const apply = defineCommand({
  meta: { name: 'apply', description: 'Make the segments as the file has them' },
  args: {
    file,
    ...server,
    prune,
    publish: { type: 'boolean', description: 'Let people who enter or leave count as such', default: false },
  },
  run: ({ args }) =>
    reporting(async () => {
      const body = { file: readSegments(args.file), prune: args.prune, publishTransitions: args.publish };
      report(SegmentsDiff.parse(await ask({ url: args.url, keyFile: args['key-file'], path: 'file/apply', body })));
      return 0;
    }),
});

const exported = defineCommand({
  meta: { name: 'export', description: 'Print the segments of the workspace as YAML' },
  args: server,
  run: ({ args }) =>
    reporting(async () => {
      console.log(stringify(await ask({ url: args.url, keyFile: args['key-file'], path: 'file' })).trimEnd());
      return 0;
    }),
});

export const segmentsCommand = defineCommand({
  meta: { name: 'segments', description: 'Segments as files' },
  subCommands: { diff, apply, export: exported },
});

function readSegments(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new InvalidInputError(`${path} cannot be read as YAML: ${messageOf(error)}`, { cause: error });
  }
}

async function ask(call: Call): Promise<unknown> {
  const key = readFileSync(call.keyFile, 'utf8').trim();
  const response = await fetch(new URL(`/api/segments/${call.path}`, call.url), {
    method: call.body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const refused = ErrorBody.safeParse(answer);
  throw new InvalidInputError(refused.success ? refused.data.error.message : `The server answered ${response.status}.`);
}

/** Prints one line per segment that changes; returns whether any does. */
function report(found: SegmentsDiff): boolean {
  const changed = found.changes.filter((change) => change.change !== 'none');
  for (const { change, key, before, after } of changed) {
    console.log(`${change.padEnd(8)} ${key}`);
    if (change === 'update' || change === 'archive') console.log(`  - ${before ?? ''}`);
    if (change === 'update' || change === 'create') console.log(`  + ${after ?? ''}`);
  }
  console.log(changed.length === 0 ? 'Nothing to change.' : `${changed.length} of ${found.changes.length} segments.`);
  return changed.length > 0;
}

async function reporting(work: () => Promise<0 | 1>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 2;
  }
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) await runMain(segmentsCommand);
