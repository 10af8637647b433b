-- Stripe's objects as we last knew them, in our own version-free shape (project/stripe). One row per object; `as_of_s`
-- and the order rule in project/stripe-objects decide which of two tellings is the newer.
create table stripe_object (
  workspace_id uuid not null,
  stripe_account text not null,
  livemode boolean not null,
  type text not null,
  id text not null,
  customer_id text,
  -- what it hangs on besides the customer: the subscription of an invoice, the product of a price, the charge of a refund
  parent_id text,
  fact jsonb not null,
  -- Stripe's time of the telling, epoch seconds: the event's `created`, or when we read it
  as_of_s bigint not null,
  told_by text not null,
  -- what was ever told of it, whatever came first: only ever grows (project/objects/marks)
  marks jsonb not null default '{}'::jsonb,
  -- a tombstone: Stripe says that it is gone; later tellings of an older time don't bring it back
  is_deleted boolean not null default false,
  updated_at timestamptz not null,
  primary key (stripe_account, livemode, type, id)
);
create index stripe_object_by_customer on stripe_object (workspace_id, stripe_account, customer_id, type) where customer_id is not null;
create index stripe_object_by_parent on stripe_object (workspace_id, stripe_account, parent_id, type) where parent_id is not null;
create index stripe_object_by_type on stripe_object (workspace_id, stripe_account, type, id);

-- Charges that don't say whether an invoice is behind them (API versions since basil): they wait for the link, and are
-- told as one-off payments when none has come (project/apply/one-off-charges).
create table charge_waiting (
  workspace_id uuid not null,
  stripe_account text not null,
  livemode boolean not null,
  charge_id text not null,
  event_id text not null,
  event_created_s bigint not null,
  due_at timestamptz not null,
  primary key (stripe_account, livemode, charge_id)
);
create index charge_waiting_due on charge_waiting (due_at);
