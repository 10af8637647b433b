-- Failed payments of invoices whose reason is not known yet: the charge that says why is told apart and may come later.
-- They are told when it has come, or without a reason when none came in time (project/apply/waiting-failures).
create table failure_waiting (
  stripe_account text not null,
  livemode boolean not null,
  -- The fact that the event tells of; it is told once.
  dedupe_key text not null,
  workspace_id uuid not null,
  customer_id text not null,
  invoice_id text not null,
  -- Where the invoice names its charge (API versions before basil).
  charge_id text,
  -- By Stripe's clock: a charge of about the same time is the one that failed.
  failed_at_s bigint not null,
  -- The whole event, but for its contact and its reason.
  told json not null,
  due_at timestamptz not null,
  primary key (stripe_account, livemode, dedupe_key)
);
create index failure_waiting_due on failure_waiting (due_at);
create index failure_waiting_by_customer on failure_waiting (stripe_account, customer_id);
create index failure_waiting_by_invoice on failure_waiting (stripe_account, invoice_id);
