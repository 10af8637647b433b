-- What a browser alone says of an e-mail address is evidence of its own kind: anybody can type any address.
alter table identity_edge drop constraint identity_edge_source_check;
alter table identity_edge add constraint identity_edge_source_check check (source in ('app', 'browser', 'stripe'));

-- In whose name a product event speaks: the user, else the address that an identify proves, else the browser. What was
-- stored before proofs were asked for counts as it did then.
create or replace function speaker_of(message jsonb) returns text language sql immutable parallel safe return case when message ->> 'userId' is not null then 'user_id:' || (message ->> 'userId') when coalesce(message ->> 'isEmailProven', 'true') = 'true' and message ->> 'type' = 'identify' and jsonb_typeof(message -> 'traits' -> 'email') = 'string' and length(trim(message -> 'traits' ->> 'email')) <= 320 and trim(message -> 'traits' ->> 'email') ~ '^[^\s@]+@[^\s@]+$' then 'email:' || lower(trim(message -> 'traits' ->> 'email')) else 'anonymous_id:' || (message ->> 'anonymousId') end;

-- New customers whose checkouts are read once, for the reference that the seller's page gave. Written by ingest/stripe.
create table checkout_lookup (
  workspace_id uuid not null references workspace (id),
  stripe_account text not null,
  customer_id text not null,
  due_at timestamptz not null,
  attempts integer not null default 0,
  done_at timestamptz,
  -- found, none, not_permitted, or why it failed for good
  outcome text,
  primary key (workspace_id, stripe_account, customer_id)
);
create index checkout_lookup_due on checkout_lookup (due_at) where done_at is null;
