-- The drain looks here first: rows that wait for another try.
create index inbox_pending_waiting on inbox_pending (not_before) where not_before is not null;

-- One row per press on Connect: the `state` that Stripe gives back, by its hash. It is good once, for the person and the
-- workspace that started, until it expires. `outcome` is what a second callback with the same state is told.
create table connect_state (
  token_hash text primary key,
  workspace_id uuid not null references workspace (id),
  person_id text not null,
  method text not null check (method in ('connect', 'app')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  outcome jsonb
);

-- Our webhook endpoints at Stripe. `stripe_account_id` is null for the platform's one, which hears all connected
-- accounts. The signing secret is shown by Stripe only once, at creation; it stands here sealed. While a secret is being
-- rotated there is a `live` row and a `retiring` one, and both secrets count.
create table stripe_endpoint (
  id uuid primary key,
  stripe_account_id uuid references stripe_account (id),
  livemode boolean not null,
  -- last part of the URL: null for the platform's
  url_key text unique,
  stripe_id text not null,
  url text not null,
  api_version text not null,
  sealed_secret text not null,
  status text not null check (status in ('live', 'retiring', 'gone')),
  observed text not null default 'unknown' check (observed in ('enabled', 'disabled', 'missing', 'unknown')),
  times_healed integer not null default 0,
  created_at timestamptz not null,
  checked_at timestamptz,
  retired_at timestamptz
);
create unique index stripe_endpoint_platform_once on stripe_endpoint (livemode)
  where status = 'live' and stripe_account_id is null;
create unique index stripe_endpoint_account_once on stripe_endpoint (stripe_account_id)
  where status = 'live' and stripe_account_id is not null;

-- A backfill reads every list of an account. A list's cursor moves in the transaction that stores what it read.
create table backfill_run (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  stripe_account_id uuid not null references stripe_account (id),
  reason text not null check (reason in ('connect', 'request', 'gap')),
  state text not null check (state in ('running', 'done', 'failed', 'stopped')),
  started_at timestamptz not null,
  finished_at timestamptz,
  error text
);
create unique index backfill_run_one_at_a_time on backfill_run (stripe_account_id) where state = 'running';
create index backfill_run_by_account on backfill_run (stripe_account_id, started_at desc);

create table backfill_list (
  run_id uuid not null references backfill_run (id),
  type text not null,
  nth smallint not null,
  state text not null check (state in ('waiting', 'running', 'done', 'failed', 'not_permitted')),
  -- id of the last object that was stored: Stripe's starting_after
  cursor text,
  objects integer not null default 0,
  requests integer not null default 0,
  -- Stripe lists the newest first: how far back it has come
  newest_created_s bigint,
  oldest_created_s bigint,
  attempts integer not null default 0,
  not_before timestamptz,
  error text,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (run_id, type)
);
create index backfill_list_open on backfill_list (run_id, nth) where state in ('waiting', 'running');

-- What a full re-list has seen, of the kinds that can vanish at Stripe; emptied when the list's end is reached.
create table backfill_seen (
  run_id uuid not null references backfill_run (id),
  type text not null,
  id text not null,
  primary key (run_id, type, id)
);

-- The limiter that all processes share: one row per account, mode and Stripe endpoint. `next_at` is when the next
-- request may leave; Stripe's 429 moves it into the future, with its reason.
create table stripe_limit (
  account text not null,
  livemode boolean not null,
  resource text not null,
  next_at timestamptz not null,
  limited_reason text,
  limited_at timestamptz,
  primary key (account, livemode, resource)
);

-- Reads per account and calendar month, beside Stripe's read allocation.
create table stripe_read_count (
  account text not null,
  livemode boolean not null,
  month date not null,
  reads bigint not null,
  primary key (account, livemode, month)
);

-- What one process at a time does again and again, such as looking after an endpoint. Whoever sets `leased_until` has
-- the duty until then; when it is done it writes the time of the next turn.
create table stripe_duty (
  name text primary key,
  next_at timestamptz not null,
  leased_until timestamptz,
  done_at timestamptz,
  attempts integer not null default 0,
  error text
);

-- How far an account has been compared with Stripe's events: all created before this instant (epoch seconds) are known
-- to be in the ledger.
create table reconcile_state (
  stripe_account_id uuid primary key references stripe_account (id),
  complete_to_s bigint not null
);

create table drift_report (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  stripe_account_id uuid not null references stripe_account (id),
  kind text not null check (kind in ('events', 'full')),
  started_at timestamptz not null,
  finished_at timestamptz,
  from_s bigint not null,
  to_s bigint not null,
  events_seen integer not null default 0,
  events_missing integer not null default 0,
  events_undelivered integer not null default 0,
  missing_by_type jsonb not null default '{}'::jsonb,
  backfill_run_id uuid references backfill_run (id)
);
create index drift_report_by_account on drift_report (stripe_account_id, started_at desc);
