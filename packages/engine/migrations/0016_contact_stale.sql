-- Contacts of whose Stripe customers a backfill read something: their figures are computed when the reading is over, or at
-- `due_at`, whichever comes first, and not at every page. Written by project/apply only, under the account's lock.
create table contact_stale (
  stripe_account text not null,
  livemode boolean not null,
  contact_id uuid not null,
  workspace_id uuid not null references workspace (id),
  -- made by what was read; nobody has been told of the contact yet
  is_new boolean not null,
  -- when the newest of those reads began
  read_at timestamptz not null,
  due_at timestamptz not null,
  primary key (stripe_account, livemode, contact_id)
);
create index contact_stale_due on contact_stale (due_at);
