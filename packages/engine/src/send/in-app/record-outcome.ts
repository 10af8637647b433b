import type { InAppOutcome } from '@growthos/contracts/http/in-app.ts';
import { addMs, durationMs, type Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import type { Publisher } from '#bus/index.ts';
import { one, type Db, type Tx } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import { MESSAGE_COLUMNS, type MessageRow } from '../message-row.ts';

/** How long "remind me later" is. */
const SNOOZE = durationMs({ hours: 24 });

interface OutcomeInput {
  readonly workspaceId: string;
  readonly userId: string;
  readonly messageId: string;
  readonly outcome: InAppOutcome;
}

interface NudgeRow extends MessageRow {
  readonly expires_at: Date | null;
  readonly shown_at: Date | null;
  readonly clicked_at: Date | null;
  readonly dismissed_at: Date | null;
  readonly snoozed_until: Date | null;
}

/**
 * What a person did with a nudge, and the event about it, in one transaction; each outcome of a message is told once,
 * whoever reports it how often. `false`: it was known already, or the message may no longer be shown.
 * @throws NotFoundError for a message that is not this user's.
 */
export async function recordOutcome(
  deps: { db: Db; clock: Clock; publisher: Publisher },
  input: OutcomeInput,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const now = deps.clock.now();
    const row = await lockMessage(tx, input);
    if (!row) throw new NotFoundError('There is no such message for this user.');
    if (!isNews(row, { outcome: input.outcome, now })) return false;
    await write(tx, { row, outcome: input.outcome, now });
    if (wasToldBefore(row, input.outcome)) return false;
    const { outcome } = input;
    deps.publisher.publish(tx, [
      messageEvent(row, { type: 'message_seen', time: now, title: titleOf(row), data: { outcome }, once: outcome }),
    ]);
    return true;
  });
}

/** The title as it was shown; a nudge that was put there by hand may have no subject. */
function titleOf(row: NudgeRow): string | null {
  const title = row.payload?.['title'];
  return typeof title === 'string' ? title : row.subject;
}

const COLUMNS = MESSAGE_COLUMNS.split(',')
  .map((column) => `m.${column.trim()}`)
  .join(', ');

function lockMessage(tx: Tx, input: OutcomeInput): Promise<NudgeRow | undefined> {
  return one<NudgeRow>(tx, {
    name: 'in_app_lock',
    text: `select ${COLUMNS}, m.expires_at, m.shown_at, m.clicked_at, m.dismissed_at, m.snoozed_until
           from message m join contact_identity i on i.contact_id = m.contact_id and i.workspace_id = m.workspace_id
           where m.id = $1 and m.workspace_id = $2 and m.channel = 'in_app' and i.kind = 'user_id' and i.value = $3
           for update of m`,
    values: [input.messageId, input.workspaceId, input.userId],
  });
}

/** A message that was withdrawn, skipped or dealt with takes nothing more; one that expired is not shown anew. */
function isNews(row: NudgeRow, input: { outcome: InAppOutcome; now: Date }): boolean {
  if (row.status !== 'ready' && row.status !== 'sent') return false;
  if (row.clicked_at !== null || row.dismissed_at !== null) return false;
  if (input.outcome !== 'shown') return true;
  const isExpired = row.expires_at !== null && row.expires_at <= input.now;
  return row.shown_at === null && !isExpired;
}

/** A second snooze moves the time once more, but is no second event. */
function wasToldBefore(row: NudgeRow, outcome: InAppOutcome): boolean {
  return outcome === 'snoozed' && row.snoozed_until !== null;
}

async function write(tx: Tx, input: { row: NudgeRow; outcome: InAppOutcome; now: Date }): Promise<void> {
  const { row, outcome, now } = input;
  await tx.query({
    name: 'in_app_outcome',
    text: `update message set status = 'sent', sent_at = coalesce(sent_at, $2), shown_at = coalesce(shown_at, $2),
             clicked_at = case when $3 = 'clicked' then $2 else clicked_at end,
             dismissed_at = case when $3 = 'dismissed' then $2 else dismissed_at end,
             snoozed_until = case when $3 = 'snoozed' then $4::timestamptz else snoozed_until end,
             ended_at = case when $3 in ('clicked', 'dismissed') then coalesce(ended_at, $2) else ended_at end
           where id = $1`,
    values: [row.id, now, outcome, addMs(now, SNOOZE)],
  });
}
