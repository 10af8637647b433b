/**
 * For tests of the bus: processes on one database, side by side and turn by turn. A "process" is a transport opened on the
 * database with consumers of its own; its effects are rows that nothing keeps single.
 */
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { many, type Db } from '#db/db.ts';
import { type BusEvent, type BusTransport, type Consumer, createPublisher, type NewBusEvent } from './index.ts';
import type { BusDeps } from './work-off.ts';

export interface Bus {
  readonly db: Db;
  readonly clock: MovableClock;
  /** A process of its own on the same bus; closed when the test ends. */
  open(...consumers: Consumer[]): BusTransport;
  publish(...events: NewBusEvent[]): Promise<void>;
  /** Runs the processes side by side until nothing is due any more, moving the clock over pauses. */
  settle(...processes: BusTransport[]): Promise<void>;
  /** The effects of a consumer, in the order in which they were committed. */
  effects(consumer?: string): Promise<{ contact: string | null; n: number }[]>;
}

type OpenTransport = (deps: BusDeps, consumers: readonly Consumer[]) => BusTransport;

/** A bus on a database of its own, emptied before each test. */
export function useBus(input: {
  openDb: () => Promise<Db>;
  openTransport: OpenTransport;
  beforeClose?: (db: Db) => Promise<void>;
}): Bus {
  const clock = new MovableClock(new Date('2026-11-24T09:00:00Z'));
  const publisher = createPublisher({ clock });
  const processes: BusTransport[] = [];
  let opened: Db | undefined;
  const db = (): Db => {
    if (!opened) throw new Error('no database yet');
    return opened;
  };
  beforeAll(async () => {
    opened = await input.openDb();
    await opened.execute(
      'create table effect (nth bigint generated always as identity, consumer text, event_id uuid, contact uuid, n integer)',
    );
  });
  beforeEach(() =>
    db().execute('truncate bus_event, bus_consumer, bus_partition, bus_dead_letter, bus_replay, effect'),
  );
  afterEach(async () => {
    for (const process of processes.splice(0)) await process.close();
  });
  afterAll(async () => {
    await input.beforeClose?.(db());
    await opened?.close();
  });
  return {
    get db() {
      return db();
    },
    clock,
    open(...consumers) {
      const process = input.openTransport({ db: db(), clock, log: silentLog }, consumers);
      processes.push(process);
      return process;
    },
    publish: (...events) => db().transaction(async (tx) => publisher.publish(tx, events)),
    settle: (...running) => settle(clock, running),
    effects: (consumer = 'recorder') =>
      many(db(), { text: 'select contact, n from effect where consumer = $1 order by nth', values: [consumer] }),
  };
}

async function settle(clock: MovableClock, processes: readonly BusTransport[]): Promise<void> {
  const workers = processes.flatMap((process) => process.workers);
  for (let round = 0; round < 500; round++) {
    const turns = await Promise.all(processes.map(turn));
    if (turns.some((handled) => handled > 0)) continue;
    const due = await firstDue(workers);
    if (due === null) return;
    if (due > clock.now()) clock.moveTo(due);
  }
  throw new Error('did not settle');
}

async function turn(process: BusTransport): Promise<number> {
  let handled = 0;
  for (const worker of process.workers) handled += await worker.runOnce();
  return handled;
}

async function firstDue(workers: readonly Worker[]): Promise<Date | null> {
  const dues = await Promise.all(workers.map(async (worker) => (await worker.nextDueAt?.()) ?? null));
  return dues.reduce((first, due) => (due !== null && (first === null || due < first) ? due : first), null);
}

/** Writes a row for each event it is given. */
export function recorder(over: Partial<Consumer> = {}): Consumer {
  const name = over.name ?? 'recorder';
  return {
    name,
    types: null,
    batchSizeMax: 10,
    from: 'oldest',
    handle: (tx, events) => record(tx, name, events),
    ...over,
  };
}

// oxlint-disable-next-line max-params
export async function record(tx: Pick<Db, 'query'>, consumer: string, events: readonly BusEvent[]): Promise<void> {
  for (const event of events) {
    await tx.query({
      text: 'insert into effect (consumer, event_id, contact, n) values ($1, $2, $3, $4)',
      values: [consumer, event.id, event.contactId, event.data['n']],
    });
  }
}

export const workspaceId = newId();

export function newEvent(contactId: string | null, n: number, over: Partial<NewBusEvent> = {}): NewBusEvent {
  return {
    workspaceId,
    contactId,
    type: 'happened',
    source: 'app',
    time: new Date('2026-11-24T08:00:00Z'),
    data: { n },
    cause: null,
    ...over,
  };
}

/** For each contact 0, 1, 2 ... without a hole, a twin or a swap. */
export function expectEachOnceInOrder(
  effects: readonly { contact: string | null; n: number }[],
  expected: { contacts: readonly string[]; each: number },
): void {
  const wanted = Array.from({ length: expected.each }, (_, n) => n);
  for (const contact of expected.contacts) {
    expect(effects.filter((effect) => effect.contact === contact).map((effect) => effect.n)).toEqual(wanted);
  }
  expect(effects).toHaveLength(expected.contacts.length * expected.each);
}

export const people = (count: number): string[] => Array.from({ length: count }, () => newId());
/** Rounds of one event for each contact. */
export const rounds = (contacts: readonly string[], input: { from: number; to: number }): NewBusEvent[] =>
  Array.from({ length: input.to - input.from }, (_, n) => n + input.from).flatMap((n) =>
    contacts.map((contact) => newEvent(contact, n)),
  );

/** The NATS server for tests: NATS_URL, or the one that answers on this machine; null, and a line that says so, without. */
export async function findNats(): Promise<string | null> {
  const named = process.env['NATS_URL'];
  if (named !== undefined && named !== '') return named;
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: 4222, timeout: 1_000 });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
  if (!answers)
    notice(
      'no NATS server: set NATS_URL, or start one on 127.0.0.1:4222. The tests of the NATS transport are skipped.',
    );
  return answers ? 'nats://127.0.0.1:4222' : null;
}

export function notice(text: string): void {
  process.stderr.write(`NOTICE ${text}\n`);
}
