-- What became of a mail after its server took it: providers and mail servers report that it came back, or was called spam.
alter table message add column soft_bounced_at timestamptz;
-- what the other side said of it, as a person reads it
alter table message add column report_detail text;

-- The way in for reports: a secret address per workspace, and what each provider signs with, sealed.
create table mail_report_inlet (
  workspace_id uuid primary key references workspace (id),
  token_hash text not null unique,
  sealed_token text not null,
  -- {provider: sealed key}
  sealed_keys jsonb not null default '{}',
  created_at timestamptz not null
);

-- How many reports came in, so that a person can see whether the way in works. Repeats count too: outcome 'known'.
create table mail_report_count (
  workspace_id uuid not null references workspace (id),
  provider text not null,
  outcome text not null check (outcome in ('recorded', 'noted', 'known', 'unknown_message', 'ignored', 'refused')),
  count bigint not null,
  last_at timestamptz not null,
  primary key (workspace_id, provider, outcome)
);
