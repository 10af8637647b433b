-- Sequences. The definition is data, one row per version, never changed; `live_version` is the one that people enter.
create table sequence (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  -- set where it was installed from a template
  key text,
  name text not null,
  status text not null check (status in ('draft', 'live', 'paused', 'archived')),
  latest_version integer not null,
  -- null until it is switched on for the first time
  live_version integer,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  switched_on_at timestamptz,
  paused_at timestamptz,
  -- messages asked for up to here were overdue when it was resumed, and a person chose not to send them
  skip_overdue_to timestamptz
);
create unique index sequence_template_once on sequence (workspace_id, key) where key is not null and status <> 'archived';
create index sequence_live on sequence (workspace_id) where status = 'live';

create table sequence_version (
  sequence_id uuid not null references sequence (id),
  version integer not null,
  workspace_id uuid not null,
  definition jsonb not null,
  step_count integer not null,
  created_at timestamptz not null,
  created_by text,
  primary key (sequence_id, version)
);

-- One run of one contact. A run sleeps until `next_due_at`; the partial index on it is the only clock there is.
create table enrolment (
  id uuid primary key,
  workspace_id uuid not null,
  sequence_id uuid not null references sequence (id),
  version integer not null,
  contact_id uuid not null references contact (id),
  status text not null check (status in ('active', 'paused', 'completed', 'exited', 'failed')),
  -- gets nothing, is only watched for the goal
  is_holdout boolean not null,
  -- what makes two entries the same: the invoice, the subscription, the date; '' where one run at a time is the rule
  entry_key text not null,
  trigger_event_id uuid,
  trigger_type text not null,
  trigger_position bigint not null,
  -- the payload of the event that started it: goals, conditions and templates refer to it
  trigger_data jsonb not null,
  -- where it stands: the step, "step 2 of 4", and what the step has to remember
  step_id text,
  step_number integer not null,
  step_count integer not null,
  step_entered_at timestamptz,
  step_state jsonb not null default '{}'::jsonb,
  -- event types that would wake it before its time (wait_for_event)
  waits_for text,
  next_due_at timestamptz,
  entered_at timestamptz not null,
  ended_at timestamptz,
  end_reason text,
  end_detail text,
  goal_event_id uuid,
  goal_met_at timestamptz,
  -- after errors: tries of the step that stands
  attempts smallint not null default 0
);
create index enrolment_due on enrolment (next_due_at) where status = 'active' and next_due_at is not null;
create unique index enrolment_one_active on enrolment (sequence_id, contact_id, entry_key) where status in ('active', 'paused');
create unique index enrolment_once_per_event on enrolment (sequence_id, trigger_event_id, contact_id) where trigger_event_id is not null;
create index enrolment_by_contact on enrolment (contact_id, sequence_id, entered_at desc);
create index enrolment_by_sequence on enrolment (sequence_id, status, entered_at desc, id);
create index enrolment_planned on enrolment (workspace_id, next_due_at) where status = 'active' and next_due_at is not null;

-- What happened at each step of each run, once per step: the per-step counts and the run's own story.
create table enrolment_step (
  enrolment_id uuid not null references enrolment (id),
  step_id text not null,
  workspace_id uuid not null,
  sequence_id uuid not null,
  done_at timestamptz not null,
  -- requested, waited, event, timed_out, arm:1, otherwise, stepped_over, set, skipped_by_person, edited
  outcome text not null,
  detail jsonb,
  primary key (enrolment_id, step_id)
);
create index enrolment_step_counts on enrolment_step (sequence_id, step_id, outcome);

-- When a date property will start a run: kept up by property changes, found by the index on *when*.
create table sequence_date_due (
  sequence_id uuid not null references sequence (id),
  contact_id uuid not null references contact (id),
  workspace_id uuid not null,
  due_at timestamptz not null,
  property_value timestamptz not null,
  primary key (sequence_id, contact_id)
);
create index sequence_date_due_at on sequence_date_due (due_at);
