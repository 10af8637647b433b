import { newId } from '#base/ids.ts';
import { json, type Queryable } from '#db/db.ts';

/** Rows put straight into tables, for tests of what reads them. Each returns the id. Columns as the migrations have them. */
export async function insertRow(db: Queryable, table: string, row: Readonly<Record<string, unknown>>): Promise<void> {
  const columns = Object.keys(row);
  const values = Object.values(row).map((value) =>
    value !== null && typeof value === 'object' && !(value instanceof Date) && !Array.isArray(value)
      ? json(value)
      : value,
  );
  await db.query({
    text: `insert into ${table} (${columns.join(', ')}) values (${columns.map((_, nth) => `$${nth + 1}`).join(', ')})`,
    values,
  });
}

export async function insertWorkspace(
  db: Queryable,
  input: { now: Date; mode?: 'live' | 'test'; name?: string },
): Promise<string> {
  const id = newId();
  await insertRow(db, 'workspace', {
    id,
    name: input.name ?? 'Analytical Engines',
    mode: input.mode ?? 'test',
    created_at: input.now,
  });
  return id;
}

export async function insertContact(
  db: Queryable,
  input: { workspaceId: string; now: Date; [column: string]: unknown },
): Promise<string> {
  const { workspaceId, now, ...columns } = input;
  const id = newId();
  await insertRow(db, 'contact', {
    id,
    workspace_id: workspaceId,
    created_at: now,
    updated_at: now,
    ...columns,
  });
  return id;
}

export async function insertBusEvent(
  db: Queryable,
  input: {
    workspaceId: string;
    contactId: string | null;
    type: string;
    time: Date;
    source?: string;
    data?: Record<string, unknown>;
    cause?: Record<string, unknown>;
  },
): Promise<string> {
  const id = newId();
  await insertRow(db, 'bus_event', {
    id,
    workspace_id: input.workspaceId,
    contact_id: input.contactId,
    origin_contact_id: input.contactId,
    source: input.source ?? 'growthos',
    type: input.type,
    time: input.time,
    recorded_at: input.time,
    data: input.data ?? {},
    cause: input.cause ?? null,
  });
  return id;
}
