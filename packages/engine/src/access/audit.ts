import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Queryable } from '#db/db.ts';
import type { Access } from './access.ts';

export interface AuditNote {
  /** For programs, dotted: `member.role_changed`. */
  readonly action: string;
  /** Id of what it was done to. */
  readonly subject: string | null;
  /** A sentence for people, without secrets: "Changed the role of grace@… from viewer to editor". */
  readonly text: string;
}

/** Writes down what somebody did. Hand it the transaction of the act, so that both are kept or neither. */
export async function recordAudit(
  deps: { db: Queryable; clock: Clock },
  input: AuditNote & { readonly access: Access },
): Promise<void> {
  const { access } = input;
  await writeAudit(deps, {
    ...input,
    workspaceId: access.workspaceId,
    actorKind: access.via === 'api_key' ? 'api_key' : 'person',
    actorId: access.via === 'api_key' ? (access.apiKeyId ?? null) : access.personId,
  });
}

export async function writeAudit(
  deps: { db: Queryable; clock: Clock },
  input: AuditNote & {
    readonly workspaceId: string;
    readonly actorKind: 'person' | 'api_key' | 'system';
    readonly actorId: string | null;
  },
): Promise<void> {
  await deps.db.query({
    text: `insert into audit_entry (id, workspace_id, at, actor_kind, actor_id, action, subject, text)
           values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      newId(),
      input.workspaceId,
      deps.clock.now(),
      input.actorKind,
      input.actorId,
      input.action,
      input.subject,
      input.text,
    ],
  });
}
