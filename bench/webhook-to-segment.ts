/**
 * From a signed Stripe webhook to `segment_entered`, through the whole product. `npm run -s bench -- webhook-to-segment [seconds]`:
 * 200 events a second to `main.ts` in a process of its own (web and worker, its loops as in production), half of them failed
 * payments of as many different customers, each of which brings its contact into "Failed payment". Events are sent at their
 * times whether the answers keep up or not; a time counts from when the event was to be sent until the transaction that
 * tells of the entry was about to commit. On PostgreSQL (DATABASE_URL, else the local server), in a database of its own.
 */
import { randomBytes } from 'node:crypto';
import { signStripePayload } from '@growthos/engine/ingest/index.ts';
import { type BenchDatabase, createBenchDatabase, onServer } from './tools/bench-database.ts';
import { startServerProcess, type ServerProcess } from './tools/server-process.ts';
import { ACCOUNT, CUSTOMERS, customerId, eventBody } from './tools/stripe-payloads.ts';

const RATE_PER_S = 200;
/** Events of this many customers go first, so that what is measured is not the start of a process. */
const WARM_CUSTOMERS = 200;
/** How long after the last event the rest may take. */
const PATIENCE_MS = 30_000;

export async function run(args: readonly string[]): Promise<number> {
  const secondsMax = (2 * (CUSTOMERS - WARM_CUSTOMERS)) / RATE_PER_S;
  const seconds = Math.min(Number(args.find((word) => /^\d+$/.test(word)) ?? secondsMax), secondsMax);
  const database = await createBenchDatabase('webhook_to_segment');
  let server: ServerProcess | undefined;
  try {
    server = await startServerProcess({
      file: 'tools/engine-server.ts',
      env: {
        DATABASE_URL: database.url,
        SECRET_KEY: randomBytes(32).toString('base64'),
        PORT: '0',
        LOG_LEVEL: 'warn',
        ROLE: 'both',
      },
    });
    await untilComputed(database);
    await sendEvents(server, { from: 0, count: 2 * WARM_CUSTOMERS });
    await untilEntered(database, WARM_CUSTOMERS);
    await onServer('checkpoint').catch(() => undefined);
    const sentAt = await sendEvents(server, { from: 2 * WARM_CUSTOMERS, count: seconds * RATE_PER_S });
    const entered = await untilEntered(database, WARM_CUSTOMERS + sentAt.size);
    console.log(reportText(timesOf(sentAt, entered)));
    return 0;
  } finally {
    await server?.stop();
    await database.drop();
  }
}

/** Sends events at their times; customer to when its failed payment was to be sent, epoch milliseconds. */
async function sendEvents(server: ServerProcess, input: { from: number; count: number }): Promise<Map<string, number>> {
  const url = `http://127.0.0.1:${server.ready.port}${server.ready.path}`;
  const now = new Date();
  const bodies = Array.from({ length: input.count }, (_, n) => eventBody(input.from + n));
  const requests = bodies.map((body) => ({
    body,
    signature: signStripePayload({ payload: body, secret: server.ready.secret, now }),
  }));
  const sentAt = new Map<string, number>();
  const answers: Promise<void>[] = [];
  const startMs = Date.now() + 100;
  for (const [n, { body, signature }] of requests.entries()) {
    const dueMs = startMs + (n * 1000) / RATE_PER_S;
    const waitMs = dueMs - Date.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const nth = input.from + n;
    if (nth % 2 === 1) sentAt.set(customerId((nth >> 1) % CUSTOMERS), dueMs);
    answers.push(post(url, { body, signature }));
  }
  await Promise.all(answers);
  return sentAt;
}

async function post(url: string, input: { body: string; signature: string }): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    body: input.body,
    headers: { 'content-type': 'application/json', 'stripe-signature': input.signature },
  });
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  await answer.arrayBuffer();
}

/** The segments that come with a new workspace. */
async function untilComputed(database: BenchDatabase): Promise<void> {
  for (;;) {
    const rows = await database.query<{ done: boolean }>(
      `select count(*) > 0 and bool_and(next_version is null) as done from segment`,
    );
    if (rows[0]?.done === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits until so many have entered; customer to when, epoch milliseconds. */
async function untilEntered(database: BenchDatabase, count: number): Promise<Map<string, number>> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const rows = await database.query<{ customer: string; at: Date }>(
      `select substr(i.value, $1::int) as customer, b.recorded_at as at from bus_event b
       join contact_identity i on i.contact_id = b.contact_id and i.kind = 'stripe_customer'
       where b.type = 'segment_entered' and b.data ->> 'segment_key' = 'failed_payment'`,
      [`${ACCOUNT}/`.length + 1],
    );
    if (rows.length >= count) return new Map(rows.map(({ customer, at }) => [customer, at.getTime()]));
    if (Date.now() > endMs) throw new Error(`only ${rows.length} of ${count} customers entered the segment`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function timesOf(sentAt: ReadonlyMap<string, number>, entered: ReadonlyMap<string, number>): number[] {
  return [...sentAt].map(([customer, ms]) => (entered.get(customer) ?? Number.NaN) - ms).sort((a, b) => a - b);
}

function reportText(times: readonly number[]): string {
  const at = (share: number): string =>
    `${Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN)} ms`;
  return `webhook to segment_entered at ${RATE_PER_S} a second, ${times.length} entries: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)}   (aim: p99 under 250 ms)`;
}
