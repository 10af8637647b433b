/**
 * Stores what was told of a message after its server took it: on the message, on its contact's timeline and, for what will
 * not get better, as a suppression that keeps every later mail from the address. Telling it twice changes nothing more,
 * and a suppression that somebody lifted does not come back by a repeat.
 */
import type { Clock } from '#base/clock.ts';
import type { Publisher } from '#bus/index.ts';
import { one, type Db, type Tx } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import type { MessageRow } from '../message-row.ts';
import type { MailReport, ReportKind } from './report.ts';

/** `noted`: a soft bounce, which blocks nothing. `known`: told before. */
export type Recorded = 'recorded' | 'noted' | 'known' | 'unknown_message';

const OUTCOMES = { hard_bounce: 'bounced', soft_bounce: 'soft_bounced', complaint: 'complained' } as const;

interface Told extends MessageRow {
  readonly to_address: string | null;
  readonly bounced_at: Date | null;
  readonly soft_bounced_at: Date | null;
  readonly complained_at: Date | null;
}

/** `workspaceId`: the one whose secret address was called. Its twin's messages count too: both send by one mail server. */
export async function recordReport(
  deps: { db: Db; clock: Clock; publisher: Publisher },
  input: { workspaceId: string; report: MailReport },
): Promise<Recorded> {
  const { report } = input;
  if (report.messageId === null) return 'unknown_message';
  return deps.db.transaction(async (tx) => {
    const message = await one<Told>(tx, {
      text: `select id, workspace_id, contact_id, channel, enrolment_id, sequence_id, step_id, subject, to_address, is_test,
               bounced_at, soft_bounced_at, complained_at
             from message where id = $1 and workspace_id in (select id from workspace where id = $2 or twin_id = $2)
             for update`,
      values: [report.messageId, input.workspaceId],
    });
    if (!message || message.to_address === null) return 'unknown_message';
    if (isKnown(message, report.kind)) return 'known';
    const now = deps.clock.now();
    await markMessage(tx, { message, report, now });
    if (report.kind !== 'soft_bounce') await suppress(tx, { message, report, now });
    // A note to the team and a test are read by colleagues: their complaint is not the contact's.
    const isToContact = message.channel === 'email' && !message.is_test;
    if (report.kind === 'complaint' && isToContact) await optOut(tx, { message, now });
    if (!message.is_test) {
      const outcome = OUTCOMES[report.kind];
      const data = { outcome, detail: report.detail };
      deps.publisher.publish(tx, [
        messageEvent(message, { type: 'message_seen', time: now, title: message.subject, data, once: outcome }),
      ]);
    }
    return report.kind === 'soft_bounce' ? 'noted' : 'recorded';
  });
}

function isKnown(message: Told, kind: ReportKind): boolean {
  switch (kind) {
    case 'hard_bounce':
      return message.bounced_at !== null;
    case 'soft_bounce':
      // What came back for good has come back.
      return message.soft_bounced_at !== null || message.bounced_at !== null;
    case 'complaint':
      return message.complained_at !== null;
  }
}

/** A report also proves that the mail server had taken a mail about which nobody knew. */
async function markMessage(tx: Tx, input: { message: Told; report: MailReport; now: Date }): Promise<void> {
  await tx.query({
    text: `update message set
             bounced_at = case when $2 = 'hard_bounce' then $3 else bounced_at end,
             soft_bounced_at = case when $2 = 'soft_bounce' then $3 else soft_bounced_at end,
             complained_at = case when $2 = 'complaint' then $3 else complained_at end,
             report_detail = coalesce($4, report_detail),
             status = case when status = 'uncertain' then 'sent' else status end,
             sent_at = case when status = 'uncertain' then coalesce(handed_over_at, $3) else sent_at end,
             reason = case when status = 'uncertain' then null else reason end,
             reason_sentence = case when status = 'uncertain' then null else reason_sentence end
           where id = $1`,
    values: [input.message.id, input.report.kind, input.now, input.report.detail],
  });
}

async function suppress(tx: Tx, input: { message: Told; report: MailReport; now: Date }): Promise<void> {
  const { message, report } = input;
  await tx.query({
    text: `insert into suppression (workspace_id, address, reason, detail, message_id, suppressed_at)
           values ($1, lower($2), $3, $4, $5, $6) on conflict do nothing`,
    values: [message.workspace_id, message.to_address, report.kind, report.detail, message.id, input.now],
  });
}

/** Out of everything that one may opt out of; a contact that was merged answers as the one that stayed. */
async function optOut(tx: Tx, input: { message: Told; now: Date }): Promise<void> {
  await tx.query({
    text: `insert into consent (workspace_id, contact_id, category, is_opted_out, source, changed_at)
           select c.workspace_id, coalesce(c.merged_into, c.id), category, true, 'complaint', $3
           from contact c, unnest(array['product', 'marketing']) as u (category)
           where c.id = $2 and c.workspace_id = $1 and c.erased_at is null
           on conflict (workspace_id, contact_id, category)
             do update set is_opted_out = true, source = 'complaint', changed_at = excluded.changed_at`,
    values: [input.message.workspace_id, input.message.contact_id, input.now],
  });
}
