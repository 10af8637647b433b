/**
 * What a consumer may rely on, whichever transport runs: one list of cases, called by each transport's test. A "process" is
 * a transport opened on the same database with consumers of its own; its effects are rows that nothing keeps single.
 */
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { CrashedError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { many, type Db } from '#db/db.ts';
import {
  type BusEvent,
  type BusTransport,
  type Consumer,
  createPublisher,
  type NewBusEvent,
  replayDeadLetter,
  rewindConsumer,
} from './index.ts';
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
  beforeEach(() => db().execute('truncate bus_event, bus_consumer, bus_partition, bus_dead_letter, effect'));
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

const workspaceId = newId();

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

const people = (count: number): string[] => Array.from({ length: count }, () => newId());
/** Rounds of one event for each contact. */
const rounds = (contacts: readonly string[], input: { from: number; to: number }): NewBusEvent[] =>
  Array.from({ length: input.to - input.from }, (_, n) => n + input.from).flatMap((n) =>
    contacts.map((contact) => newEvent(contact, n)),
  );

/** The cases. Call it inside a `describe` of the transport. */
export function busContract(bus: Bus): void {
  test('every event arrives once, in order for its contact, with its attributes', async () => {
    const contacts = people(20);
    await bus.publish(...rounds(contacts, { from: 0, to: 3 }));
    const seen: BusEvent[] = [];
    const looker = recorder({ name: 'looker', handle: async (_tx, events) => void seen.push(...events) });
    const process = bus.open(recorder(), looker);
    await bus.settle(process);
    await bus.publish(...rounds(contacts, { from: 3, to: 5 }));
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 5 });
    expect(seen).toHaveLength(100);
    expect(seen[0]).toMatchObject({ workspaceId, type: 'happened', source: 'app', cause: null });
    expect(seen[0]?.time).toEqual(new Date('2026-11-24T08:00:00Z'));
    expect(seen[0]?.recordedAt).toBeInstanceOf(Date);
    expect(typeof seen[0]?.position).toBe('bigint');
  });

  test('an event of a rolled back transaction is never heard, and one of no contact is', async () => {
    const process = bus.open(recorder());
    await bus.settle(process);
    const publisher = createPublisher(bus);
    const failing = bus.db.transaction(async (tx) => {
      publisher.publish(tx, [newEvent(null, 1)]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await bus.publish(newEvent(null, 2));
    await bus.settle(process);
    expect(await bus.effects()).toEqual([{ contact: null, n: 2 }]);
  });

  test('a consumer of some types steps over the others and still meets later ones', async () => {
    const [contact = ''] = people(1);
    const other = { type: 'other' };
    const process = bus.open(recorder({ types: ['happened'], batchSizeMax: 2 }));
    await bus.publish(
      newEvent(contact, 9, other),
      newEvent(contact, 0),
      newEvent(contact, 9, other),
      newEvent(contact, 1),
    );
    await bus.settle(process);
    await bus.publish(newEvent(contact, 9, other), newEvent(contact, 9, other), newEvent(contact, 2));
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts: [contact], each: 3 });
  });

  test('a batch whose process died before its commit is handled again, and its effects are there once', async () => {
    const contacts = people(10);
    await bus.publish(...rounds(contacts, { from: 0, to: 3 }));
    const dying = bus.open(
      recorder({
        async handle(tx, events) {
          await record(tx, 'recorder', events);
          throw new CrashedError('died before the commit');
        },
      }),
    );
    for (let life = 0; life < 3; life++) await expect(bus.settle(dying)).rejects.toThrow('died');
    await bus.settle(bus.open(recorder()));
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 3 });
  });

  test('a process that starts anew goes on where the last one stood', async () => {
    const contacts = people(10);
    const first = bus.open(recorder({ batchSizeMax: 3 }));
    await bus.publish(...rounds(contacts, { from: 0, to: 4 }));
    for (let turn = 0; turn < 3; turn++) for (const worker of first.workers) await worker.runOnce();
    await first.close();
    expect((await bus.effects()).length).toBeLessThan(40);
    await bus.publish(...rounds(contacts, { from: 4, to: 6 }));
    await bus.settle(bus.open(recorder()));
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 6 });
  });

  test('a consumer that starts now hears nothing of before, and everything after', async () => {
    const contacts = people(10);
    await bus.publish(...contacts.map((contact) => newEvent(contact, 99)));
    const process = bus.open(recorder({ from: 'now' }));
    await bus.settle(process);
    await bus.publish(...rounds(contacts, { from: 0, to: 2 }));
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 2 });
  });

  poisonCases(bus);
  replayCases(bus);
  orderCases(bus);
}

function poisonCases(bus: Bus): void {
  test('one bad event becomes a dead letter with its reason; the rest is handled once, in order; it can be replayed', async () => {
    const contacts = people(8);
    let isMended = false;
    const consumer = recorder({
      async handle(tx, events) {
        await record(tx, 'recorder', events);
        if (!isMended && events.some((event) => event.data['n'] === 66)) throw new Error('cannot read this');
      },
    });
    const [first = ''] = contacts;
    await bus.publish(
      ...rounds(contacts, { from: 0, to: 2 }),
      newEvent(first, 66),
      ...rounds(contacts, { from: 2, to: 4 }),
    );
    await bus.settle(bus.open(consumer));
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 4 });
    const letters = await many<{ id: string; error: string; consumer: string }>(bus.db, {
      text: 'select id, error, consumer from bus_dead_letter',
    });
    expect(letters).toMatchObject([{ error: 'cannot read this', consumer: 'recorder' }]);
    isMended = true;
    const deadLetterId = letters[0]?.id ?? '';
    await replayDeadLetter({ ...bus, consumers: [consumer] }, { workspaceId, deadLetterId });
    expect((await bus.effects()).filter((effect) => effect.n === 66)).toEqual([{ contact: first, n: 66 }]);
    await expect(replayDeadLetter({ ...bus, consumers: [consumer] }, { workspaceId, deadLetterId })).rejects.toThrow(
      'replayed already',
    );
  });

  test('a failing batch waits before it is tried again, and holds up no other consumer', async () => {
    const contacts = people(3);
    let isDown = true;
    const failing = recorder({
      name: 'failing',
      async handle(tx, events) {
        if (isDown) throw new Error('not now');
        await record(tx, 'failing', events);
      },
    });
    const process = bus.open(failing, recorder());
    await bus.publish(...rounds(contacts, { from: 0, to: 2 }));
    for (let turn = 0; turn < 20; turn++) for (const worker of process.workers) await worker.runOnce();
    expect(await bus.effects('failing')).toEqual([]);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 2 });
    const dues = await Promise.all(process.workers.map(async (worker) => worker.nextDueAt?.()));
    expect(dues.filter((due) => due && due > bus.clock.now())).toHaveLength(1);
    isDown = false;
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects('failing'), { contacts, each: 2 });
  });
}

function replayCases(bus: Bus): void {
  test('set back to a point in time, a consumer hears everything recorded since then again, in order', async () => {
    const contacts = people(10);
    const process = bus.open(recorder({ batchSizeMax: 7 }), recorder({ name: 'other' }));
    await bus.publish(...rounds(contacts, { from: 0, to: 3 }));
    await bus.settle(process);
    bus.clock.advance({ minutes: 5 });
    const to = bus.clock.now();
    await bus.publish(...rounds(contacts, { from: 3, to: 6 }));
    await bus.settle(process);
    await bus.db.execute('truncate effect');
    await rewindConsumer(bus, { consumer: 'recorder', to });
    await bus.publish(...rounds(contacts, { from: 6, to: 7 }));
    await bus.settle(process);
    const again = (await bus.effects()).map((effect) => ({ ...effect, n: effect.n - 3 }));
    expectEachOnceInOrder(again, { contacts, each: 4 });
    expect(await bus.effects('other')).toHaveLength(10);
  });
}

function orderCases(bus: Bus): void {
  test('what happened to a person before a merge is heard before it, even while that part of the log is held up', async () => {
    for (const [from, into] of [people(2), people(2), people(2), people(2)]) {
      if (from === undefined || into === undefined) throw new Error('two people');
      await bus.publish(
        newEvent(from, 0),
        newEvent(into, 1, { type: 'contact_merged', data: { n: 1, from_contact_id: from, into_contact_id: into } }),
        newEvent(into, 2),
      );
      await bus.db.query({ text: 'update bus_event set contact_id = $2 where contact_id = $1', values: [from, into] });
    }
    const failures = new Map<string, number>();
    const process = bus.open(
      recorder({
        async handle(tx, events) {
          for (const event of events) {
            const failed = failures.get(event.id) ?? 0;
            failures.set(event.id, failed + 1);
            if (event.data['n'] === 0 && failed < 2) throw new Error('not yet');
          }
          await record(tx, 'recorder', events);
        },
      }),
    );
    await bus.settle(process);
    const effects = await bus.effects();
    expectEachOnceInOrder(effects, { contacts: [...new Set(effects.map((effect) => effect.contact ?? ''))], each: 3 });
    expect(effects).toHaveLength(12);
  });

  test('two processes share the work: each event once, in order for its contact', async () => {
    const contacts = people(30);
    const processes = [bus.open(recorder()), bus.open(recorder())];
    await bus.publish(...rounds(contacts, { from: 0, to: 4 }));
    await bus.settle(...processes);
    await bus.publish(...rounds(contacts, { from: 4, to: 6 }));
    await bus.settle(...processes);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 6 });
  });

  test('an event that commits late is not stepped over, and one that waits for it comes after it (needs DATABASE_URL)', async (context) => {
    context.skip(bus.db.kind === 'embedded', 'one session: nothing can commit late');
    const [contact = ''] = people(1);
    const process = bus.open(recorder());
    await bus.settle(process);
    const publisher = createPublisher(bus);
    const written = gate();
    const mayCommit = gate();
    const late = bus.db.transaction(async (tx) => {
      publisher.publish(tx, [newEvent(contact, 0)]);
      tx.beforeCommit('late', () => {
        written.open();
        return mayCommit.opened;
      });
    });
    await written.opened;
    const next = bus.publish(newEvent(contact, 1));
    await bus.settle(process);
    expect(await bus.effects()).toEqual([]);
    mayCommit.open();
    await Promise.all([late, next]);
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts: [contact], each: 2 });
  });
}

function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

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
