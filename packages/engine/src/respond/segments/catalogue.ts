/** What the builder offers: built-in properties, and the traits, values and events that this workspace has. */
import { CONTACT_PROPERTIES, type PropertyInfo } from '@growthos/contracts/contact-properties.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { COMPANY_PROPERTIES } from '@growthos/contracts/filter/filter-properties.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';
import { many, type Db } from '#db/db.ts';
import { raw, sql } from '#db/sql.ts';
import { CONTACT_COLUMNS } from '#project/catalogue.ts';
import { listSegmentRows } from './segment-row.ts';

type CatalogueProperty = FilterCatalogue['properties'][number];

/** Contacts that values and traits are read from, the newest ones: enough to choose from, cheap at any size. */
const SAMPLE_SIZE = 2000;
const VALUES_MAX = 50;
const NAMES_MAX = 200;
/** Open texts that have few different values, so that a list of them helps. */
const OFFERED = [
  'plan',
  'plan_name',
  'tier',
  'last_plan',
  'country',
  'locale',
  'payment_method_brand',
  'first_utm_source',
  'first_utm_medium',
  'first_utm_campaign',
  'acquisition_channel',
] as const;

export async function readFilterCatalogue(deps: { db: Db }, input: { workspaceId: string }): Promise<FilterCatalogue> {
  const values = await offeredValues(deps, input);
  const builtIn = Object.entries<PropertyInfo>(CONTACT_PROPERTIES).map(([name, info]) =>
    toProperty(name, { info, values: values.get(name) ?? [] }),
  );
  const ofCompany = Object.entries(COMPANY_PROPERTIES).map(([name, info]) =>
    toProperty(`company.${name}`, { info: { ...info, group: 'billing' }, values: values.get(name) ?? [] }),
  );
  const traits = await traitsIn(deps, input);
  const segments = await listSegmentRows(deps.db, input);
  return {
    properties: [...builtIn, ...traits, ...ofCompany.map((property) => ({ ...property, group: 'company' }))],
    events: await eventsIn(deps, input),
    segments: segments.map(({ key, name }) => ({ key, name })),
  };
}

function toProperty(name: string, input: { info: PropertyInfo; values: readonly string[] }): CatalogueProperty {
  const { label, says, group, type, values } = input.info;
  return { property: name, label, says, group, type, values: [...(values ?? input.values)] };
}

const sampleSql = (workspaceId: string, columns: string): ReturnType<typeof sql> =>
  sql`(select ${raw(columns)} from contact where workspace_id = ${workspaceId}::uuid and merged_into is null
    order by created_at desc, id limit ${SAMPLE_SIZE}::int) c`;

async function offeredValues(deps: { db: Db }, input: { workspaceId: string }): Promise<Map<string, string[]>> {
  const columns = OFFERED.map((name) => CONTACT_COLUMNS[name]).join(', ');
  const pairs = OFFERED.map((name) => `('${name}', c.${CONTACT_COLUMNS[name]})`).join(', ');
  const rows = await many<{ name: string; values: string[] }>(
    deps.db,
    sql`select v.name, (array_agg(distinct v.value order by v.value))[1:${raw(String(VALUES_MAX))}] as values
      from ${sampleSql(input.workspaceId, columns)} cross join lateral (values ${raw(pairs)}) as v (name, value)
      where v.value is not null and v.value <> '' group by v.name`,
  );
  return new Map(rows.map((row) => [row.name, row.values]));
}

const TYPE_OF_JSON: Readonly<Record<string, CatalogueProperty['type']>> = {
  string: 'text',
  number: 'number',
  boolean: 'boolean',
  array: 'list',
};

async function traitsIn(deps: { db: Db }, input: { workspaceId: string }): Promise<CatalogueProperty[]> {
  const rows = await many<{ name: string; type: string; isDate: boolean; values: string[] | null }>(
    deps.db,
    sql`select t.key as name, mode() within group (order by jsonb_typeof(t.value)) as type,
        bool_and(growthos_instant(t.value, 'UTC') is not null) filter (where jsonb_typeof(t.value) = 'string') as "isDate",
        (array_agg(distinct left(t.value #>> '{}', 200)) filter (where jsonb_typeof(t.value) = 'string'))[1:20] as values
      from ${sampleSql(input.workspaceId, 'traits')} cross join lateral jsonb_each(c.traits) t
      group by t.key order by count(*) desc, t.key limit ${NAMES_MAX}::int`,
  );
  return rows.map(({ name, type, isDate, values }) => ({
    property: `traits.${name}`,
    label: name,
    says: 'From your app.',
    group: 'traits',
    type: isDate === true ? 'date' : (TYPE_OF_JSON[type] ?? 'text'),
    values: isDate === true ? [] : (values ?? []),
  }));
}

/** Billing events always; others as they were seen. Names are found by skipping along the index, not by reading the log. */
async function eventsIn(deps: { db: Db }, input: { workspaceId: string }): Promise<FilterCatalogue['events']> {
  const seen = await many<{ type: string }>(deps.db, {
    text: `with recursive seen as (
        (select type from bus_event where workspace_id = $1 order by type limit 1)
        union all
        select (select b.type from bus_event b where b.workspace_id = $1 and b.type > s.type order by b.type limit 1)
        from seen s where s.type is not null)
      select type from seen where type is not null limit $2`,
    values: [input.workspaceId, NAMES_MAX],
  });
  const billing = Object.entries(BILLING_EVENTS).map(([event, { says, schema }]) => ({
    event,
    says,
    fields: Object.keys(schema.shape),
  }));
  const named = new Set(billing.map(({ event }) => event));
  const others = seen.filter(({ type }) => !named.has(type)).map(({ type }) => ({ event: type, says: '', fields: [] }));
  return [...others, ...billing];
}
