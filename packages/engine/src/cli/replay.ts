/**
 * `npm run -s replay -- FILE.json|FOLDER`: posts recorded Stripe events, of any API version, signed, over HTTP, to a fresh
 * instance, and says per event type what became of them. Accepts JSON and JSON lines with the event on its own or under
 * `event`. Exits 1 when an event failed or nothing was found.
 */
import { messageOf } from '#base/errors.ts';
import type { Db } from '#db/db.ts';
import { signStripePayload } from '#ingest/index.ts';
import { startReplayEngine, type ReplayEngine } from './replay-engine.ts';
import { readEventFiles, type FoundEvent } from './replay-files.ts';

interface Sent {
  readonly id: string;
  readonly type: string;
  readonly where: string;
  /** Null when it was answered 200. */
  readonly failure: string | null;
}

interface TypeCount {
  accepted: number;
  mapped: number;
  ignored: number;
  failed: number;
  readonly to: Set<string>;
}

export async function replay(
  paths: readonly string[],
  print: (line: string) => void,
  openDb?: () => Promise<Db>,
): Promise<0 | 1> {
  if (paths.length === 0) {
    print('Name a file or a folder of Stripe events: npm run -s replay -- FILE.json|FOLDER');
    return 1;
  }
  const found = paths.map(readEventFiles);
  const events = withOwnIds(found.flatMap((files) => files.events));
  const unreadable = found.flatMap((files) => files.unreadable);
  for (const sentence of [...found.flatMap((files) => files.skipped), ...unreadable]) print(sentence);
  const accounts = new Set(
    events.map(({ event }) => event['account']).filter((account) => typeof account === 'string'),
  );
  const engine = await startReplayEngine({ accounts: [...accounts], ...(openDb ? { db: await openDb() } : {}) });
  try {
    const sent: Sent[] = [];
    for (const event of goodbyesLast(events)) sent.push(await post(engine, event));
    await engine.settle();
    const failed = await report(engine, { sent, unreadable: unreadable.length, print });
    return failed > 0 || events.length === 0 ? 1 : 0;
  } finally {
    await engine.stop();
  }
}

/**
 * Recordings are scrubbed, so that different events share an id. Each different one gets an id of its own; only a true
 * repetition keeps its id, and is a duplicate to the ledger.
 */
function withOwnIds(events: readonly FoundEvent[]): FoundEvent[] {
  const first = new Map<string, string>();
  return events.map(({ where, event }, nth) => {
    const content = JSON.stringify(event);
    const id = typeof event['id'] === 'string' ? event['id'] : null;
    const known = id === null ? undefined : first.get(id);
    if (id !== null && known === undefined) first.set(id, content);
    if (id !== null && (known === undefined || known === content)) return { where, event };
    return { where, event: { ...event, id: `${id ?? 'evt'}_replay${nth + 1}` } };
  });
}

/** After it the account is nobody's, and what came behind it in the recording would be kept aside, unread. */
function goodbyesLast(events: readonly FoundEvent[]): FoundEvent[] {
  const isGoodbye = ({ event }: FoundEvent): boolean => event['type'] === 'account.application.deauthorized';
  return [...events.filter((one) => !isGoodbye(one)), ...events.filter(isGoodbye)];
}

async function post(engine: ReplayEngine, { where, event }: FoundEvent): Promise<Sent> {
  const payload = JSON.stringify(event);
  const account = typeof event['account'] === 'string' ? event['account'] : null;
  const path = engine.accounts.pathFor({ account, livemode: event['livemode'] === true });
  const sent = { id: String(event['id']), type: String(event['type']), where };
  try {
    const answer = await fetch(`${engine.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'stripe-signature': signStripePayload({ payload, secret: engine.accounts.secret, now: engine.now() }),
      },
      body: payload,
    });
    const body = await answer.text();
    return { ...sent, failure: answer.status === 200 ? null : `answered ${answer.status} ${body}` };
  } catch (error) {
    return { ...sent, failure: messageOf(error) };
  }
}

async function report(
  engine: ReplayEngine,
  input: { sent: readonly Sent[]; unreadable: number; print: (line: string) => void },
): Promise<number> {
  const { sent, print } = input;
  const { mapped, dead } = await engine.outcomes();
  const types = new Map<string, TypeCount>();
  for (const event of sent) {
    const count = types.get(event.type) ?? { accepted: 0, mapped: 0, ignored: 0, failed: 0, to: new Set() };
    types.set(event.type, count);
    const failure = event.failure ?? dead.get(event.id) ?? null;
    if (event.failure === null) count.accepted += 1;
    if (failure !== null) {
      count.failed += 1;
      print(`${event.where}: ${event.type} ${event.id} failed: ${failure}`);
      continue;
    }
    const to = mapped.get(event.id) ?? [];
    if (to.length > 0) count.mapped += 1;
    else count.ignored += 1;
    for (const type of to) count.to.add(type);
  }
  const width = Math.max(0, ...[...types.keys()].map((type) => type.length));
  for (const [type, count] of [...types].sort(([a], [b]) => (a < b ? -1 : 1))) {
    print(`${type.padEnd(width)}  ${describe(count)}`);
  }
  const sum = (of: (count: TypeCount) => number): number => [...types.values()].reduce((n, count) => n + of(count), 0);
  const failed = sum((count) => count.failed) + input.unreadable;
  print(
    `${sum((c) => c.accepted)} accepted, ${sum((c) => c.mapped)} mapped, ${sum((c) => c.ignored)} ignored, ${failed} failed`,
  );
  return failed;
}

function describe(count: TypeCount): string {
  return [
    `${count.accepted} accepted`,
    ...(count.mapped > 0 ? [`${count.mapped} mapped to ${[...count.to].join(', ')}`] : []),
    ...(count.ignored > 0 ? [`${count.ignored} ignored`] : []),
    ...(count.failed > 0 ? [`${count.failed} failed`] : []),
  ].join(', ');
}

if (import.meta.url === `file://${process.argv[1] ?? ''}`) {
  process.exitCode = await replay(process.argv.slice(2), (line) => console.log(line));
}
