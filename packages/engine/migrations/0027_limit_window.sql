-- When the last requests to an endpoint left, oldest first, as many as Stripe allows in a second: the next may leave when
-- the oldest of them is a second old. `next_at` is no pace any more, only a pause that Stripe asked for.
alter table stripe_limit add column left_at timestamptz[] not null default '{}';
