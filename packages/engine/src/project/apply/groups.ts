import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { json, one, type Tx } from '#db/db.ts';

interface Grouped {
  readonly message: StoredTrackMessage;
  readonly at: Date;
  readonly contactId: string;
}

/**
 * Companies and who belongs to them, from `group` messages. Traits of the company add up, the latest value wins; `role`
 * in the traits is the person's role in it. Repeating a message changes nothing.
 */
export async function saveGroups(
  deps: { clock: Clock },
  input: { tx: Tx; workspaceId: string; groups: readonly Grouped[] },
): Promise<void> {
  const { tx, workspaceId } = input;
  for (const { message, at, contactId } of input.groups) {
    if (message.groupId === null) continue;
    const { role, name, domain, ...traits } = message.traits;
    const company = await one<{ id: string }>(tx, {
      name: 'company_upsert',
      text: `insert into company (id, workspace_id, group_id, name, domain, traits, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
             on conflict (workspace_id, group_id) where group_id is not null do update set
               name = coalesce(excluded.name, company.name), domain = coalesce(excluded.domain, company.domain),
               traits = company.traits || excluded.traits, updated_at = excluded.updated_at
             returning id`,
      values: [newId(), workspaceId, message.groupId, textOf(name), textOf(domain), json(traits), at, deps.clock.now()],
    });
    if (!company) continue;
    await tx.query({
      name: 'membership_upsert',
      text: `insert into company_membership (workspace_id, company_id, contact_id, role, since) values ($1, $2, $3, $4, $5)
             on conflict (company_id, contact_id) do update set role = coalesce(excluded.role, company_membership.role)`,
      values: [workspaceId, company.id, contactId, textOf(role), at],
    });
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}
