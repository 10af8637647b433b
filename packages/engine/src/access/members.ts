import type { Clock } from '#base/clock.ts';
import { addMs } from '#base/clock.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '#base/errors.ts';
import { newId, newToken } from '#base/ids.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { type Access, hasRole, type Role } from './access.ts';
import { recordAudit, writeAudit } from './audit.ts';
import { sha256 } from './keys.ts';

/** An invitation that nobody takes up in this time is void. */
const INVITE_MS = 7 * 24 * 3600 * 1000;

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
}

/** Both workspaces of the organisation: what is done to a member is done in each. */
const PAIR = `(select id from workspace where id = $1 or twin_id = $1)`;

/** Nobody gives a role above their own, nor takes it from somebody above. */
function mayHandle(access: Access, role: Role): void {
  if (!hasRole(access.role, role)) {
    throw new ForbiddenError(`Only somebody with the role ${role} or above may do that; yours is ${access.role}.`);
  }
}

async function memberOf(
  db: Queryable,
  input: { workspaceId: string; personId: string },
): Promise<{ role: Role; email: string }> {
  const row = await one<{ role: Role; email: string }>(db, {
    text: `select m.role, p.email from workspace_member m join person p on p.id = m.person_id
           where m.workspace_id = $1 and m.person_id = $2 for update of m`,
    values: [input.workspaceId, input.personId],
  });
  if (!row) throw new NotFoundError('There is no such member in this workspace.');
  return row;
}

/** A workspace keeps at least one owner, or nobody could ever change its members again. */
async function requireAnotherOwner(db: Queryable, input: { workspaceId: string; personId: string }): Promise<void> {
  const owners = await many<{ personId: string }>(db, {
    text: `select person_id as "personId" from workspace_member where workspace_id = $1 and role = 'owner' for update`,
    values: [input.workspaceId],
  });
  if (owners.every((owner) => owner.personId === input.personId)) {
    throw new ConflictError('This is the last owner. Make somebody else an owner first.');
  }
}

/** @throws NotFoundError, ForbiddenError above one's own role, ConflictError for the last owner. */
export async function changeRole(deps: Deps, input: { access: Access; personId: string; role: Role }): Promise<void> {
  const { workspaceId } = input.access;
  await deps.db.transaction(async (tx) => {
    const member = await memberOf(tx, { workspaceId, personId: input.personId });
    mayHandle(input.access, member.role);
    mayHandle(input.access, input.role);
    if (member.role === 'owner' && input.role !== 'owner') {
      await requireAnotherOwner(tx, { workspaceId, personId: input.personId });
    }
    await tx.query({
      text: `update workspace_member set role = $3 where person_id = $2 and workspace_id in ${PAIR}`,
      values: [workspaceId, input.personId, input.role],
    });
    await recordAudit(
      { db: tx, clock: deps.clock },
      {
        access: input.access,
        action: 'member.role_changed',
        subject: input.personId,
        text: `Changed the role of ${member.email} from ${member.role} to ${input.role}`,
      },
    );
  });
}

/** Takes a person out of both workspaces of the organisation; their sessions there end with it. Errors as above. */
export async function removeMember(deps: Deps, input: { access: Access; personId: string }): Promise<void> {
  const { workspaceId } = input.access;
  await deps.db.transaction(async (tx) => {
    const member = await memberOf(tx, { workspaceId, personId: input.personId });
    mayHandle(input.access, member.role);
    if (member.role === 'owner') await requireAnotherOwner(tx, { workspaceId, personId: input.personId });
    await tx.query({
      text: `delete from workspace_member where person_id = $2 and workspace_id in ${PAIR}`,
      values: [workspaceId, input.personId],
    });
    await recordAudit(
      { db: tx, clock: deps.clock },
      {
        access: input.access,
        action: 'member.removed',
        subject: input.personId,
        text: `Removed ${member.email} from this workspace`,
      },
    );
  });
}

/** An invitation for one e-mail address; inviting it again replaces the one before. The token is shown once. */
export async function inviteMember(
  deps: Deps,
  input: { access: Access; email: string; role: Role },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  mayHandle(input.access, input.role);
  const email = input.email.toLowerCase();
  const { workspaceId } = input.access;
  const made = { id: newId(), token: newToken(), expiresAt: addMs(deps.clock.now(), INVITE_MS) };
  await deps.db.transaction(async (tx) => {
    const known = await one(tx, {
      text: `select 1 from workspace_member m join person p on p.id = m.person_id where m.workspace_id = $1 and p.email = $2`,
      values: [workspaceId, email],
    });
    if (known) throw new ConflictError(`${email} is a member of this workspace already.`);
    await tx.query({
      text: 'delete from workspace_invite where workspace_id = $1 and email = $2 and accepted_at is null',
      values: [workspaceId, email],
    });
    await tx.query({
      text: `insert into workspace_invite (id, workspace_id, email, role, token_hash, invited_by, invited_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [
        made.id,
        workspaceId,
        email,
        input.role,
        sha256(made.token),
        input.access.personId,
        deps.clock.now(),
        made.expiresAt,
      ],
    });
    await recordAudit(
      { db: tx, clock: deps.clock },
      {
        access: input.access,
        action: 'member.invited',
        subject: made.id,
        text: `Invited ${email} as ${input.role}`,
      },
    );
  });
  return made;
}

export async function withdrawInvite(deps: Deps, input: { access: Access; id: string }): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const row = await one<{ email: string }>(tx, {
      text: `delete from workspace_invite where id = $1 and workspace_id = $2 and accepted_at is null returning email`,
      values: [input.id, input.access.workspaceId],
    });
    if (!row) throw new NotFoundError('There is no such open invitation.');
    await recordAudit(
      { db: tx, clock: deps.clock },
      {
        access: input.access,
        action: 'member.invite_withdrawn',
        subject: input.id,
        text: `Withdrew the invitation of ${row.email}`,
      },
    );
  });
}

export interface OpenInvite {
  readonly id: string;
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly email: string;
  readonly role: Role;
  readonly hasAccount: boolean;
}

/** @throws NotFoundError when the token is wrong, used or out of date. */
export async function findInvite(deps: Deps, token: string): Promise<OpenInvite> {
  const row = await one<OpenInvite>(deps.db, {
    text: `select i.id, i.workspace_id as "workspaceId", w.name as "workspaceName", i.email, i.role,
             exists (select 1 from person p where p.email = i.email) as "hasAccount"
           from workspace_invite i join workspace w on w.id = i.workspace_id
           where i.token_hash = $1 and i.accepted_at is null and i.expires_at > $2`,
    values: [sha256(token), deps.clock.now()],
  });
  if (!row) throw new NotFoundError('This invitation is no longer good. Ask for a new one.');
  return row;
}

/** Makes the person a member of both workspaces of the organisation, once: a token works a single time. */
export async function acceptInvite(deps: Deps, input: { invite: OpenInvite; personId: string }): Promise<void> {
  const { invite, personId } = input;
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const taken = await tx.query({
      text: 'update workspace_invite set accepted_at = $2 where id = $1 and accepted_at is null',
      values: [invite.id, now],
    });
    if (taken.rowCount === 0) throw new NotFoundError('This invitation is no longer good. Ask for a new one.');
    await tx.query({
      text: `insert into workspace_member (workspace_id, person_id, role, since)
             select id, $2, $3, $4 from workspace where id = $1 or twin_id = $1
             on conflict (workspace_id, person_id) do nothing`,
      values: [invite.workspaceId, personId, invite.role, now],
    });
    await writeAudit(
      { db: tx, clock: deps.clock },
      {
        workspaceId: invite.workspaceId,
        actorKind: 'person',
        actorId: personId,
        action: 'member.joined',
        subject: personId,
        text: `Joined as ${invite.role}`,
      },
    );
  });
}
