import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import type { MessageRow } from '../message-row.ts';

export interface SuppressionView {
  readonly address: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly at: string;
}

export async function listSuppressions(db: Db, input: { workspaceId: string }): Promise<SuppressionView[]> {
  const rows = await many<{ address: string; reason: string; detail: string | null; at: Date }>(db, {
    text: `select address, reason, detail, suppressed_at as at from suppression where workspace_id = $1
           order by suppressed_at desc, address limit 500`,
    values: [input.workspaceId],
  });
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

export async function liftSuppression(db: Db, input: { workspaceId: string; address: string }): Promise<void> {
  const rows = await many(db, {
    text: 'delete from suppression where workspace_id = $1 and address = lower($2) returning 1',
    values: [input.workspaceId, input.address],
  });
  if (rows.length === 0) throw new NotFoundError('That address is not blocked.');
}

/**
 * What a provider says of a message after it took it: a bounce for good, or a complaint. The address is blocked for every
 * message; a complaint also opts the contact out of what they may opt out of. Telling it twice changes nothing more.
 */
export async function recordBounce(
  deps: { db: Db; clock: Clock; publisher: Publisher },
  input: { workspaceId: string; messageId: string; kind: 'hard_bounce' | 'complaint'; detail: string | null },
): Promise<'recorded' | 'known' | 'unknown_message'> {
  return deps.db.transaction(async (tx) => {
    const now = deps.clock.now();
    const message = await one<MessageRow & { to_address: string | null; told: Date | null }>(tx, {
      text: `select id, workspace_id, contact_id, channel, enrolment_id, sequence_id, step_id, subject, to_address,
               case when $3 = 'complaint' then complained_at else bounced_at end as told
             from message where id = $1 and workspace_id = $2 for update`,
      values: [input.messageId, input.workspaceId, input.kind],
    });
    if (!message || message.to_address === null) return 'unknown_message';
    if (message.told !== null) return 'known';
    const isComplaint = input.kind === 'complaint';
    await tx.query({
      text: `update message set bounced_at = case when $2 then bounced_at else $3 end,
               complained_at = case when $2 then $3 else complained_at end where id = $1`,
      values: [message.id, isComplaint, now],
    });
    await tx.query({
      text: `insert into suppression (workspace_id, address, reason, detail, message_id, suppressed_at)
             values ($1, lower($2), $3, $4, $5, $6) on conflict do nothing`,
      values: [input.workspaceId, message.to_address, input.kind, input.detail, message.id, now],
    });
    if (isComplaint && message.contact_id !== null) {
      await tx.query({
        text: `insert into consent (workspace_id, contact_id, category, is_opted_out, source, changed_at)
               select $1, $2, category, true, 'complaint', $3 from unnest(array['product', 'marketing']) as u (category)
               on conflict (workspace_id, contact_id, category) do update set is_opted_out = true, source = 'complaint', changed_at = $3`,
        values: [input.workspaceId, message.contact_id, now],
      });
    }
    const outcome = isComplaint ? 'complained' : 'bounced';
    deps.publisher.publish(tx, [
      messageEvent(message, {
        type: 'message_seen',
        time: now,
        title: message.subject,
        data: { outcome },
        once: outcome,
      }),
    ]);
    return 'recorded';
  });
}
