-- The engagement score (project/engagement). Each event adds its weight, halved with every half-life that passes. All sums
-- halve together, so one number per contact holds for ever: rank_key = log2(sum of weight * 2 ^ (time / half-life)).
create table contact_engagement (
  contact_id uuid primary key references contact (id),
  workspace_id uuid not null,
  -- a slice of the workspace by hash, 0 to 1023: percentiles are taken from as many slices as are needed
  bucket smallint not null,
  -- null: no product data has come, only an NPS answer
  rank_key double precision,
  half_life_days double precision not null,
  event_count bigint not null,
  last_activity_at timestamptz,
  nps_score smallint,
  nps_at timestamptz,
  -- false: merged into another contact, whose row holds this activity too
  is_counted boolean not null default true
);
create index contact_engagement_sample on contact_engagement (workspace_id, bucket) where is_counted and rank_key is not null;
create index contact_engagement_sweep on contact_engagement (workspace_id, contact_id) where is_counted and rank_key is not null;

-- Where a workspace's people stand: the rank keys from which on a contact scores 1, 2, ... 100. Null: too few people for
-- percentiles, an absolute scale counts. While sweep_after is set, scores are being brought up to date, in steps.
create table engagement_scale (
  workspace_id uuid primary key references workspace (id),
  people integer not null default 0,
  people_computed integer not null default 0,
  half_life_days double precision not null,
  cuts double precision[],
  computed_at timestamptz,
  next_due_at timestamptz not null,
  sweep_after uuid
);
create index engagement_scale_due on engagement_scale (next_due_at);

-- log2(2^a + 2^b), where a null is nothing. Beyond 1000 halvings the smaller one no longer counts (and power underflows).
create function engagement_sum(a double precision, b double precision) returns double precision language sql immutable parallel safe return coalesce(greatest(a, b) + ln(1 + power(2::double precision, -least(abs(a - b), 1000))) / ln(2::double precision), a, b);

-- Proves to us that a browser speaks for a user id: HMAC-SHA256(user id, secret), computed by the customer's own server.
create table in_app_secret (
  workspace_id uuid primary key references workspace (id),
  sealed_secret text not null,
  created_at timestamptz not null
);

-- Tells the open streams that a contact's nudges changed, whoever changed them; heard after COMMIT.
create function in_app_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('growthos_in_app', new.contact_id::text);
  return null;
end
$$;
create trigger message_in_app_changed after insert or update of status, payload, expires_at, snoozed_until, dismissed_at on message for each row when (new.channel = 'in_app' and new.contact_id is not null) execute function in_app_changed();
