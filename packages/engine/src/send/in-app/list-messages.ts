import { InAppPayload } from '@growthos/contracts/sequence/content.ts';
import type { InAppMessage } from '@growthos/contracts/http/in-app.ts';
import { many, type Queryable } from '#db/db.ts';

export interface Listed {
  /** Null: nobody is known by this user id yet. */
  readonly contactId: string | null;
  readonly messages: InAppMessage[];
  /** When time alone changes the list: one expires, or a snooze is over. */
  readonly nextChangeAt: Date | null;
}

interface MessageRow {
  contact_id: string;
  id: string | null;
  payload: unknown;
  expires_at: Date | null;
  snoozed_until: Date | null;
}

/** More than anybody should be shown; the oldest wait. */
const MESSAGES_MAX = 20;

/**
 * What may be shown to a user now, oldest first: ready or shown before, not dealt with, not expired, not snoozed. A
 * celebration is listed until it was shown once, by anybody's page.
 */
export async function listMessages(
  db: Queryable,
  input: { workspaceId: string; userId: string; now: Date },
): Promise<Listed> {
  const rows = await many<MessageRow>(db, {
    name: 'in_app_list',
    text: `select i.contact_id, m.id, m.payload, m.expires_at, m.snoozed_until
           from contact_identity i left join message m on m.contact_id = i.contact_id and m.workspace_id = i.workspace_id
             and m.channel = 'in_app' and m.status in ('ready', 'sent') and m.not_before <= $3
             and m.dismissed_at is null and m.clicked_at is null and (m.expires_at is null or m.expires_at > $3)
             and not (m.status = 'sent' and m.payload ->> 'style' = 'confetti')
           where i.workspace_id = $1 and i.kind = 'user_id' and i.value = $2
           order by m.requested_at, m.id limit ${MESSAGES_MAX}`,
    values: [input.workspaceId, input.userId, input.now],
  });
  const messages: InAppMessage[] = [];
  let nextChangeAt: Date | null = null;
  for (const row of rows) {
    const payload = InAppPayload.safeParse(row.payload);
    if (row.id === null || !payload.success) continue;
    const isSnoozed = row.snoozed_until !== null && row.snoozed_until > input.now;
    if (!isSnoozed) messages.push({ id: row.id, ...payload.data });
    for (const at of [row.expires_at, isSnoozed ? row.snoozed_until : null]) {
      if (at !== null && (nextChangeAt === null || at < nextChangeAt)) nextChangeAt = at;
    }
  }
  return { contactId: rows[0]?.contact_id ?? null, messages, nextChangeAt };
}
