-- One message for one (run, step), for ever: `key` is that pair (or webhook endpoint and event). A row is asked for by
-- `message_requested` on the bus, decided once it is due, then handed to its channel.
--   requested  waits for `not_before`           -> sending, ready, skipped
--   ready      in the app: may be shown now     -> sent (shown), withdrawn
--   sending    leased by a worker               -> sent, requested (try again), failed, uncertain
--   sent, skipped, withdrawn, failed, uncertain are the end
create table message (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  key text not null,
  contact_id uuid references contact (id),
  enrolment_id uuid,
  sequence_id uuid,
  sequence_version integer,
  step_id text,
  channel text not null check (channel in ('email', 'in_app', 'team', 'webhook')),
  category text not null check (category in ('transactional', 'product', 'marketing')),
  priority smallint not null default 50,
  status text not null
    check (status in ('requested', 'ready', 'sending', 'sent', 'skipped', 'withdrawn', 'failed', 'uncertain')),
  -- code and sentence: why it was skipped, is held back, or failed
  reason text,
  reason_sentence text,
  requested_at timestamptz not null,
  not_before timestamptz not null,
  attempts smallint not null default 0,
  lease_until timestamptz,
  -- written just before the last byte goes to the server: from here on until `sent_at` its fate is unknown after a crash
  handed_over_at timestamptz,
  sent_at timestamptz,
  ended_at timestamptz,
  -- as it was sent
  to_address text,
  from_address text,
  subject text,
  html text,
  body_text text,
  headers jsonb,
  -- in the app: {style, title, body, cta, canSnooze}; webhook and team: the body
  payload jsonb,
  promotion_code text,
  provider_response text,
  -- what became of it
  expires_at timestamptz,
  shown_at timestamptz,
  clicked_at timestamptz,
  dismissed_at timestamptz,
  snoozed_until timestamptz,
  bounced_at timestamptz,
  complained_at timestamptz,
  is_test boolean not null default false
);
create unique index message_once on message (workspace_id, key);
create unique index message_once_per_step on message (enrolment_id, step_id) where enrolment_id is not null;
create index message_due on message (not_before, priority desc) where status = 'requested';
create index message_leased on message (lease_until) where status = 'sending';
create index message_in_app_ready on message (contact_id, requested_at) where status = 'ready';
create index message_of_enrolment on message (enrolment_id) where enrolment_id is not null;
create index message_by_contact on message (contact_id, requested_at desc) where contact_id is not null;
create index message_by_workspace on message (workspace_id, requested_at desc, id);
-- frequency caps count here
create index message_sent_to on message (contact_id, channel, sent_at desc) where status in ('sent', 'sending');

-- The default inbox: nothing leaves a fresh machine. The id is the message's, so capturing twice is once.
create table captured_email (
  message_id uuid primary key,
  workspace_id uuid not null,
  contact_id uuid,
  captured_at timestamptz not null,
  from_address text not null,
  reply_to text,
  to_address text not null,
  subject text not null,
  html text,
  body_text text not null,
  headers jsonb not null,
  is_test boolean not null default false
);
create index captured_email_by_workspace on captured_email (workspace_id, captured_at desc, message_id);

-- A person's own choice, per category. No row: they never said anything. History is on the bus (message_seen, unsubscribed).
create table consent (
  workspace_id uuid not null,
  contact_id uuid not null references contact (id),
  category text not null check (category in ('product', 'marketing')),
  is_opted_out boolean not null,
  source text not null check (source in ('one_click', 'preferences_page', 'person', 'api', 'complaint')),
  changed_at timestamptz not null,
  primary key (workspace_id, contact_id, category)
);
create index consent_by_contact on consent (contact_id);

-- A fact of delivery about an address: blocks everything to it, whoever it belongs to. Can be lifted by a person.
create table suppression (
  workspace_id uuid not null,
  address text not null,
  reason text not null check (reason in ('hard_bounce', 'soft_bounces', 'complaint', 'person')),
  detail text,
  message_id uuid,
  suppressed_at timestamptz not null,
  primary key (workspace_id, address)
);

-- Founder, links, caps: what sending needs beyond the workspace's own settings.
create table sending_rules (
  workspace_id uuid primary key references workspace (id),
  rules jsonb not null,
  updated_at timestamptz not null
);

create table team_destination (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  name text not null,
  kind text not null check (kind in ('email', 'slack')),
  -- an address, or a sealed webhook URL
  address text,
  sealed_url text,
  created_at timestamptz not null
);
create index team_destination_by_workspace on team_destination (workspace_id);

-- Outbound webhooks with Standard Webhooks signatures: for a step, and for every event of the given types.
create table webhook_endpoint (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  name text not null,
  url text not null,
  sealed_secret text not null,
  -- event types that are sent to it; empty: only what steps send
  event_types text[] not null default '{}',
  status text not null check (status in ('active', 'disabled')),
  disabled_reason text,
  created_at timestamptz not null
);
create index webhook_endpoint_by_workspace on webhook_endpoint (workspace_id) where status = 'active';
