/**
 * What people chose, per category; apart from suppression, which is a fact of delivery about an address. Choosing twice
 * changes nothing more; each change is on the bus.
 */
import type { Clock } from '#base/clock.ts';
import type { Publisher } from '#bus/index.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import type { MessageRow } from '../message-row.ts';
import type { UnsubscribeClaim } from './token.ts';

export type OptionalCategory = 'product' | 'marketing';
export const OPTIONAL_CATEGORIES: readonly OptionalCategory[] = ['product', 'marketing'];
export type ConsentSource = 'one_click' | 'preferences_page' | 'person' | 'api' | 'complaint';

export interface Preferences {
  readonly workspaceName: string;
  readonly email: string | null;
  /** Of each optional category: whether they get it. */
  readonly wants: Readonly<Record<OptionalCategory, boolean>>;
}

/** Null where the contact is gone. A contact that was merged answers for the one that stayed. */
export async function readPreferences(db: Queryable, claim: UnsubscribeClaim): Promise<Preferences | null> {
  const who = await one<{ id: string; email: string | null; name: string }>(db, {
    text: `select coalesce(m.id, c.id) as id, coalesce(m.email, c.email) as email, w.name
           from contact c join workspace w on w.id = c.workspace_id left join contact m on m.id = c.merged_into
           where c.id = $1 and c.workspace_id = $2 and c.erased_at is null`,
    values: [claim.contactId, claim.workspaceId],
  });
  if (!who) return null;
  const rows = await many<{ category: OptionalCategory; is_opted_out: boolean }>(db, {
    text: 'select category, is_opted_out from consent where workspace_id = $1 and contact_id = $2',
    values: [claim.workspaceId, who.id],
  });
  const wants = (category: OptionalCategory): boolean =>
    !rows.some((row) => row.category === category && row.is_opted_out);
  return {
    workspaceName: who.name,
    email: who.email,
    wants: { product: wants('product'), marketing: wants('marketing') },
  };
}

/** Stores choices. Returns how many of them are new. */
export async function setConsent(
  deps: { db: Db; clock: Clock; publisher: Publisher },
  input: {
    workspaceId: string;
    contactId: string;
    messageId: string | null;
    optedOut: Partial<Record<OptionalCategory, boolean>>;
    source: ConsentSource;
  },
): Promise<number> {
  const choices = OPTIONAL_CATEGORIES.flatMap((category) => {
    const isOut = input.optedOut[category];
    return isOut === undefined ? [] : [{ category, isOut }];
  });
  return deps.db.transaction(async (tx) => {
    const now = deps.clock.now();
    const changed = await many<{ category: string; is_opted_out: boolean; contact_id: string }>(tx, {
      text: `insert into consent as k (workspace_id, contact_id, category, is_opted_out, source, changed_at)
             select c.workspace_id, coalesce(c.merged_into, c.id), u.category, u.is_out, $5, $6
             from unnest($3::text[], $4::bool[]) as u (category, is_out)
             join contact c on c.id = $2 and c.workspace_id = $1 and c.erased_at is null
             on conflict (workspace_id, contact_id, category) do update
               set is_opted_out = excluded.is_opted_out, source = excluded.source, changed_at = excluded.changed_at
               where k.is_opted_out <> excluded.is_opted_out
             returning category, is_opted_out, contact_id`,
      values: [
        input.workspaceId,
        input.contactId,
        choices.map((choice) => choice.category),
        choices.map((choice) => choice.isOut),
        input.source,
        now,
      ],
    });
    const message = await messageOf(tx, input);
    for (const row of changed) {
      if (!row.is_opted_out) continue;
      deps.publisher.publish(tx, [
        messageEvent(message ?? { ...NO_MESSAGE, workspace_id: input.workspaceId, contact_id: row.contact_id }, {
          type: 'message_seen',
          time: now,
          title: message?.subject ?? null,
          data: { outcome: 'unsubscribed', category: row.category, via: input.source },
          once: null,
        }),
      ]);
    }
    return changed.length;
  });
}

const NO_MESSAGE = { id: '', channel: 'email', enrolment_id: null, sequence_id: null, step_id: null } as const;

async function messageOf(
  db: Queryable,
  input: { workspaceId: string; messageId: string | null },
): Promise<(Omit<MessageRow, 'payload'> & { subject: string | null }) | undefined> {
  if (input.messageId === null) return undefined;
  return one(db, {
    text: `select id, workspace_id, contact_id, channel, enrolment_id, sequence_id, step_id, subject from message
           where id = $1 and workspace_id = $2`,
    values: [input.messageId, input.workspaceId],
  });
}
