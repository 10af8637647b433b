-- Objects at Stripe to be read again, because what events told of them did not decide what they are now. One row per
-- object, however often it is wanted; `wanted_at` tells whether it was wanted again while it was being read.
create table stripe_refetch (
  account text not null,
  livemode boolean not null,
  type text not null,
  id text not null,
  workspace_id uuid not null references workspace (id) on delete cascade,
  wanted_at timestamptz not null,
  not_before timestamptz not null,
  attempts integer not null default 0,
  primary key (account, livemode, type, id)
);
create index stripe_refetch_due on stripe_refetch (not_before);
