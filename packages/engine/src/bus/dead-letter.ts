import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { many, one, type Db } from '#db/db.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from './bus-event.ts';
import type { Consumer } from './consumer.ts';

/**
 * Gives a dead letter to its consumer once more, in one transaction with the mark that it was replayed. A handler's own
 * keys keep effects single, so replaying never repeats an e-mail. Throws what the handler throws; then nothing changed.
 */
export async function replayDeadLetter(
  deps: { db: Db; clock: Clock; consumers: readonly Consumer[] },
  input: { workspaceId: string; deadLetterId: string },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const letter = await one<{ consumer: string; position: bigint }>(tx, {
      text: `select consumer, position from bus_dead_letter
             where id = $1 and workspace_id = $2 and replayed_at is null for update`,
      values: [input.deadLetterId, input.workspaceId],
    });
    const consumer = deps.consumers.find((candidate) => candidate.name === letter?.consumer);
    if (!letter || !consumer) throw new NotFoundError('There is no such dead letter, or it was replayed already.');
    const events = await many<BusEvent>(tx, {
      text: `select ${BUS_EVENT_COLUMNS}, true as "isReplay" from bus_event where position = $1`,
      values: [letter.position],
    });
    await consumer.handle(tx, events);
    await tx.query({
      text: 'update bus_dead_letter set replayed_at = $2 where id = $1',
      values: [input.deadLetterId, deps.clock.now()],
    });
  });
}
