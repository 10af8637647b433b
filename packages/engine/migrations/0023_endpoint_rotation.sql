-- Set on the live endpoint when somebody asked for a new signing secret, until the second endpoint stands. The wish is
-- kept before Stripe is called, so that whoever looks after the endpoint next carries it out.
alter table stripe_endpoint add column rotate_asked_at timestamptz;
