/**
 * What was merged: by whom, when, and whether it can still be undone. Of one contact (what went into it), or the newest of
 * the workspace. A merge can be undone while the contact that took the other one in is a contact of its own.
 */
import type { ContactMerges, MergeView } from '@growthos/contracts/http/identity.ts';
import { many, type Db } from '#db/db.ts';
import { raw, sql, type Sql } from '#db/sql.ts';
import { contactRef } from './contact-ref.ts';

/** A list for people to read, not an archive: the audit log has all that people did. */
const MERGES_MAX = 100;

interface Row {
  id: string;
  merged_at: Date;
  merged_by: 'identify' | 'person';
  by_name: string | null;
  undone_at: Date | null;
  undone_by_name: string | null;
  can_undo: boolean;
  from_id: string;
  from_name: string | null;
  from_email: string | null;
  from_user_id: string | null;
  into_id: string;
  into_name: string | null;
  into_email: string | null;
  into_user_id: string | null;
}

const COLUMNS = raw(`m.id, m.merged_at, m.merged_by, p.name as by_name, m.undone_at, u.name as undone_by_name,
  m.undone_at is null and i.merged_into is null and i.erased_at is null as can_undo,
  f.id as from_id, f.name as from_name, f.email as from_email, f.user_id as from_user_id,
  i.id as into_id, i.name as into_name, i.email as into_email, i.user_id as into_user_id`);
const JOINS = raw(`join contact f on f.id = m.from_contact_id join contact i on i.id = m.into_contact_id
  left join person p on p.id = m.merged_by_person left join person u on u.id = m.undone_by_person`);

export async function contactMerges(
  deps: { db: Db },
  input: { workspaceId: string; contactId: string },
): Promise<ContactMerges> {
  return read(
    deps.db,
    sql`select ${COLUMNS} from contact_merge m ${JOINS}
        where m.into_contact_id::text = ${input.contactId} and m.workspace_id = ${input.workspaceId}
        order by m.merged_at desc, m.id desc limit ${MERGES_MAX}`,
  );
}

/** Of people who were known by more than a browser: that a visitor turns out to be a user happens all day. */
export async function recentMerges(deps: { db: Db }, input: { workspaceId: string }): Promise<ContactMerges> {
  return read(
    deps.db,
    sql`select ${COLUMNS} from contact_merge m ${JOINS}
        where m.workspace_id = ${input.workspaceId}
          and (m.merged_by = 'person' or f.email is not null or f.user_id is not null)
        order by m.merged_at desc, m.id desc limit ${MERGES_MAX}`,
  );
}

async function read(db: Db, query: Sql): Promise<ContactMerges> {
  const rows = await many<Row>(db, query);
  return { merges: rows.map(toView) };
}

function toView(row: Row): MergeView {
  return {
    id: row.id,
    from: contactRef({ id: row.from_id, name: row.from_name, email: row.from_email, user_id: row.from_user_id }),
    into: contactRef({ id: row.into_id, name: row.into_name, email: row.into_email, user_id: row.into_user_id }),
    mergedAt: row.merged_at.toISOString(),
    by: row.merged_by,
    byName: row.by_name,
    undoneAt: row.undone_at?.toISOString() ?? null,
    undoneByName: row.undone_by_name,
    canUndo: row.can_undo,
  };
}
