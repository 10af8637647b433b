import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { PropertyChange } from '@growthos/contracts/events/engine.ts';
import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import type { Publisher } from '#bus/index.ts';
import { json, many, one, type Tx } from '#db/db.ts';
import { joinCompanies, type Joining } from '../companies/join-companies.ts';
import { tellMembers } from '../companies/tell-members.ts';

interface Grouped {
  readonly message: StoredTrackMessage;
  readonly at: Date;
  readonly contactId: string;
}

interface CompanyRow {
  readonly id: string;
  readonly name: string | null;
  readonly domain: string | null;
  readonly traits: Readonly<Record<string, unknown>>;
}

/**
 * Companies and who belongs to them, from `group` messages. Traits of the company add up, the latest value wins; `role`
 * in the traits is the person's role in it. Members hear what changed. Repeating a message changes nothing.
 */
export async function saveGroups(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; workspaceId: string; groups: readonly Grouped[] },
): Promise<void> {
  const { tx, workspaceId } = input;
  const last = input.groups.at(-1);
  if (!last) return;
  const cause: EventCause = { kind: 'api', id: last.message.messageId, type: 'group' };
  const joinings: Joining[] = [];
  const changes = new Map<string, PropertyChange[]>();
  for (const { message, at, contactId } of input.groups) {
    if (message.groupId === null) continue;
    const { role, name, domain, ...traits } = message.traits;
    const said = { name: textOf(name), domain: textOf(domain), traits };
    const saved = await saveCompany(deps, { tx, workspaceId, groupId: message.groupId, said, at });
    if (saved === null) continue;
    if (saved.changes.length > 0) changes.set(saved.id, [...(changes.get(saved.id) ?? []), ...saved.changes]);
    joinings.push({ companyId: saved.id, contactId, role: textOf(role), since: at });
  }
  await tellMembers(deps, { tx, workspaceId, changes, at: last.at, cause });
  await joinCompanies(deps, { tx, workspaceId, joinings, cause });
}

async function saveCompany(
  deps: { clock: Clock },
  input: {
    tx: Tx;
    workspaceId: string;
    groupId: string;
    said: { name: string | null; domain: string | null; traits: Readonly<Record<string, unknown>> };
    at: Date;
  },
): Promise<{ id: string; changes: PropertyChange[] } | null> {
  const { tx, workspaceId, groupId, said } = input;
  const before = await one<CompanyRow>(tx, {
    name: 'company_find',
    text: 'select id, name, domain, traits from company where workspace_id = $1 and group_id = $2 for update',
    values: [workspaceId, groupId],
  });
  const changes = before === undefined ? [] : changesBetween(before, said);
  if (before !== undefined && changes.length === 0) return { id: before.id, changes };
  const [row] = await many<{ id: string }>(tx, {
    name: 'company_upsert',
    text: `insert into company (id, workspace_id, group_id, name, domain, traits, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
           on conflict (workspace_id, group_id) where group_id is not null do update set
             name = coalesce(excluded.name, company.name), domain = coalesce(excluded.domain, company.domain),
             traits = company.traits || excluded.traits, updated_at = excluded.updated_at
           returning id`,
    values: [newId(), workspaceId, groupId, said.name, said.domain, json(said.traits), input.at, deps.clock.now()],
  });
  return row ? { id: row.id, changes } : null;
}

function changesBetween(
  before: CompanyRow,
  said: { name: string | null; domain: string | null; traits: Readonly<Record<string, unknown>> },
): PropertyChange[] {
  const told = (['name', 'domain'] as const).flatMap((name) =>
    said[name] === null || said[name] === before[name]
      ? []
      : [{ property: `company.${name}`, old: before[name], new: said[name] }],
  );
  const traits = Object.entries(said.traits)
    .filter(([name, value]) => !isDeepStrictEqual(before.traits[name] ?? null, value))
    .map(([name, value]) => ({
      property: `company.traits.${name}`,
      old: before.traits[name] ?? null,
      new: value,
    }));
  return [...told, ...traits];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}
