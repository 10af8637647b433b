import { noCrashes } from '#base/crash-points.ts';
import type { Worker } from '#base/worker.ts';
import { many, one } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import { MESSAGE_COLUMNS, type MessageRow } from '../message-row.ts';
import type { SendDeps } from '../send-deps.ts';
import { deliver, UNCERTAIN } from './deliver.ts';
import { prepareBatch } from './prepare.ts';
import type { Prepared } from './prepared.ts';

/** Mails handed over side by side by one worker. */
const CONCURRENCY = 5;

/** Sends what is due: takes back the leases of dead workers, prepares a batch, hands it over. */
export function outboxWorker(deps: SendDeps): Worker {
  return {
    name: 'send-outbox',
    async runOnce() {
      const recovered = await recoverLeases(deps);
      const { taken, leased } = await deps.db.transaction((tx) => prepareBatch(deps, tx));
      (deps.crashes ?? noCrashes).reach('send.deliver.before-all');
      await deliverAll(deps, leased);
      return recovered + taken;
    },
    async nextDueAt() {
      const row = await one<{ due_at: Date | null }>(deps.db, {
        name: 'send_next',
        text: `select least((select min(not_before) from message where status = 'requested'),
                 (select min(lease_until) from message where status = 'sending')) as due_at`,
      });
      return row?.due_at ?? null;
    },
  };
}

async function deliverAll(deps: SendDeps, leased: readonly Prepared[]): Promise<void> {
  const queue = [...leased];
  let isMailDown = false;
  const runner = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      ({ isMailDown } = await deliver(deps, { prepared: next, isMailDown }));
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, leased.length) }, runner));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/**
 * What a dead worker left. Not handed over: nothing has happened, so it goes again. Handed over: mail may have arrived, so
 * it is `uncertain` and waits for a person. Webhooks carry their id and go again; a Slack post has none, but is not mail
 * to a customer either.
 */
async function recoverLeases(deps: SendDeps): Promise<number> {
  const now = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const rows = await many<MessageRow>(tx, {
      name: 'send_recover',
      text: `update message set lease_until = null, not_before = $1,
               status = case when handed_over_at is null then 'requested' else 'uncertain' end,
               ended_at = case when handed_over_at is null then null else $1 end,
               reason = case when handed_over_at is null then reason else 'outcome_unknown' end,
               reason_sentence = case when handed_over_at is null then reason_sentence else $2 end
             where id in (select id from message where status = 'sending' and lease_until < $1 for update skip locked)
             returning ${MESSAGE_COLUMNS}`,
      values: [now, UNCERTAIN],
    });
    deps.publisher.publish(
      tx,
      rows
        .filter((row) => row.status === 'uncertain' && !row.is_test)
        .map((row) =>
          messageEvent(row, {
            type: 'message_failed',
            time: now,
            title: row.subject,
            data: { reason: 'outcome_unknown', will_retry: false },
            once: null,
          }),
        ),
    );
    return rows.length;
  });
}
