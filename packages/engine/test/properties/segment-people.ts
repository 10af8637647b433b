import { newId } from '#base/ids.ts';
import { json, type Db, type Queryable } from '#db/db.ts';
import { CONTACT_COLUMNS, CURRENCY_COLUMNS } from '#project/catalogue.ts';
import type { ContactProperty } from '@growthos/contracts/contact-properties.ts';
import type { Person } from './segment-reference.ts';
import { DATE_PROPERTIES } from './segment-arbitraries.ts';

const CREATED_AT = '2020-01-01T00:00:00.000Z';

export async function addWorkspace(db: Db, input: { id: string; timezone: string }): Promise<void> {
  await db.query({
    text: `insert into workspace (id, name, mode, timezone, created_at) values ($1, 'Analytical Engines', 'live', $2, $3)`,
    values: [input.id, input.timezone, CREATED_AT],
  });
}

/** A row of `contact` as JSON, from a person in memory. */
export function contactRow(person: Person, workspaceId: string): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(person.properties)) {
    const base = name.replace(/_currency$/, '');
    const column = base === name ? CONTACT_COLUMNS[name as ContactProperty] : CURRENCY_COLUMNS[base as ContactProperty];
    columns[column ?? name] =
      DATE_PROPERTIES.includes(name) && typeof value === 'number' ? new Date(value).toISOString() : value;
  }
  return {
    id: person.id,
    workspace_id: workspaceId,
    traits: person.traits,
    created_at: CREATED_AT,
    updated_at: CREATED_AT,
    billing_status: 'none',
    ...columns,
  };
}

/** Writes people with their companies and events; events go straight into the log, as if they had long been told. */
export async function addPeople(db: Db, input: { workspaceId: string; people: readonly Person[] }): Promise<void> {
  const { workspaceId, people } = input;
  await insertContacts(
    db,
    people.map((person) => contactRow(person, workspaceId)),
  );
  const companies = people.flatMap((person) =>
    person.companies.map((company) => ({ ...company, id: newId(), contact_id: person.id })),
  );
  if (companies.length > 0) {
    await db.query({
      text: `with made as (
          insert into company (id, workspace_id, name, domain, traits, billing, created_at, updated_at)
          select id, $2, name, domain, traits, billing, $3, $3
          from jsonb_to_recordset($1::jsonb) as r (id uuid, name text, domain text, traits jsonb, billing jsonb))
        insert into company_membership (workspace_id, company_id, contact_id, since)
        select $2, id, contact_id, $3 from jsonb_to_recordset($1::jsonb) as r (id uuid, contact_id uuid)`,
      values: [json(companies), workspaceId, CREATED_AT],
    });
  }
  const events = people.flatMap((person) =>
    person.events.map((event) => ({
      id: newId(),
      contact_id: person.id,
      type: event.type,
      time: new Date(event.atMs).toISOString(),
      data: event.data,
    })),
  );
  if (events.length > 0) {
    await db.query({
      text: `insert into bus_event (id, workspace_id, contact_id, origin_contact_id, source, type, time, recorded_at, data)
             select id, $2, contact_id, contact_id, 'app', type, time, $3, data
             from jsonb_to_recordset($1::jsonb) as r (id uuid, contact_id uuid, type text, time timestamptz, data jsonb)`,
      values: [json(events), workspaceId, CREATED_AT],
    });
  }
}

/** Only the columns that the first row names are written; the others keep their defaults. */
export async function insertContacts(db: Queryable, rows: readonly Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  await db.query({
    text: `insert into contact (${columns}) select ${columns} from jsonb_populate_recordset(null::contact, $1::jsonb)`,
    values: [json(rows)],
  });
}
