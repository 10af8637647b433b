import { zoneOfPerson } from '#base/local-time.ts';
import { many, type Db } from '#db/db.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly zone: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly isOptedOut: boolean;
  readonly isSuppressed: boolean;
}

/** Contacts as they are now. */
export async function loadPeople(
  db: Db,
  input: { workspaceId: string; category: string; ids: readonly string[] },
): Promise<Map<string, Person>> {
  const rows = await many<Record<string, unknown> & { id: string; email: string | null; name: string | null }>(db, {
    text: `select c.*, w.timezone as workspace_zone, c.traits ->> 'timezone' as explicit_zone,
             exists (select 1 from consent k where k.contact_id = c.id and k.category = $3 and k.is_opted_out) as opted_out,
             exists (select 1 from suppression s where s.workspace_id = c.workspace_id and s.address = lower(c.email)) as suppressed
           from contact c join workspace w on w.id = c.workspace_id
           where c.workspace_id = $1 and c.id = any($2::uuid[]) and c.merged_into is null and c.erased_at is null`,
    values: [input.workspaceId, [...new Set(input.ids)], input.category],
  });
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        name: row.name ?? row.email ?? 'Unknown person',
        email: row.email,
        row,
        zone: zoneOfPerson({
          explicit: text(row['explicit_zone']),
          browser: text(row['timezone']),
          country: text(row['country']),
          workspace: text(row['workspace_zone']),
        }),
        isOptedOut: row['opted_out'] === true,
        isSuppressed: row['suppressed'] === true,
      },
    ]),
  );
}
