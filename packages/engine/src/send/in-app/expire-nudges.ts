/**
 * Nudges that are over without anybody's doing. Those on a page whose run has ended early stopped being true: they leave
 * the page. Those that nobody came to see in time are put away. Both are told as `message_seen` with the outcome
 * `expired`, once per message.
 */
import type { Clock } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import { MESSAGE_COLUMNS, type MessageRow } from '../message-row.ts';

interface Deps {
  readonly clock: Clock;
  readonly publisher: Publisher;
}

const BATCH_SIZE_MAX = 500;

/** A celebration stays: what it celebrates is not undone by the end of its run. */
export async function endShownNudges(deps: Deps, input: { tx: Tx; enrolmentIds: readonly string[] }): Promise<void> {
  const now = deps.clock.now();
  const rows = await many<MessageRow>(input.tx, {
    name: 'in_app_end_shown',
    text: `update message set expires_at = $2, ended_at = $2, reason = 'run_ended',
             reason_sentence = 'Taken off the page: it was no longer true.'
           where enrolment_id = any($1::uuid[]) and channel = 'in_app' and status = 'sent' and ended_at is null
             and payload ->> 'style' <> 'confetti' and (expires_at is null or expires_at > $2)
           returning ${MESSAGE_COLUMNS}`,
    values: [[...new Set(input.enrolmentIds)], now],
  });
  tell(deps, { tx: input.tx, rows, now });
}

export function nudgeExpiryWorker(deps: Deps & { readonly db: Db }): Worker {
  return {
    name: 'nudge-expiry',
    runOnce: () =>
      deps.db.transaction(async (tx) => {
        const now = deps.clock.now();
        const rows = await many<MessageRow>(tx, {
          name: 'in_app_expire',
          text: `update message set status = 'withdrawn', ended_at = $1, reason = 'expired',
                   reason_sentence = 'Nobody came to see it in time.'
                 where id in (select id from message where channel = 'in_app' and status = 'ready' and expires_at <= $1
                   order by expires_at limit ${BATCH_SIZE_MAX} for update skip locked)
                 returning ${MESSAGE_COLUMNS}`,
          values: [now],
        });
        tell(deps, { tx, rows, now });
        return rows.length;
      }),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, {
        text: `select min(expires_at) as at from message where channel = 'in_app' and status = 'ready'`,
      });
      return row?.at ?? null;
    },
  };
}

function tell(deps: Deps, input: { tx: Tx; rows: readonly MessageRow[]; now: Date }): void {
  deps.publisher.publish(
    input.tx,
    input.rows.map((row) =>
      messageEvent(row, {
        type: 'message_seen',
        time: input.now,
        title: row.subject,
        data: { outcome: 'expired' },
        once: 'expired',
      }),
    ),
  );
}
