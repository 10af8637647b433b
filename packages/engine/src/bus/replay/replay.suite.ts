/** What a replay promises, whichever transport runs: a part of the contract. */
import { expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
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
} from '../harness.suite.ts';
import { askReplay, type Consumer, replayEvents } from '../index.ts';

export function replayCases(bus: Bus): void {
  sinceCases(bus);
  manyWorkspacesAndRefusals(bus);
  trafficCases(bus);
  eventCases(bus);
}

const ask = (bus: Bus, input: { consumer: Consumer; since: Date; workspaceId?: string | null }): Promise<string> =>
  askReplay(
    { ...bus, db: bus.db, consumers: [input.consumer] },
    { workspaceId, ...input, consumer: input.consumer.name },
  );

const ended = (bus: Bus): Promise<unknown[]> =>
  many(bus.db, { text: `select handled::int, ended_at is not null as "isOver" from bus_replay order by asked_at, id` });

/** A recorder that also keeps what it was told of each event. */
function marking(seen: Map<number, boolean[]>, over: Partial<Consumer> = {}): Consumer {
  return recorder({
    async handle(tx, events) {
      for (const event of events) {
        const n = Number(event.data['n']);
        seen.set(n, [...(seen.get(n) ?? []), event.isReplay === true]);
      }
      await record(tx, 'recorder', events);
    },
    ...over,
  });
}

function sinceCases(bus: Bus): void {
  test('since a point in time, a consumer that lost its effects hears all of its workspace again, in order; nobody else does', async () => {
    const contacts = people(10);
    const strangers = people(3);
    const foreign = { workspaceId: newId() };
    const seen = new Map<number, boolean[]>();
    const consumer = marking(seen, { batchSizeMax: 7 });
    const process = bus.open(consumer, recorder({ name: 'other' }));
    await bus.publish(...rounds(contacts, { from: 0, to: 3 }));
    await bus.settle(process);
    bus.clock.advance({ minutes: 30 });
    const since = bus.clock.now();
    await bus.publish(...rounds(contacts, { from: 3, to: 6 }));
    await bus.publish(...strangers.map((contact) => newEvent(contact, 3, foreign)));
    await bus.settle(process);
    await bus.db.execute('truncate effect');
    await ask(bus, { consumer, since });
    await bus.publish(...rounds(contacts, { from: 6, to: 7 }));
    await bus.publish(...strangers.map((contact) => newEvent(contact, 4, foreign)));
    await bus.settle(process);
    const effects = await bus.effects();
    const again = effects.filter(({ contact }) => contacts.includes(contact ?? ''));
    const lower = again.map((effect) => ({ ...effect, n: effect.n - 3 }));
    expectEachOnceInOrder(lower, { contacts, each: 4 });
    expect(effects.filter(({ contact }) => strangers.includes(contact ?? '')).map(({ n }) => n)).toEqual([4, 4, 4]);
    expect(await bus.effects('other')).toHaveLength(13);
    expect(seen.get(5)?.slice(10)).toEqual(Array.from({ length: 10 }, () => true));
    expect(seen.get(6)).toEqual(Array.from({ length: 10 }, () => false));
    expect(await ended(bus)).toEqual([{ handled: 40, isOver: true }]);
    await bus.publish(...rounds(contacts, { from: 7, to: 8 }));
    await bus.settle(process);
    expect((await bus.effects()).filter(({ n }) => n === 7)).toHaveLength(10);
  });
}

function manyWorkspacesAndRefusals(bus: Bus): void {
  test('a replay of every workspace, of some types, leaves nothing of them out', async () => {
    const contacts = people(4);
    const consumer = recorder({ types: ['happened'], batchSizeMax: 3 });
    const process = bus.open(consumer);
    const since = bus.clock.now();
    for (const contact of contacts) {
      const over = { workspaceId: newId() };
      await bus.publish(newEvent(contact, 0, over), newEvent(contact, 9, { ...over, type: 'other' }));
      await bus.publish(newEvent(contact, 1, over));
    }
    await bus.settle(process);
    await bus.db.execute('truncate effect');
    await ask(bus, { consumer, since, workspaceId: null });
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 2 });
    expect(await ended(bus)).toEqual([{ handled: 8, isOver: true }]);
  });

  test('a replay is refused for a consumer that is not there, for a time to come, and while one runs', async () => {
    const consumer = recorder();
    await bus.publish(newEvent(null, 0));
    await bus.settle(bus.open(consumer));
    const since = bus.clock.now();
    await ask(bus, { consumer, since });
    await expect(ask(bus, { consumer, since })).rejects.toThrow('running already');
    await expect(ask(bus, { consumer, since, workspaceId: null })).rejects.toThrow('running already');
    await expect(ask(bus, { consumer, since: new Date(since.getTime() + 1) })).rejects.toThrow('lies ahead');
    const deps = { ...bus, db: bus.db, consumers: [consumer] };
    await expect(askReplay(deps, { consumer: 'nobody', workspaceId, since })).rejects.toThrow('There are: recorder.');
    await expect(replayEvents(deps, { consumer: 'recorder', workspaceId, eventIds: [newId()] })).rejects.toThrow(
      'running already',
    );
  });
}

function trafficCases(bus: Bus): void {
  test('under traffic, with two processes, what is new comes after what is replayed, once', async () => {
    const contacts = people(12);
    const consumer = recorder({ batchSizeMax: 5 });
    const processes = [bus.open(consumer), bus.open(consumer)];
    const since = bus.clock.now();
    await bus.publish(...rounds(contacts, { from: 0, to: 4 }));
    await bus.settle(...processes);
    // Some is not heard yet when the replay is asked for, some comes while it runs.
    await bus.publish(...rounds(contacts, { from: 4, to: 5 }));
    await bus.db.execute('truncate effect');
    await ask(bus, { consumer, since });
    for (let n = 5; n < 15; n++) {
      await bus.publish(...rounds(contacts, { from: n, to: n + 1 }));
      for (const { workers } of processes) for (const worker of workers) await worker.runOnce();
    }
    await bus.settle(...processes);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 15 });
    expect((await ended(bus))[0]).toMatchObject({ isOver: true });
    expect(await many(bus.db, { text: 'select 1 from bus_consumer where has_replay' })).toEqual([]);
    expect(await many(bus.db, { text: 'select 1 from bus_partition where has_replay' })).toEqual([]);
  });

  test('a bad event of a replay becomes a dead letter, and the rest is handed over', async () => {
    const contacts = people(3);
    let isBroken = false;
    const consumer = recorder({
      async handle(tx, events) {
        if (isBroken && events.some((event) => event.data['n'] === 1 && event.contactId === contacts[0])) {
          throw new Error('broken since');
        }
        await record(tx, 'recorder', events);
      },
    });
    const process = bus.open(consumer);
    const since = bus.clock.now();
    await bus.publish(...rounds(contacts, { from: 0, to: 3 }));
    await bus.settle(process);
    await bus.db.execute('truncate effect');
    isBroken = true;
    await ask(bus, { consumer, since });
    await bus.settle(process);
    expect(await bus.effects()).toHaveLength(8);
    const letters = { text: 'select error from bus_dead_letter where replayed_at is null' };
    expect(await many(bus.db, letters)).toEqual([{ error: 'broken since' }]);
    isBroken = false;
    await bus.db.execute('truncate effect');
    await ask(bus, { consumer, since });
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 3 });
    expect(await many(bus.db, letters)).toEqual([]);
  });
}

function eventCases(bus: Bus): void {
  test('one event, and many, are handed over again at once, in order; what was not heard yet waits for its turn', async () => {
    const contacts = people(4);
    const seen = new Map<number, boolean[]>();
    const consumer = marking(seen);
    const process = bus.open(consumer);
    await bus.publish(...rounds(contacts, { from: 0, to: 3 }));
    await bus.settle(process);
    await bus.publish(...rounds(contacts, { from: 3, to: 4 }));
    await bus.db.execute('truncate effect');
    const rows = await many<{ id: string; n: number }>(bus.db, {
      text: `select id, (data->>'n')::int as n from bus_event order by position desc`,
    });
    const deps = { ...bus, db: bus.db, consumers: [consumer] };
    const replay = (eventIds: string[], over: { workspaceId?: string } = {}): Promise<number> =>
      replayEvents(deps, { consumer: 'recorder', workspaceId, eventIds, ...over });
    const [newest = '', ...rest] = rows.map((row) => row.id);
    const oldest = rest.at(-1) ?? '';
    expect(await replay([oldest])).toBe(1);
    expect(await bus.effects()).toMatchObject([{ n: 0 }]);
    expect(seen.get(0)?.at(-1)).toBe(true);
    await bus.db.execute('truncate effect');
    expect(await replay(rows.map((row) => row.id))).toBe(12);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 3 });
    expect(await replay([newest])).toBe(0);
    await expect(replay([newId()])).rejects.toThrow('no such event');
    await expect(replay([oldest], { workspaceId: newId() })).rejects.toThrow('no such event');
    await bus.settle(process);
    expectEachOnceInOrder(await bus.effects(), { contacts, each: 4 });
    expect(seen.get(3)).toEqual([false, false, false, false]);
  });
}
