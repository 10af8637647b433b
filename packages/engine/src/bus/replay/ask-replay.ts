/**
 * Asking for a replay from a point in time. In: a consumer's name, since when, and whose events. Out: a row that the replay
 * worker of any process works off; from its commit on the consumer steps over these events. What a replay repeats and what
 * it doesn't is each consumer's own business: it is told by `isReplay` on the event.
 */
import type { Clock } from '#base/clock.ts';
import { addMs } from '#base/clock.ts';
import { ConflictError, InvalidInputError, must, NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { one, type Db, type Tx } from '#db/db.ts';
import { wakeConsumers } from '../publish.ts';
import type { Consumer } from '../consumer.ts';
import { startConsumer } from '../partitions.ts';
import { isReplaying, stopConsumer } from './replay-row.ts';

/** Clocks of two machines may differ by so much: the beginning is looked for a little earlier, and each event's own time decides. */
const SKEW_MS = 300_000;

export interface ReplayDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly consumers: readonly Consumer[];
}

/**
 * Everything recorded since `since` is handed to the consumer once more, in the order of the log; returns the replay's id.
 * `workspaceId` null: of every workspace, for who runs the installation. `alsoThen` runs in the same transaction.
 * @throws NotFoundError for a consumer that is not there, InvalidInputError for a time to come, ConflictError while one runs.
 */
export async function askReplay(
  deps: ReplayDeps,
  input: {
    consumer: string;
    workspaceId: string | null;
    since: Date;
    alsoThen?: (tx: Tx) => Promise<void>;
  },
): Promise<string> {
  const consumer = findConsumer(deps, input.consumer);
  const now = deps.clock.now();
  if (input.since > now)
    throw new InvalidInputError('The time lies ahead. Choose one that is past.', { field: 'since' });
  return deps.db.transaction(async (tx) => {
    await startConsumer(tx, { consumer, now });
    const heard = must(await stopConsumer(tx, consumer.name), 'the place of a consumer');
    if (await isReplaying(tx, { consumer: consumer.name, workspaceId: input.workspaceId })) {
      throw new ConflictError('Such a replay is running already. Wait for its end.');
    }
    const before = await positionBefore(tx, addMs(input.since, -SKEW_MS));
    const id = newId();
    await tx.query({
      text: `insert into bus_replay (id, consumer, workspace_id, since, begins_after, position, heard_all, heard_at_most,
               asked_at, updated_at) values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $8)`,
      values: [
        id,
        consumer.name,
        input.workspaceId,
        input.since,
        before < heard.all ? before : heard.all,
        heard.all,
        heard.most,
        now,
      ],
    });
    await tx.query({ text: 'update bus_consumer set has_replay = true where name = $1', values: [consumer.name] });
    await tx.query({ text: 'update bus_partition set has_replay = true where consumer = $1', values: [consumer.name] });
    await input.alsoThen?.(tx);
    await wakeConsumers(tx);
    return id;
  });
}

export function findConsumer(deps: Pick<ReplayDeps, 'consumers'>, name: string): Consumer {
  const consumer = deps.consumers.find((candidate) => candidate.name === name);
  if (consumer) return consumer;
  const names = deps.consumers.map((candidate) => candidate.name).join(', ');
  throw new NotFoundError(`Nobody of the name ${name} listens. There are: ${names}.`);
}

/**
 * The last position recorded before an instant, by halving: positions rise with time, and there is no index on time, which
 * every event would have to pay for.
 */
async function positionBefore(tx: Tx, at: Date): Promise<bigint> {
  const ends = await one<{ first: bigint | null; last: bigint | null }>(tx, {
    text: 'select min(position) as first, max(position) as last from bus_event',
  });
  let low = (ends?.first ?? 1n) - 1n;
  let high = ends?.last ?? 0n;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    // Positions have holes: the next event from the middle on speaks for it.
    const next = await one<{ recordedAt: Date }>(tx, {
      text: `select recorded_at as "recordedAt" from bus_event where position >= $1 order by position limit 1`,
      values: [middle],
    });
    if (next && next.recordedAt < at) low = middle;
    else high = middle - 1n;
  }
  return low;
}
