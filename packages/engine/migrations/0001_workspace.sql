-- A workspace is the tenant: every row elsewhere names one. Test and live data never share one: an organisation has a
-- pair of workspaces, each other's twin, and Stripe's `livemode` decides which of the two an event belongs to.
create table workspace (
  id uuid primary key,
  name text not null,
  mode text not null check (mode in ('live', 'test')),
  twin_id uuid references workspace (id),
  timezone text not null default 'UTC',
  -- billing rules, tiers, channel map, identity keys, sending identity: one zod schema per key, owned by its stage
  settings jsonb not null default '{}'::jsonb,
  created_at timestamptz not null
);
