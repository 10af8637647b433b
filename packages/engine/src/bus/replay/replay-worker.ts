/**
 * Works off replays, with either transport: it reads the log. In: open rows of `bus_replay`. Out: their events, handed to
 * their consumers in the order of the log, each batch in the transaction that moves the row, with the retries and the dead
 * letters of `work-off.ts`. Near the log's end it stops the consumer for one batch, comes to the very end, and hands back.
 */
import { addMs } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Tx } from '#db/db.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from '../bus-event.ts';
import type { Consumer } from '../consumer.ts';
import { wakeConsumers } from '../publish.ts';
import { type Batch, type BusDeps, type Place, type Standing, workOff } from '../work-off.ts';
import { STRETCH_COLUMNS, stopConsumer, type Stretch } from './replay-row.ts';

/** Positions looked through in one go for the events of one workspace: there is no index for that, and it need not be fast. */
const WINDOW = 10_000n;
/** Until the consumer has come up to where the replay hands back. */
const HANDING_BACK_MS = 50;

interface ReplayStanding extends Standing, Stretch {
  readonly heardAtMost: bigint;
}

export function replayWorker(deps: BusDeps, consumers: readonly Consumer[]): Worker {
  return {
    name: 'bus:replays',
    async runOnce() {
      const open = await many<{ id: string; consumer: string }>(deps.db, {
        name: 'bus_replays_to_do',
        text: 'select id, consumer from bus_replay where ended_at is null order by asked_at, id',
      });
      let handled = 0;
      for (const { id, consumer: name } of open) {
        const consumer = consumers.find((candidate) => candidate.name === name);
        if (!consumer) continue;
        handled += await workOff<ReplayStanding>(deps, {
          consumer,
          place: replayPlace(deps, id),
          reader: { read: (tx, input) => readReplay(deps, { tx, id, consumer, ...input }) },
        });
      }
      return handled;
    },
    async nextDueAt() {
      const row = await one<{ due: Date | null; handsBack: boolean | null }>(deps.db, {
        name: 'bus_replays_due',
        text: `select min(not_before) as due, bool_or(held_to is not null) as "handsBack"
               from bus_replay where ended_at is null`,
      });
      return row?.handsBack === true ? addMs(deps.clock.now(), HANDING_BACK_MS) : (row?.due ?? null);
    },
  };
}

function replayPlace(deps: BusDeps, id: string): Place<ReplayStanding> {
  return {
    lock: (tx) =>
      one<ReplayStanding>(tx, {
        name: 'bus_lock_replay',
        text: `select position, attempts, not_before as "notBefore", isolating_to as "isolatingTo",
                 heard_at_most as "heardAtMost", ${STRETCH_COLUMNS}
               from bus_replay where id = $1 and ended_at is null for update skip locked`,
        values: [id],
      }),
    async save(tx, { position, attempts, notBefore, isolatingTo }) {
      await tx.query({
        name: 'bus_save_replay',
        text: `update bus_replay set position = $2, attempts = $3, not_before = $4, isolating_to = $5, updated_at = $6
               where id = $1`,
        values: [id, position, attempts, notBefore, isolatingTo, deps.clock.now()],
      });
    },
  };
}

interface ReadInput {
  readonly tx: Tx;
  readonly id: string;
  readonly consumer: Consumer;
  readonly standing: ReplayStanding;
  readonly sizeMax: number;
}

async function readReplay(deps: BusDeps, input: ReadInput): Promise<Batch> {
  const { tx, id, consumer, standing, sizeMax } = input;
  if (standing.heldTo !== null) return handBack(deps, { tx, id, consumer: consumer.name });
  const isNear = (await logEnd(tx)) - standing.position <= WINDOW;
  // With the consumer stopped, nothing that it stepped over lies behind the end that is read next.
  if (isNear) await stopConsumer(tx, consumer.name);
  const to = isNear ? await logEnd(tx) : standing.position + WINDOW;
  const events = await readStretch(tx, { standing, types: consumer.types, to, sizeMax });
  const last = events.length === sizeMax ? events.at(-1) : undefined;
  const upTo = last?.position ?? (to > standing.position ? to : standing.position);
  await tx.query({
    name: 'bus_replay_count',
    text: 'update bus_replay set handled = handled + $2, held_to = $3 where id = $1',
    values: [id, events.length, isNear && !last ? upTo : null],
  });
  if (events.length > 0) {
    await tx.query({
      name: 'bus_replay_settles',
      text: `update bus_dead_letter set replayed_at = $3
             where consumer = $1 and event_id = any($2::uuid[]) and replayed_at is null`,
      values: [consumer.name, events.map((event) => event.id), deps.clock.now()],
    });
  }
  if (isNear) await wakeConsumers(tx);
  return { events, upTo };
}

async function logEnd(tx: Tx): Promise<bigint> {
  const end = await one<{ position: bigint | null }>(tx, {
    name: 'bus_end',
    text: 'select max(position) as position from bus_event',
  });
  return end?.position ?? 0n;
}

async function readStretch(
  tx: Tx,
  input: { standing: ReplayStanding; types: Consumer['types']; to: bigint; sizeMax: number },
): Promise<BusEvent[]> {
  const { standing, types, to, sizeMax } = input;
  return many<BusEvent>(tx, {
    name: 'bus_read_replay',
    text: `select ${BUS_EVENT_COLUMNS}, position <= $8::bigint as "isReplay" from bus_event
           where position > $1 and position <= $2 and ($3::uuid is null or workspace_id = $3)
             and (recorded_at >= $4 or position > $5) and ($6::text[] is null or type = any($6::text[]))
           order by position limit $7`,
    values: [
      standing.position,
      to,
      standing.workspaceId,
      standing.since,
      standing.heardAll,
      types === null ? null : [...types],
      sizeMax,
      standing.heardAtMost,
    ],
  });
}

/** Ends the replay once its consumer has stepped over everything that the replay took over. */
async function handBack(deps: BusDeps, input: { tx: Tx; id: string; consumer: string }): Promise<Batch> {
  const { tx, id, consumer } = input;
  await stopConsumer(tx, consumer);
  const ended = await one(tx, {
    name: 'bus_replay_end',
    text: `update bus_replay r set ended_at = $3 from bus_consumer k
           where r.id = $1 and k.name = $2 and k.position >= r.held_to returning 1`,
    values: [id, consumer, deps.clock.now()],
  });
  if (!ended) return { events: [], upTo: null };
  for (const [table, column] of [
    ['bus_consumer', 'name'],
    ['bus_partition', 'consumer'],
  ]) {
    await tx.query({
      text: `update ${table} set has_replay = false where ${column} = $1
               and not exists (select 1 from bus_replay r where r.consumer = $1 and r.ended_at is null)`,
      values: [consumer],
    });
  }
  return { events: [], upTo: null, lookAgain: true };
}
