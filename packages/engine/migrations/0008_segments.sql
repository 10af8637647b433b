-- Segments: a definition, who is in it, and when time alone could change that. Written by respond/segments only.
-- `version` counts definitions: only membership rows of that version count. While an edit is computed, the next definition
-- stands beside the current one (`next_*`), and the switch is one update. Version 0: never computed yet.
create table segment (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  key text not null,
  name text not null,
  description text,
  status text not null check (status in ('active', 'computing', 'archived')),
  definition jsonb not null,
  version integer not null,
  -- what it reads: `property:tier`, `event:payment_succeeded`, `segment:<key>`
  depends_on text[] not null,
  -- the time zone in which its calendar units were computed; another one in the workspace calls for recomputation
  timezone text not null,
  template jsonb,
  member_count bigint not null default 0,
  next_version integer,
  next_definition jsonb,
  next_depends_on text[],
  next_timezone text,
  next_publishes boolean,
  -- the last contact that was computed for the next version; null: from the beginning
  next_cursor uuid,
  next_done bigint,
  next_total bigint,
  -- who asked for it: the cause of the transitions that it publishes
  next_cause jsonb,
  -- rows of earlier versions are still to be taken away
  has_stale boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index segment_key on segment (workspace_id, key);
create index segment_computing on segment (updated_at) where next_version is not null;
create index segment_stale on segment (id) where has_stale;

-- One row per member, and per non-member whom time alone could bring in. `since`: since when in, or out.
create table segment_membership (
  segment_id uuid not null,
  version integer not null,
  contact_id uuid not null,
  is_member boolean not null,
  since timestamptz not null,
  -- the earliest instant at which time alone could change the outcome: may be too early, is never too late
  next_flip_at timestamptz,
  -- the contact first: what one person is in lies together, so a change touches few pages however many contacts there are
  primary key (contact_id, segment_id, version)
);
create index segment_membership_due on segment_membership (next_flip_at) where next_flip_at is not null;
create index segment_membership_members on segment_membership (segment_id, version, since desc, contact_id);

-- One row per day on which something changed: days without a row repeat the count of the day before.
create table segment_trend (
  segment_id uuid not null references segment (id),
  day date not null,
  members bigint not null,
  entered bigint not null,
  "left" bigint not null,
  primary key (segment_id, day)
);

-- A date out of free JSON (traits): a day in the given time zone, an instant with its offset, or epoch seconds
-- (milliseconds from 1e11 on). NULL for everything else, never an error.
create function growthos_instant(value jsonb, timezone text) returns timestamptz
language plpgsql stable as $$
declare
  txt text;
  num numeric;
begin
  if value is null then
    return null;
  elsif jsonb_typeof(value) = 'number' then
    num := (value #>> '{}')::numeric;
    if num < 0 or num >= 253402300800000 then return null; end if;
    if num < 100000000000 then return 'epoch'::timestamptz + make_interval(secs => num::double precision); end if;
    return 'epoch'::timestamptz + make_interval(secs => (num / 1000)::double precision);
  elsif jsonb_typeof(value) = 'string' then
    txt := value #>> '{}';
    if txt ~ '^\d{4}-\d{2}-\d{2}$' then
      return (txt || ' 00:00:00')::timestamp at time zone timezone;
    elsif txt ~ '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$' then
      return txt::timestamptz;
    end if;
  end if;
  return null;
exception when others then
  return null;
end
$$;
