-- People. Billing and engagement stand on the contact itself, so that a segment reads one row.
create table contact (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  -- set when this contact turned out to be another one; such a row is only a signpost
  merged_into uuid references contact (id),
  erased_at timestamptz,
  email text,
  name text,
  user_id text,
  timezone text,
  locale text,
  country text,
  traits jsonb not null default '{}'::jsonb,
  -- who said so: property -> person, app or stripe; a weaker source never overwrites a stronger one
  property_sources jsonb not null default '{}'::jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  first_seen_at timestamptz,
  last_seen_at timestamptz,

  billing_status text not null default 'none',
  plan text,
  plan_name text,
  tier text,
  plan_interval text,
  quantity bigint,
  mrr_minor bigint,
  mrr_currency text,
  mrr_by_currency jsonb not null default '{}'::jsonb,
  trial_end_date timestamptz,
  subscription_start_date timestamptz,
  payment_method_on_file boolean,
  payment_method_brand text,
  payment_method_last4 text,
  payment_method_expires_at timestamptz,
  ltv_minor bigint,
  ltv_currency text,
  ltv_by_currency jsonb not null default '{}'::jsonb,
  last_plan text,
  cancels_at timestamptz,
  canceled_at timestamptz,
  cancel_reason text,
  renews_at timestamptz,
  last_payment_at timestamptz,
  failed_attempts integer,
  failed_payment_at timestamptz,
  next_payment_attempt_at timestamptz,
  -- the open failed invoice: amount, currency, decline code, attempt, hosted link (project/billing)
  failed_payment jsonb,
  first_paid_at timestamptz,
  collection_paused boolean not null default false,
  billing_warnings jsonb not null default '[]'::jsonb,
  billing_as_of timestamptz,

  engagement_score integer,
  nps_score integer,
  first_touch jsonb,
  last_touch_before_payment jsonb,
  first_utm_source text,
  first_utm_medium text,
  first_utm_campaign text,
  first_referrer_domain text,
  acquisition_channel text
);
create index contact_by_workspace on contact (workspace_id, id) where merged_into is null;
create index contact_by_status on contact (workspace_id, billing_status) where merged_into is null;
create index contact_by_created on contact (workspace_id, created_at desc, id) where merged_into is null;
create index contact_by_last_seen on contact (workspace_id, last_seen_at desc) where merged_into is null;

-- How a contact is recognised. `value` is folded: e-mail in lower case, stripe_customer as acct_.../cus_...
create table contact_identity (
  workspace_id uuid not null,
  kind text not null check (kind in ('user_id', 'anonymous_id', 'email', 'stripe_customer')),
  value text not null,
  contact_id uuid not null references contact (id),
  source text not null,
  linked_by text not null,
  linked_at timestamptz not null,
  primary key (workspace_id, kind, value)
);
create index contact_identity_by_contact on contact_identity (contact_id);

create table company (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  group_id text,
  name text,
  domain text,
  traits jsonb not null default '{}'::jsonb,
  stripe_customer text,
  billing jsonb not null default '{}'::jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index company_by_group on company (workspace_id, group_id) where group_id is not null;
create unique index company_by_customer on company (workspace_id, stripe_customer) where stripe_customer is not null;

create table company_membership (
  workspace_id uuid not null,
  company_id uuid not null references company (id),
  contact_id uuid not null references contact (id),
  role text,
  since timestamptz not null,
  primary key (company_id, contact_id)
);
create index company_membership_by_contact on company_membership (contact_id);

-- Two answers to "who is this?": kept for a person to decide. The sync goes on meanwhile.
create table identity_conflict (
  id uuid primary key,
  workspace_id uuid not null,
  stripe_customer text,
  candidates jsonb not null,
  reason text not null,
  opened_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text,
  resolution text
);
create index identity_conflict_open on identity_conflict (workspace_id, opened_at desc) where resolved_at is null;

-- What a merge moved, so that it can be undone.
create table contact_merge (
  id uuid primary key,
  workspace_id uuid not null,
  from_contact_id uuid not null references contact (id),
  into_contact_id uuid not null references contact (id),
  merged_by text not null,
  merged_at timestamptz not null,
  undone_at timestamptz,
  moved jsonb not null
);
