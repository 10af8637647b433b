/** People, invitations, keys and the audit log, as their pages show them. Never a secret. */
import type { AuditLog, Keys, KeyScope, Members } from '@growthos/contracts/http/members.ts';
import type { PageQuery } from '@growthos/contracts/http/paging.ts';
import type { Role } from '@growthos/contracts/http/session.ts';
import type { Clock } from '#base/clock.ts';
import { many, type Db } from '#db/db.ts';
import { join, type Sql, sql } from '#db/sql.ts';
import { cutPage, decodeCursor, encodeCursor } from './cursor.ts';

export async function members(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; personId: string | null },
): Promise<Members> {
  const people = await many<{ id: string; name: string; email: string; role: Role; since: Date }>(deps.db, {
    text: `select p.id, p.name, p.email, m.role, m.since from workspace_member m join person p on p.id = m.person_id
           where m.workspace_id = $1 order by m.since, p.name`,
    values: [input.workspaceId],
  });
  const invites = await many<{ id: string; email: string; role: Role; invited_at: Date; expires_at: Date }>(deps.db, {
    text: `select id, email, role, invited_at, expires_at from workspace_invite
           where workspace_id = $1 and accepted_at is null and expires_at > $2 order by invited_at desc`,
    values: [input.workspaceId, deps.clock.now()],
  });
  return {
    members: people.map((row) => ({
      personId: row.id,
      name: row.name,
      email: row.email,
      role: row.role,
      since: row.since.toISOString(),
      isYou: row.id === input.personId,
    })),
    invites: invites.map((row) => ({
      id: row.id,
      email: row.email,
      role: row.role,
      invitedAt: row.invited_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
    })),
  };
}

export async function keys(deps: { db: Db }, input: { workspaceId: string }): Promise<Keys> {
  const apiKeys = await many<{
    id: string;
    name: string;
    hint: string;
    scope: KeyScope;
    created_at: Date;
    last_used_at: Date | null;
  }>(deps.db, {
    text: `select id, name, hint, scope, created_at, last_used_at from api_key
           where workspace_id = $1 and revoked_at is null order by created_at desc`,
    values: [input.workspaceId],
  });
  const writeKeys = await many<{ id: string; name: string; key: string; created_at: Date }>(deps.db, {
    text: `select id, name, key, created_at from write_key
           where workspace_id = $1 and revoked_at is null order by created_at desc`,
    values: [input.workspaceId],
  });
  return {
    apiKeys: apiKeys.map((row) => ({
      id: row.id,
      name: row.name,
      hint: row.hint,
      scope: row.scope,
      createdAt: row.created_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
    })),
    writeKeys: writeKeys.map((row) => ({
      id: row.id,
      name: row.name,
      key: row.key,
      createdAt: row.created_at.toISOString(),
    })),
  };
}

interface AuditRow {
  id: string;
  at: Date;
  actor_kind: 'person' | 'api_key' | 'system';
  person_name: string | null;
  key_name: string | null;
  action: string;
  subject: string | null;
  text: string;
}

/** Newest first. Who has left since is still named by what they were. */
export async function auditLog(deps: { db: Db }, input: PageQuery & { workspaceId: string }): Promise<AuditLog> {
  const where: Sql[] = [sql`a.workspace_id = ${input.workspaceId}`];
  if (input.cursor !== undefined) {
    const [at, id] = decodeCursor(input.cursor, 2);
    where.push(sql`(a.at, a.id) < (${String(at)}::timestamptz, ${String(id)}::uuid)`);
  }
  const rows = await many<AuditRow>(
    deps.db,
    sql`select a.id, a.at, a.actor_kind, p.name as person_name, k.name as key_name, a.action, a.subject, a.text
        from audit_entry a
          left join person p on a.actor_kind = 'person' and p.id = a.actor_id
          left join api_key k on a.actor_kind = 'api_key' and k.id = a.actor_id
        where ${join(where, ' and ')} order by a.at desc, a.id desc limit ${input.limit + 1}`,
  );
  const page = cutPage(rows, {
    limit: input.limit,
    cursorOf: (last) => encodeCursor([last.at.toISOString(), last.id]),
  });
  return {
    rows: page.rows.map((row) => ({
      id: row.id,
      at: row.at.toISOString(),
      who: whoOf(row),
      text: row.text,
      action: row.action,
      subject: row.subject,
    })),
    nextCursor: page.nextCursor,
  };
}

function whoOf(row: AuditRow): string {
  if (row.actor_kind === 'system') return 'GrowthOS';
  if (row.actor_kind === 'api_key') return row.key_name === null ? 'An API key' : `API key “${row.key_name}”`;
  return row.person_name ?? 'Somebody who has left';
}
