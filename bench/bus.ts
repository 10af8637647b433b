/**
 * The bus from publishing to consumed: events a second and how long each is under way, on both transports.
 *
 * `through`: a number of events is published as fast as one publisher can, a hundred to a transaction, while the worker
 * processes handle them (one look and one write per event, the place in the same transaction); events a second from the
 * first transaction to the last commit of a handler. `under way`: events at a rate that leaves everybody time, from the
 * moment they are published to the commit of their handler. Beside them two floors: the same rows inserted bare, and the
 * same pointers published bare to JetStream. Needs PostgreSQL (DATABASE_URL) and nats-server (NATS_URL, or 127.0.0.1:4222).
 */
import { randomUUID } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
// Hoisted: the engine's own dependency. The floor is the one thing here that speaks to NATS without the transport.
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { systemClock } from '@growthos/engine/base/clock.ts';
import { newId } from '@growthos/engine/base/ids.ts';
import { silentLog } from '@growthos/engine/base/log.ts';
import { createPublisher, type NewBusEvent } from '@growthos/engine/bus/index.ts';
import { openServerDb } from '@growthos/engine/db/client/server.ts';
import type { Db } from '@growthos/engine/db/db.ts';
import { migrate } from '@growthos/engine/db/migrate.ts';
import { createBenchDatabase } from './tools/bench-database.ts';
import { startBusFleet } from './tools/bus-fleet.ts';

const NATS_URL = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
/** `farMs`: what a statement of the handler waits for besides: a database that is not on the same machine. */
const SYSTEMS = [
  { system: 'postgres, 1 process', processes: 1, overNats: false, farMs: 0 },
  { system: 'postgres, 2 processes', processes: 2, overNats: false, farMs: 0 },
  { system: 'nats, 1 process', processes: 1, overNats: true, farMs: 0 },
  { system: 'nats, 2 processes', processes: 2, overNats: true, farMs: 0 },
  { system: 'far: postgres, 1 process', processes: 1, overNats: false, farMs: 1 },
  { system: 'far: postgres, 2 processes', processes: 2, overNats: false, farMs: 1 },
  { system: 'far: nats, 1 process', processes: 1, overNats: true, farMs: 1 },
  { system: 'far: nats, 2 processes', processes: 2, overNats: true, farMs: 1 },
] as const;

const BATCH = 100;
const WARM_UP = 500;
const CONTACTS = 2_000;
/** Pointers under way at once in the bare publish; the relay has up to a thousand. */
const WINDOW = 256;
/** Far runs take this part of the events: they are as much slower. */
const FAR_SHARE = 8;

interface Options {
  readonly events: number;
  readonly passes: number;
  readonly rate: number;
  readonly seconds: number;
  readonly isJson: boolean;
}

interface Cell {
  readonly system: string;
  readonly pass: number;
  readonly throughPerSecond: number;
  /** Null where only throughput is measured. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const nats = await connectNats();
  try {
    const cells: Cell[] = [];
    const add = (cell: Cell): void => {
      cells.push(cell);
      if (!options.isJson) console.error(`pass ${cell.pass}  ${lineOf(cell)}`);
    };
    for (let pass = 1; pass <= options.passes; pass++) {
      add(await floorInserts(options, pass));
      add(await floorJetStream(nats, { options, pass }));
      for (const chosen of SYSTEMS) add(await measure(nats, { ...chosen, options, pass }));
    }
    const report = summarize(nats, { options, cells });
    console.log(options.isJson ? JSON.stringify(report, null, 2) : describe(report));
    return 0;
  } finally {
    await nats.close();
  }
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      events: { type: 'string', default: '20000' },
      passes: { type: 'string', default: '3' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '5' },
    },
  });
  return {
    events: Number(values.events),
    passes: Number(values.passes),
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    isJson: values.json,
  };
}

async function connectNats(): Promise<NatsConnection> {
  try {
    return await connect({ servers: NATS_URL });
  } catch (cause) {
    throw new Error(`NATS does not answer at ${NATS_URL}. Start nats-server -js, or set NATS_URL.`, { cause });
  }
}

const workspaceId = newId();
const contacts = Array.from({ length: CONTACTS }, () => newId());

/** What a payment tells: about 500 bytes. */
function eventOf(n: number): NewBusEvent {
  const sentAtMs = performance.timeOrigin + performance.now();
  return {
    workspaceId,
    contactId: contacts[n % CONTACTS] ?? null,
    type: 'payment_succeeded',
    source: 'stripe:acct_bench',
    time: systemClock.now(),
    data: { n, sentAtMs, amount: 4900, currency: 'usd', invoice: `in_${n}`, note: 'x'.repeat(300) },
    cause: null,
  };
}

const batches = (count: number): NewBusEvent[][] =>
  Array.from({ length: Math.ceil(count / BATCH) }, (_, b) =>
    Array.from({ length: Math.min(BATCH, count - b * BATCH) }, (__, n) => eventOf(b * BATCH + n)),
  );

async function floorInserts(options: Options, pass: number): Promise<Cell> {
  const database = await createBenchDatabase('bus_floor');
  const db = openServerDb({ log: silentLog }, { url: database.url, poolSizeMax: 2 });
  try {
    await db.execute(
      'create table floor (position bigint generated always as identity primary key, id uuid, data jsonb)',
    );
    const work = batches(options.events);
    const started = performance.now();
    for (const batch of work) {
      await db.query({
        name: 'floor',
        text: 'insert into floor (id, data) select id, data::jsonb from unnest($1::uuid[], $2::text[]) as e (id, data)',
        values: [batch.map(() => randomUUID()), batch.map((event) => JSON.stringify(event.data))],
      });
    }
    const throughPerSecond = perSecond(options.events, started);
    return { system: 'floor: bare inserts', pass, throughPerSecond, p50Ms: null, p99Ms: null };
  } finally {
    await db.close();
    await database.drop();
  }
}

async function floorJetStream(nats: NatsConnection, input: { options: Options; pass: number }): Promise<Cell> {
  const { options, pass } = input;
  const admin = await jetstreamManager(nats);
  const stream = `growthos_bench_${randomUUID().slice(0, 8)}`;
  await admin.streams.add({ name: stream, subjects: [`${stream}.>`], storage: StorageType.File });
  try {
    const client = jetstream(nats);
    const started = performance.now();
    for (let from = 0; from < options.events; from += WINDOW) {
      const size = Math.min(WINDOW, options.events - from);
      await Promise.all(
        Array.from({ length: size }, (_, n) =>
          client.publish(
            `${stream}.${n % 8}`,
            JSON.stringify({ position: String(from + n), after: String(from), type: 'payment_succeeded' }),
            { msgID: randomUUID() },
          ),
        ),
      );
    }
    const throughPerSecond = perSecond(options.events, started);
    return { system: 'floor: bare JetStream', pass, throughPerSecond, p50Ms: null, p99Ms: null };
  } finally {
    await admin.streams.delete(stream);
  }
}

async function measure(
  nats: NatsConnection,
  input: (typeof SYSTEMS)[number] & { options: Options; pass: number },
): Promise<Cell> {
  const { options, pass, system } = input;
  const database = await createBenchDatabase('bus');
  const db = openServerDb({ log: silentLog }, { url: database.url, poolSizeMax: 2 });
  try {
    await migrate(db);
    await db.execute('create table bench_contact (contact_id uuid primary key, events integer, last integer)');
    const fleet = await startBusFleet({
      processes: input.processes,
      env: { DATABASE_URL: database.url, FAR_MS: String(input.farMs), ...(input.overNats ? { NATS_URL } : {}) },
    });
    try {
      await publishAll(db, WARM_UP);
      await fleet.take(WARM_UP);
      await db.execute('checkpoint').catch(() => undefined);
      const events = input.farMs > 0 ? Math.ceil(options.events / FAR_SHARE) : options.events;
      const started = performance.now();
      await publishAll(db, events);
      await fleet.take(events);
      const throughPerSecond = perSecond(events, started);
      if (input.farMs > 0) return { system, pass, throughPerSecond, p50Ms: null, p99Ms: null };
      const underWay = await publishPaced(db, options).then((count) => fleet.take(count));
      await check(db, WARM_UP + events + underWay.length);
      underWay.sort((a, b) => a - b);
      return { system, pass, throughPerSecond, p50Ms: quantile(underWay, 0.5), p99Ms: quantile(underWay, 0.99) };
    } finally {
      await fleet.stop();
      if (input.overNats) await deleteStreams(nats, db);
    }
  } finally {
    await db.close();
    await database.drop();
  }
}

async function publishAll(db: Db, count: number): Promise<void> {
  const publisher = createPublisher({ clock: systemClock });
  for (let from = 0; from < count; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => eventOf(from + n));
    await db.transaction(async (tx) => publisher.publish(tx, events));
  }
}

/** One event to a transaction, at the rate. Returns how many. */
async function publishPaced(db: Db, options: Options): Promise<number> {
  const publisher = createPublisher({ clock: systemClock });
  const count = options.rate * options.seconds;
  const started = performance.now();
  for (let n = 0; n < count; n++) {
    const dueMs = started + (n * 1000) / options.rate - performance.now();
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    await db.transaction(async (tx) => publisher.publish(tx, [eventOf(n)]));
  }
  return count;
}

/** A figure counts only if every event did its work once. */
async function check(db: Db, expected: number): Promise<void> {
  const { rows } = await db.query<{ n: number }>({ text: 'select sum(events)::int as n from bench_contact' });
  if (rows[0]?.n !== expected) throw new Error(`${rows[0]?.n} effects of ${expected} events`);
}

async function deleteStreams(nats: NatsConnection, db: Db): Promise<void> {
  const { rows } = await db.query<{ stream: string }>({
    text: `select stream || '_' || n as stream from bus_relay, generate_series(0, partitions - 1) n`,
  });
  const admin = await jetstreamManager(nats);
  for (const { stream } of rows) await admin.streams.delete(stream);
}

function perSecond(count: number, startedMs: number): number {
  return count / ((performance.now() - startedMs) / 1000);
}

interface Report {
  readonly measuredOn: string;
  readonly options: Options;
  readonly medians: readonly Cell[];
  /** What a second worker process brings, as a factor. */
  readonly secondProcess: Readonly<Record<'postgres' | 'nats' | 'farPostgres' | 'farNats', number>>;
  readonly cells: readonly Cell[];
}

function summarize(nats: NatsConnection, input: { options: Options; cells: readonly Cell[] }): Report {
  const { options, cells } = input;
  const medians = [...new Set(cells.map((cell) => cell.system))].map((system) => {
    const mine = cells.filter((cell) => cell.system === system);
    return {
      system,
      pass: 0,
      throughPerSecond: median(mine.map((cell) => cell.throughPerSecond)),
      p50Ms: medianOf(mine, 'p50Ms'),
      p99Ms: medianOf(mine, 'p99Ms'),
    };
  });
  const rate = (system: string): number =>
    medians.find((cell) => cell.system === system)?.throughPerSecond ?? Number.NaN;
  return {
    measuredOn: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}, nats-server ${nats.info?.version ?? '?'}, everything on one machine`,
    options,
    medians,
    secondProcess: {
      postgres: rate('postgres, 2 processes') / rate('postgres, 1 process'),
      nats: rate('nats, 2 processes') / rate('nats, 1 process'),
      farPostgres: rate('far: postgres, 2 processes') / rate('far: postgres, 1 process'),
      farNats: rate('far: nats, 2 processes') / rate('far: nats, 1 process'),
    },
    cells,
  };
}

function medianOf(cells: readonly Cell[], key: 'p50Ms' | 'p99Ms'): number | null {
  const values = cells.map((cell) => cell[key]).filter((value) => value !== null);
  return values.length === 0 ? null : median(values);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function lineOf(cell: Cell): string {
  const ms = (name: string, value: number | null): string =>
    value === null ? '' : `${name} ${value.toFixed(1)} ms`.padStart(15);
  return `${cell.system.padEnd(27)} ${`${Math.round(cell.throughPerSecond)}/s`.padStart(9)} ${ms('p50', cell.p50Ms)} ${ms('p99', cell.p99Ms)}`.trimEnd();
}

function describe(report: Report): string {
  const { options, secondProcess } = report;
  return [
    `Published to consumed, medians of ${options.passes} interleaved passes of ${options.events} events, ${BATCH} to a transaction; under way at ${options.rate}/s, one to a transaction.`,
    report.measuredOn,
    '',
    ...report.medians.map(lineOf),
    '',
    `a second process: ${secondProcess.nats.toFixed(2)} × over NATS, ${secondProcess.postgres.toFixed(2)} × over PostgreSQL`,
    `the same, far: ${secondProcess.farNats.toFixed(2)} × over NATS, ${secondProcess.farPostgres.toFixed(2)} × over PostgreSQL`,
  ].join('\n');
}
