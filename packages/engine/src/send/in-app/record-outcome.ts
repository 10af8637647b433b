import { InAppPayload } from '@growthos/contracts/sequence/content.ts';
import type { EngineEventData } from '@growthos/contracts/events/engine.ts';
import type { InAppOutcome } from '@growthos/contracts/http/in-app.ts';
import { addMs, durationMs, type Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import type { Publisher } from '#bus/index.ts';
import { one, type Db, type Tx } from '#db/db.ts';

/** How long "remind me later" is. */
const SNOOZE = durationMs({ hours: 24 });

interface OutcomeInput {
  readonly workspaceId: string;
  readonly userId: string;
  readonly messageId: string;
  readonly outcome: InAppOutcome;
}

interface MessageRow {
  id: string;
  contact_id: string;
  enrolment_id: string | null;
  sequence_id: string | null;
  step_id: string | null;
  status: string;
  payload: unknown;
  expires_at: Date | null;
  shown_at: Date | null;
  clicked_at: Date | null;
  dismissed_at: Date | null;
  snoozed_until: Date | null;
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
    const title = InAppPayload.safeParse(row.payload).data?.title ?? null;
    const data: EngineEventData<'message_seen'> = {
      message_id: row.id,
      channel: 'in_app',
      enrolment_id: row.enrolment_id,
      sequence_id: row.sequence_id,
      step_id: row.step_id,
      title,
      outcome: input.outcome,
    };
    deps.publisher.publish(tx, [
      {
        workspaceId: input.workspaceId,
        contactId: row.contact_id,
        type: 'message_seen',
        source: 'growthos',
        time: now,
        data,
        cause: null,
        dedupeKey: `message_seen:${row.id}:${input.outcome}`,
      },
    ]);
    return true;
  });
}

function lockMessage(tx: Tx, input: OutcomeInput): Promise<MessageRow | undefined> {
  return one<MessageRow>(tx, {
    name: 'in_app_lock',
    text: `select m.id, m.contact_id, m.enrolment_id, m.sequence_id, m.step_id, m.status, m.payload, m.expires_at, m.shown_at,
             m.clicked_at, m.dismissed_at, m.snoozed_until
           from message m join contact_identity i on i.contact_id = m.contact_id and i.workspace_id = m.workspace_id
           where m.id = $1 and m.workspace_id = $2 and m.channel = 'in_app' and i.kind = 'user_id' and i.value = $3
           for update of m`,
    values: [input.messageId, input.workspaceId, input.userId],
  });
}

/** A message that was withdrawn, skipped or dealt with takes nothing more; one that expired is not shown anew. */
function isNews(row: MessageRow, input: { outcome: InAppOutcome; now: Date }): boolean {
  if (row.status !== 'ready' && row.status !== 'sent') return false;
  if (row.clicked_at !== null || row.dismissed_at !== null) return false;
  if (input.outcome !== 'shown') return true;
  const isExpired = row.expires_at !== null && row.expires_at <= input.now;
  return row.shown_at === null && !isExpired;
}

/** A second snooze moves the time once more, but is no second event. */
function wasToldBefore(row: MessageRow, outcome: InAppOutcome): boolean {
  return outcome === 'snoozed' && row.snoozed_until !== null;
}

async function write(tx: Tx, input: { row: MessageRow; outcome: InAppOutcome; now: Date }): Promise<void> {
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
