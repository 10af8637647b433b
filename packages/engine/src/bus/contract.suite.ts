/** What a consumer may rely on, whichever transport runs: one list of cases, called by each transport's test. */
import { expect, test } from 'vitest';
import { CrashedError } from '#base/errors.ts';
import { many } from '#db/db.ts';
import {
  type Bus,
  expectEachOnceInOrder,
  newEvent,
  people,
  record,
  recorder,
  rounds,
  workspaceId,
} from './harness.suite.ts';
import { type BusEvent, createPublisher, replayDeadLetter } from './index.ts';
import { replayCases } from './replay/replay.suite.ts';

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
