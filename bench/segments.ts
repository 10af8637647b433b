/**
 * `npm run -s bench -- segments [contacts]`: live segments on PostgreSQL (DATABASE_URL, else the local server), in a
 * database of its own that is dropped at the end. 50 segments, first over 10,000 contacts, then over 1,000,000.
 *
 * Figures: cost of a change at both sizes; change committed to `segment_entered` committed, at 200 changes a second; due
 * flips a second; answer time of a preview. The changes are those that the graph's writer makes of a webhook (contact row
 * and `contact_updated` in one transaction); receiving and applying the webhook itself is another bench's figure.
 */
import { MovableClock, systemClock } from '@growthos/engine/base/clock.ts';
import { silentLog } from '@growthos/engine/base/log.ts';
import { startLoop } from '@growthos/engine/base/worker.ts';
import { BUS_CHANNEL, consumerWorker, createPublisher, type Publisher } from '@growthos/engine/bus/index.ts';
import type { Db, Tx } from '@growthos/engine/db/db.ts';
import { flipsWorker, previewSegment, segmentsConsumer } from '@growthos/engine/respond/segments/index.ts';
import { openBenchDatabase, seedWorkspace, type SeededWorkspace } from './segments-seed.ts';
import { benchSegments } from './segments-fifty.ts';

const CHANGES_MEASURED = 600;
const RATE_PER_S = 200;
const RATE_DURATION_S = 20;
const WRITERS = 8;

/** What one run found; milliseconds unless named otherwise. */
interface Figures {
  readonly changeMs: number;
  readonly batchChangeMs: number;
  /** From when the change was due, whether or not the writers kept up. */
  readonly latency: { p50: number; p95: number; p99: number; entered: number };
  /** From when the change was committed: the segments' own share. */
  readonly ownLatency: { p50: number; p95: number; p99: number };
  readonly flipsPerS: number;
  readonly flips: number;
  readonly previewMs: { p50: number; p95: number };
  readonly exactMs: { p50: number; p95: number };
}

export async function run(args: readonly string[]): Promise<number> {
  const large = Number(args.find((word) => /^\d+$/.test(word)) ?? 1_000_000);
  const url = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  const bench = await openBenchDatabase(url);
  try {
    const results = new Map<number, Figures>();
    for (const contacts of [10_000, large]) {
      const startedMs = performance.now();
      const workspace = await seedWorkspace(bench.db, { contacts, segments: benchSegments() });
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      console.log(
        `seeded ${contacts.toLocaleString('en')} contacts, ${workspace.memberships.toLocaleString('en')} memberships in ${seconds} s`,
      );
      results.set(contacts, await measure(bench.db, workspace));
    }
    report(results, large);
    return 0;
  } finally {
    await bench.drop();
  }
}

async function measure(db: Db, workspace: SeededWorkspace): Promise<Figures> {
  const clock = new MovableClock(workspace.now);
  const entered = new Map<string, number>();
  const publisher = stampingPublisher(createPublisher({ clock }), entered);
  const deps = { db, clock, publisher };
  const consumer = consumerWorker({ db, clock, log: silentLog }, segmentsConsumer(deps));
  const runOnce = (): Promise<number> => consumer.runOnce();
  const change = (n: number): Promise<void> => changeContact(deps, { workspace, n });
  await drain(runOnce);
  for (let n = 0; n < 50; n++) await change(n).then(() => drain(runOnce));

  const single: number[] = [];
  for (let n = 50; n < 50 + CHANGES_MEASURED; n++) {
    await change(n);
    single.push(await timed(() => drain(runOnce)));
  }
  for (let n = 1000; n < 1000 + CHANGES_MEASURED; n++) await change(n);
  const batchMs = await timed(() => drain(runOnce));
  const latency = await measureLatency({ db, workspace, entered, runOnce, change });
  const preview = await measurePreviews(deps, workspace);
  const flips = await measureFlips(deps, clock);
  return { changeMs: median(single), batchChangeMs: batchMs / CHANGES_MEASURED, ...latency, ...flips, ...preview };
}

interface Deps {
  readonly db: Db;
  readonly clock: MovableClock;
  readonly publisher: Publisher;
}

/** Notes when the transaction that told of an entry was committed. */
function stampingPublisher(inner: Publisher, entered: Map<string, number>): Publisher {
  return {
    publish(tx: Tx, events) {
      inner.publish(tx, events);
      const ids = events.flatMap((event) =>
        event.type === 'segment_entered' && event.contactId ? [event.contactId] : [],
      );
      if (ids.length === 0) return;
      tx.afterCommit(() => {
        const now = performance.now();
        for (const id of ids) if (!entered.has(id)) entered.set(id, now);
      });
    },
  };
}

/** A payment fails: the row changes as the graph's writer changes it, and the contact enters "failed payment" at least. */
async function changeContact(deps: Deps, input: { workspace: SeededWorkspace; n: number }): Promise<void> {
  const { workspace, n } = input;
  const id = workspace.contactId(n);
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    await tx.query({
      name: 'bench_change',
      text: `update contact set billing_status = 'past_due', failed_payment_at = $2, failed_attempts = 1, updated_at = $2 where id = $1`,
      values: [id, now],
    });
    deps.publisher.publish(tx, [
      {
        workspaceId: workspace.id,
        contactId: id,
        type: 'contact_updated',
        source: 'growthos',
        time: now,
        data: {
          is_new: false,
          changes: [
            { property: 'billing_status', old: 'active', new: 'past_due' },
            { property: 'failed_payment_at', old: null, new: now.toISOString() },
            { property: 'failed_attempts', old: 0, new: 1 },
          ],
        },
        cause: null,
      },
    ]);
  });
}

/** Changes come at their times whether the engine keeps up or not; a time counts from when its change was due. */
async function measureLatency(input: {
  db: Db;
  workspace: SeededWorkspace;
  entered: Map<string, number>;
  runOnce: () => Promise<number>;
  change: (n: number) => Promise<void>;
}): Promise<Pick<Figures, 'latency' | 'ownLatency'>> {
  const { db, workspace, entered } = input;
  const loop = startLoop(
    { log: silentLog, clock: systemClock },
    { worker: { name: 'bench', runOnce: input.runOnce }, idleMs: 1000 },
  );
  const stopListening = await db.listen(BUS_CHANNEL, () => loop.wake());
  const total = RATE_PER_S * RATE_DURATION_S;
  const first = 2000;
  const dueAt = new Map<string, number>();
  const committedAt = new Map<string, number>();
  const startMs = performance.now() + 200;
  let next = 0;
  const writer = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) {
      const due = startMs + (i * 1000) / RATE_PER_S;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      dueAt.set(workspace.contactId(first + i), due);
      await input.change(first + i);
      committedAt.set(workspace.contactId(first + i), performance.now());
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await loop.stop();
  await stopListening();
  await drain(input.runOnce);
  const since = (starts: ReadonlyMap<string, number>): number[] =>
    [...starts].flatMap(([id, start]) => {
      const at = entered.get(id);
      return at === undefined ? [] : [Math.max(0, at - start)];
    });
  const times = since(dueAt);
  const three = (all: number[]): Figures['ownLatency'] => ({
    p50: quantile(all, 0.5),
    p95: quantile(all, 0.95),
    p99: quantile(all, 0.99),
  });
  return { latency: { ...three(times), entered: times.length / total }, ownLatency: three(since(committedAt)) };
}

async function measurePreviews(
  deps: Deps,
  workspace: SeededWorkspace,
): Promise<Pick<Figures, 'previewMs' | 'exactMs'>> {
  const ask = async (exact: boolean): Promise<number[]> => {
    const times: number[] = [];
    for (const { definition } of benchSegments()) {
      times.push(await timed(() => previewSegment(deps, { workspaceId: workspace.id, definition, exact })));
    }
    return times;
  };
  await ask(false);
  const quick = [...(await ask(false)), ...(await ask(false))];
  const exact = await ask(true);
  const both = (times: number[]): { p50: number; p95: number } => ({
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
  });
  return { previewMs: both(quick), exactMs: both(exact) };
}

/** Half an hour and more passes at once; what fell due in it is worked off. */
async function measureFlips(deps: Deps, clock: MovableClock): Promise<Pick<Figures, 'flipsPerS' | 'flips'>> {
  const worker = flipsWorker(deps);
  await drain(() => worker.runOnce());
  clock.advance({ hours: 6 });
  let flips = 0;
  const ms = await timed(async () => {
    for (let n = await worker.runOnce(); n > 0 && flips < 40_000; n = await worker.runOnce()) flips += n;
  });
  return { flips, flipsPerS: (flips * 1000) / ms };
}

async function drain(runOnce: () => Promise<number>): Promise<void> {
  while ((await runOnce()) > 0);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
const median = (values: readonly number[]): number => quantile(values, 0.5);

function report(results: ReadonlyMap<number, Figures>, large: number): void {
  const small = results.get(10_000);
  const big = results.get(large);
  if (!small || !big) return;
  const ms = (n: number): string => `${n.toFixed(n < 10 ? 2 : 0)} ms`;
  const rows: [string, string, string, string][] = [
    ['figure', '10,000', large.toLocaleString('en'), 'aim'],
    [
      'a change alone, consumer time',
      ms(small.changeMs),
      ms(big.changeMs),
      `ratio ${(big.changeMs / small.changeMs).toFixed(2)} (<= 1.3)`,
    ],
    [
      'a change among 600, consumer time',
      ms(small.batchChangeMs),
      ms(big.batchChangeMs),
      `ratio ${(big.batchChangeMs / small.batchChangeMs).toFixed(2)} (<= 1.3)`,
    ],
    ...(['p50', 'p95', 'p99'] as const).map((p): [string, string, string, string] => [
      `change due to entered, ${RATE_PER_S}/s, ${p}`,
      ms(small.latency[p]),
      ms(big.latency[p]),
      p === 'p99' ? '<= 250 ms' : '',
    ]),
    ...(['p50', 'p95', 'p99'] as const).map((p): [string, string, string, string] => [
      `change committed to entered, ${p}`,
      ms(small.ownLatency[p]),
      ms(big.ownLatency[p]),
      p === 'p99' ? '<= 250 ms' : '',
    ]),
    [
      '  of them entered',
      `${(small.latency.entered * 100).toFixed(1)} %`,
      `${(big.latency.entered * 100).toFixed(1)} %`,
      '100 %',
    ],
    ['due flips a second', small.flipsPerS.toFixed(0), big.flipsPerS.toFixed(0), '>= 5000'],
    ['  flips worked off', String(small.flips), String(big.flips), ''],
    ['preview, p50', ms(small.previewMs.p50), ms(big.previewMs.p50), ''],
    ['preview, p95', ms(small.previewMs.p95), ms(big.previewMs.p95), '<= 100 ms'],
    ['exact count, p95 (the second question)', ms(small.exactMs.p95), ms(big.exactMs.p95), ''],
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  for (const row of rows)
    console.log(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    );
}
