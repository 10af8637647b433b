/** The captured inbox: where mail lands on a machine that has no SMTP server set, so that nothing leaves it. */
import type { CapturedList, CapturedMessage, CapturedRow } from '@growthos/contracts/http/messages.ts';
import type { PageQuery } from '@growthos/contracts/http/paging.ts';
import { NotFoundError } from '#base/errors.ts';
import { isRecord } from '#base/is-record.ts';
import { many, one, type Db } from '#db/db.ts';
import { join, raw, type Sql, sql } from '#db/sql.ts';
import { JOINED_CONTACT, type JoinedContact, joinedContactRef } from './contact-ref.ts';
import { cutPage, decodeCursor, encodeCursor, isUuid } from './cursor.ts';
import { dataReader } from './event-data.ts';

const PREVIEW_LENGTH = 140;

interface Row extends JoinedContact {
  message_id: string;
  captured_at: Date;
  to_address: string;
  from_address: string;
  subject: string;
  preview: string;
}

const COLUMNS = raw(`e.message_id, e.captured_at, e.to_address, e.from_address, e.subject,
  left(e.body_text, 400) as preview, ${JOINED_CONTACT}`);
const FROM = sql`from captured_email e left join contact c on c.id = e.contact_id`;

/** Newest first. `isCapturing`: whether new mail lands here, as the configuration says. */
export async function capturedInbox(
  deps: { db: Db; isCapturing: boolean },
  input: PageQuery & { workspaceId: string },
): Promise<CapturedList> {
  const where: Sql[] = [sql`e.workspace_id = ${input.workspaceId}`];
  if (input.cursor !== undefined) {
    const [at, id] = decodeCursor(input.cursor, 2);
    where.push(sql`e.captured_at <= ${String(at)}::timestamptz and (e.captured_at < ${String(at)}::timestamptz
      or e.message_id > ${String(id)}::uuid)`);
  }
  const rows = await many<Row>(
    deps.db,
    sql`select ${COLUMNS} ${FROM} where ${join(where, ' and ')}
        order by e.captured_at desc, e.message_id limit ${input.limit + 1}`,
  );
  const page = cutPage(rows, {
    limit: input.limit,
    cursorOf: (last) => encodeCursor([last.captured_at.toISOString(), last.message_id]),
  });
  return { rows: page.rows.map(toRow), nextCursor: page.nextCursor, isCapturing: deps.isCapturing };
}

/** @throws NotFoundError, for a message of another workspace as well. */
export async function capturedMessage(
  deps: { db: Db },
  input: { workspaceId: string; messageId: string },
): Promise<CapturedMessage> {
  const row = isUuid(input.messageId)
    ? await one<Row & { html: string | null; body_text: string; headers: unknown }>(
        deps.db,
        sql`select ${COLUMNS}, e.html, e.body_text, e.headers ${FROM}
            where e.message_id = ${input.messageId} and e.workspace_id = ${input.workspaceId}`,
      )
    : undefined;
  if (!row) throw new NotFoundError('There is no such message in the captured inbox.');
  return { ...toRow(row), html: row.html, text: row.body_text, headers: headersOf(row.headers) };
}

function toRow(row: Row): CapturedRow {
  const preview = previewOf(row);
  return {
    id: row.message_id,
    at: row.captured_at.toISOString(),
    to: row.to_address,
    from: row.from_address,
    subject: row.subject,
    preview: preview.length > PREVIEW_LENGTH ? `${preview.slice(0, PREVIEW_LENGTH)}…` : preview,
    contact: joinedContactRef(row),
  };
}

/** The first words after a heading that repeats the subject; the lines drawn under headings are left out. */
function previewOf(row: Row): string {
  const words = row.preview.replaceAll(/^=+$/gm, '').replaceAll(/\s+/g, ' ').trim();
  return words.startsWith(row.subject) ? words.slice(row.subject.length).trim() : words;
}

/** Stored as an object of names and values, or as a list of pairs. */
export function headersOf(stored: unknown): { name: string; value: string }[] {
  if (Array.isArray(stored)) {
    return stored.filter(isRecord).map((header) => {
      const read = dataReader(header);
      return { name: read.text('name') ?? read.text('key') ?? '', value: read.text('value') ?? '' };
    });
  }
  if (!isRecord(stored)) return [];
  return Object.entries(stored).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}
