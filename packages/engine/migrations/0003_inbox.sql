-- Connected Stripe accounts. One account (in one mode) is never live in two workspaces.
create table stripe_account (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  account text not null,
  livemode boolean not null,
  method text not null check (method in ('connect', 'app', 'restricted_key')),
  status text not null check (status in ('active', 'disconnected')),
  display_name text,
  country text,
  default_currency text,
  -- scopes granted, key's last four, what was probed and refused; never a secret
  details jsonb not null default '{}'::jsonb,
  -- keys, tokens and signing secrets, sealed (access/secrets)
  sealed_secret text,
  connected_at timestamptz not null,
  disconnected_at timestamptz,
  disconnect_reason text
);
create unique index stripe_account_live_once on stripe_account (account, livemode) where status = 'active';
create index stripe_account_by_workspace on stripe_account (workspace_id);

-- The ledger: everything that came in, once. It is only appended to. `origin` is the Stripe account (acct_...) or, for
-- product events, the workspace id. `subject` groups what must be applied in turn: the customer, or the person.
create table inbox_event (
  seq bigint generated always as identity primary key,
  workspace_id uuid not null,
  source text not null check (source in ('stripe', 'track')),
  origin text not null,
  event_id text not null,
  type text not null,
  subject text not null,
  livemode boolean not null,
  created_s bigint not null,
  via text not null check (via in ('webhook', 'reconcile', 'poll', 'replay', 'api')),
  received_at timestamptz not null,
  payload text not null
);
create unique index inbox_event_once on inbox_event (origin, event_id);
create index inbox_event_by_workspace on inbox_event (workspace_id, source, seq desc);
create index inbox_event_by_subject on inbox_event (workspace_id, subject, seq desc);

-- What of the ledger is not applied yet. A row is taken away in the transaction that applies it.
create table inbox_pending (
  seq bigint primary key,
  attempts smallint not null default 0,
  not_before timestamptz
);

-- What could not be applied after several tries, with the reason; can be replayed.
create table inbox_dead (
  seq bigint primary key,
  workspace_id uuid not null,
  error text not null,
  attempts smallint not null,
  died_at timestamptz not null
);

-- Signed events of accounts that no workspace has connected: answered 200, so that Stripe doesn't retry for ever, and
-- kept for the case that the account connects.
create table inbox_unclaimed (
  account text not null,
  event_id text not null,
  livemode boolean not null,
  type text not null,
  received_at timestamptz not null,
  payload text not null,
  primary key (account, event_id)
);
