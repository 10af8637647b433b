/** Messages sent, waiting and held back; one of them whole; and what sequences will do next. */
import type {
  MessageDetail,
  MessageList,
  MessageListQuery,
  MessageRow,
  PlannedMessage,
  PlannedMessageList,
} from '@growthos/contracts/http/messages.ts';
import type { PageQuery } from '@growthos/contracts/http/paging.ts';
import { NotFoundError } from '#base/errors.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { join, raw, type Sql, sql } from '#db/sql.ts';
import { sentenceCase } from './billing-words.ts';
import { headersOf } from './captured-inbox.ts';
import { contactRef, JOINED_CONTACT, type JoinedContact, joinedContactRef } from './contact-ref.ts';
import { cutPage, decodeCursor, encodeCursor, isUuid } from './cursor.ts';
import { channelWords } from './engine-titles.ts';
import { nextActionOf } from './next-action.ts';

interface Row extends JoinedContact {
  id: string;
  channel: MessageRow['channel'];
  status: string;
  subject: string | null;
  payload: Record<string, unknown> | null;
  sequence_id: string | null;
  sequence_name: string | null;
  requested_at: Date;
  sent_at: Date | null;
  reason: string | null;
  reason_sentence: string | null;
  shown_at: Date | null;
  clicked_at: Date | null;
  dismissed_at: Date | null;
  bounced_at: Date | null;
  soft_bounced_at: Date | null;
  complained_at: Date | null;
  is_test: boolean;
}

/** The states of a message, and the fewer ones that pages tell apart. */
const STATUSES: Readonly<Record<string, { status: MessageRow['status']; label: string }>> = {
  requested: { status: 'waiting', label: 'Waiting' },
  ready: { status: 'waiting', label: 'Waiting to be seen' },
  sending: { status: 'waiting', label: 'Being sent' },
  sent: { status: 'sent', label: 'Sent' },
  skipped: { status: 'skipped', label: 'Not sent' },
  withdrawn: { status: 'canceled', label: 'Taken back' },
  failed: { status: 'failed', label: 'Failed' },
  uncertain: { status: 'uncertain', label: 'May not have arrived' },
};

function storedStatuses(status: MessageRow['status']): string[] {
  return Object.entries(STATUSES).flatMap(([name, shown]) => (shown.status === status ? [name] : []));
}

const COLUMNS =
  raw(`m.id, m.channel, m.status, m.subject, m.payload, m.sequence_id, s.name as sequence_name, m.requested_at,
  m.sent_at, m.reason, m.reason_sentence, m.shown_at, m.clicked_at, m.dismissed_at, m.bounced_at,
  m.soft_bounced_at, m.complained_at, m.is_test, ${JOINED_CONTACT}`);
const FROM = sql`from message m left join contact c on c.id = m.contact_id left join sequence s on s.id = m.sequence_id`;

export async function messageList(
  deps: { db: Db },
  input: MessageListQuery & { workspaceId: string },
): Promise<MessageList> {
  const where: Sql[] = [sql`m.workspace_id = ${input.workspaceId}`];
  if (input.channel !== undefined) where.push(sql`m.channel = ${input.channel}`);
  if (input.status !== undefined) where.push(sql`m.status = any(${storedStatuses(input.status)}::text[])`);
  if (input.sequenceId !== undefined) where.push(sql`m.sequence_id = ${input.sequenceId}`);
  if (input.contactId !== undefined) where.push(sql`m.contact_id = ${input.contactId}`);
  if (input.cursor !== undefined) {
    const [at, id] = decodeCursor(input.cursor, 2);
    where.push(sql`m.requested_at <= ${String(at)}::timestamptz and (m.requested_at < ${String(at)}::timestamptz
      or m.id > ${String(id)}::uuid)`);
  }
  const rows = await many<Row>(
    deps.db,
    sql`select ${COLUMNS} ${FROM} where ${join(where, ' and ')} order by m.requested_at desc, m.id limit ${input.limit + 1}`,
  );
  const page = cutPage(rows, {
    limit: input.limit,
    cursorOf: (last) => encodeCursor([last.requested_at.toISOString(), last.id]),
  });
  return { rows: page.rows.map(toMessageRow), nextCursor: page.nextCursor };
}

function toMessageRow(row: Row): MessageRow {
  const shown = STATUSES[row.status] ?? { status: 'waiting' as const, label: sentenceCase(row.status) };
  return {
    id: row.id,
    channel: row.channel,
    channelLabel: channelWords(row.channel),
    status: shown.status,
    statusLabel: row.is_test ? `${shown.label} (test)` : shown.label,
    title: titleOf(row),
    contact: joinedContactRef(row),
    sequence: row.sequence_id === null ? null : { id: row.sequence_id, name: row.sequence_name ?? 'A sequence' },
    at: (row.sent_at ?? row.requested_at).toISOString(),
    reason: row.reason_sentence ?? (row.reason === null ? null : `${sentenceCase(row.reason)}.`),
    outcome: outcomeOf(row),
    // An address that the server does not know is blocked: once more would be refused here.
    canSendAgain: row.status === 'uncertain' || (row.status === 'failed' && row.reason !== 'hard_bounce'),
  };
}

function titleOf(row: Pick<Row, 'subject' | 'payload' | 'channel'>): string {
  const title = row.payload?.['title'];
  return row.subject ?? (typeof title === 'string' && title !== '' ? title : channelWords(row.channel));
}

/** What became of it, the strongest first. */
function outcomeOf(row: Row): string | null {
  if (row.complained_at !== null) return 'marked as spam';
  if (row.bounced_at !== null) return 'came back';
  if (row.soft_bounced_at !== null) return 'came back for now';
  if (row.clicked_at !== null) return 'clicked';
  if (row.dismissed_at !== null) return 'dismissed';
  return row.shown_at === null ? null : 'seen';
}

/** @throws NotFoundError, for a message of another workspace as well. */
export async function messageDetail(
  deps: { db: Db },
  input: { workspaceId: string; messageId: string },
): Promise<MessageDetail> {
  const row = isUuid(input.messageId)
    ? await one<
        Row & {
          html: string | null;
          body_text: string | null;
          to_address: string | null;
          from_address: string | null;
          headers: unknown;
          provider_response: string | null;
          report_detail: string | null;
        }
      >(
        deps.db,
        sql`select ${COLUMNS}, m.html, m.body_text, m.to_address, m.from_address, m.headers, m.provider_response, m.report_detail ${FROM}
            where m.id = ${input.messageId} and m.workspace_id = ${input.workspaceId}`,
      )
    : undefined;
  if (!row) throw new NotFoundError('There is no such message in this workspace.');
  return {
    ...toMessageRow(row),
    html: row.html,
    text: row.body_text ?? payloadText(row.payload),
    to: row.to_address,
    from: row.from_address,
    headers: headersOf(row.headers),
    history: historyOf(row, { response: row.provider_response, report: row.report_detail }),
  };
}

function payloadText(payload: Readonly<Record<string, unknown>> | null): string | null {
  const body = payload?.['body'] ?? payload?.['text'];
  return typeof body === 'string' ? body : null;
}

/** `response`: the mail server's, as it took it; `report`: what was said of it later. */
function historyOf(row: Row, said: { response: string | null; report: string | null }): MessageDetail['history'] {
  const sent = said.response === null ? 'Sent' : `Sent: ${said.response}`;
  const report = said.report === null ? '.' : `. The other side said: ${said.report}`;
  const isBack = row.bounced_at !== null;
  const steps: [Date | null, string][] = [
    [row.requested_at, 'Asked for'],
    [row.sent_at, row.channel === 'in_app' ? 'Shown for the first time' : sent],
    [row.channel === 'in_app' ? null : row.shown_at, 'Opened'],
    [row.clicked_at, 'Clicked'],
    [row.dismissed_at, 'Dismissed'],
    [row.soft_bounced_at, `Came back for now; nothing is blocked${isBack ? '.' : report}`],
    [row.bounced_at, `Came back: it cannot be delivered, so the address gets no more mail${report}`],
    [row.complained_at, 'Marked as spam, so the address gets no more mail.'],
  ];
  return steps
    .flatMap(([at, text]) => (at === null ? [] : [{ at: at.toISOString(), text }]))
    .sort((left, right) => left.at.localeCompare(right.at));
}

interface PlannedRow extends JoinedContact {
  id: string;
  next_due_at: Date;
  sequence_id: string;
  sequence_name: string;
  step_id: string | null;
  step_number: number;
  step_count: number;
  definition: unknown;
  contact_id: string;
}

/** Runs whose next step has a time, soonest first. */
export async function plannedMessages(
  deps: { db: Queryable },
  input: PageQuery & { workspaceId: string },
): Promise<PlannedMessageList> {
  const where: Sql[] = [
    sql`e.workspace_id = ${input.workspaceId}`,
    sql`e.status = 'active'`,
    sql`e.next_due_at is not null`,
    sql`not e.is_holdout`,
  ];
  if (input.cursor !== undefined) {
    const [at, id] = decodeCursor(input.cursor, 2);
    where.push(sql`e.next_due_at >= ${String(at)}::timestamptz and (e.next_due_at > ${String(at)}::timestamptz
      or e.id > ${String(id)}::uuid)`);
  }
  const rows = await many<PlannedRow>(
    deps.db,
    sql`select e.id, e.next_due_at, e.sequence_id, s.name as sequence_name, e.step_id, e.step_number, e.step_count,
          v.definition, ${raw(JOINED_CONTACT)}
        from enrolment e join sequence s on s.id = e.sequence_id
          join sequence_version v on v.sequence_id = e.sequence_id and v.version = e.version
          join contact c on c.id = e.contact_id
        where ${join(where, ' and ')} order by e.next_due_at, e.id limit ${input.limit + 1}`,
  );
  const page = cutPage(rows, {
    limit: input.limit,
    cursorOf: (last) => encodeCursor([last.next_due_at.toISOString(), last.id]),
  });
  return { rows: page.rows.map(toPlanned), nextCursor: page.nextCursor };
}

function toPlanned(row: PlannedRow): PlannedMessage {
  const next = nextActionOf(row.definition, row.step_id);
  return {
    enrolmentId: row.id,
    dueAt: row.next_due_at.toISOString(),
    contact: contactRef({
      id: row.contact_id,
      name: row.contact_name,
      email: row.contact_email,
      user_id: row.contact_user_id,
    }),
    sequence: { id: row.sequence_id, name: row.sequence_name },
    step: next?.step ?? Math.max(1, row.step_number),
    stepCount: row.step_count,
    action: next?.action ?? 'Ends the sequence',
  };
}
