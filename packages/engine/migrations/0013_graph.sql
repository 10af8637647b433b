-- When a contact's billing figures change next by time alone (a discount ends, a card is about to expire): one instant on
-- the contact itself, so that keeping it up costs no statement and finding what is due is one index.
alter table contact add column billing_due_at timestamptz;
create index contact_billing_due on contact (billing_due_at) where billing_due_at is not null;

-- The newest settled charge of each account and pair of currencies: the exchange rate that it implies.
create table account_rate (
  workspace_id uuid not null,
  stripe_account text not null,
  livemode boolean not null,
  from_currency text not null,
  to_currency text not null,
  from_minor bigint not null,
  to_minor bigint not null,
  at_s bigint not null,
  charge_id text not null,
  primary key (workspace_id, stripe_account, livemode, from_currency, to_currency)
);

-- A workspace whose rules changed: all of its contacts are computed anew, in steps by id, up to `after_contact_id` so far.
create table graph_recompute (
  workspace_id uuid primary key references workspace (id),
  what text[] not null,
  after_contact_id uuid,
  contacts_done integer not null default 0,
  requested_at timestamptz not null,
  finished_at timestamptz
);
create index graph_recompute_open on graph_recompute (requested_at) where finished_at is null;

-- Stripe customers that are companies: by the group id in their metadata, or linked by a person.
create table company_customer (
  workspace_id uuid not null,
  -- as in contact_identity: acct_.../cus_...
  stripe_customer text not null,
  company_id uuid not null references company (id),
  linked_by text not null check (linked_by in ('metadata', 'person')),
  linked_at timestamptz not null,
  primary key (workspace_id, stripe_customer)
);
create index company_customer_by_company on company_customer (company_id);

-- Who said that two identities are one person, and when first: the evidence from which contacts are made up. Keys are
-- kind:value; the left one is the stronger. Kept for ever, so that late evidence can be weighed against earlier one.
create table identity_edge (
  workspace_id uuid not null,
  left_key text not null,
  right_key text not null,
  source text not null check (source in ('app', 'stripe')),
  first_at timestamptz not null,
  primary key (workspace_id, left_key, right_key, source)
);
create index identity_edge_by_right on identity_edge (workspace_id, right_key);

-- Set by a person's decision: evidence no longer moves this identity, others may follow it.
alter table contact_identity add column is_pinned boolean not null default false;
-- What product events said in this identity's name: values with their times, and the first touch. Moves with it.
alter table contact_identity add column said jsonb not null default '{}'::jsonb;

-- One row for each identity that several people claim; `claimants` are the identities of those people.
alter table identity_conflict add column identity_kind text;
alter table identity_conflict add column identity_value text;
alter table identity_conflict add column claimants jsonb not null default '[]'::jsonb;
create unique index identity_conflict_once on identity_conflict (workspace_id, identity_kind, identity_value) where identity_kind is not null;

-- Erased people: SHA-256 of workspace and identity, so that a sync does not bring them back, and nothing can be read here.
create table identity_erased (
  workspace_id uuid not null,
  digest text not null,
  erased_at timestamptz not null,
  primary key (workspace_id, digest)
);
create index contact_merge_by_into on contact_merge (into_contact_id, merged_at desc);
create index contact_merge_by_from on contact_merge (from_contact_id, merged_at desc);

-- In whose name a product event speaks: the user, else the address that an identify gives, else the browser. The same as
-- the strongest identity of its claim (project/apply/track-events).
create function speaker_of(message jsonb) returns text language sql immutable parallel safe return case when message ->> 'userId' is not null then 'user_id:' || (message ->> 'userId') when message ->> 'type' = 'identify' and jsonb_typeof(message -> 'traits' -> 'email') = 'string' and length(trim(message -> 'traits' ->> 'email')) <= 320 and trim(message -> 'traits' ->> 'email') ~ '^[^\s@]+@[^\s@]+$' then 'email:' || lower(trim(message -> 'traits' ->> 'email')) else 'anonymous_id:' || (message ->> 'anonymousId') end;
