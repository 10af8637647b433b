-- The log of events. `position` rises in the order of commits (publishers write last, under one lock), so a reader that
-- keeps its position skips nothing. `contact_id` follows merges; `origin_contact_id` is who it was told of, for ever.
create table bus_event (
  position bigint generated always as identity primary key,
  id uuid not null,
  workspace_id uuid not null,
  contact_id uuid,
  origin_contact_id uuid,
  source text not null,
  type text not null,
  time timestamptz not null,
  recorded_at timestamptz not null,
  -- one event per real fact: a second one with the same key is dropped
  dedupe_key text,
  data jsonb not null,
  cause jsonb
);
create unique index bus_event_id on bus_event (id);
create unique index bus_event_once on bus_event (workspace_id, dedupe_key) where dedupe_key is not null;
create index bus_event_by_contact on bus_event (contact_id, time desc, position desc) where contact_id is not null;
create index bus_event_by_contact_type on bus_event (contact_id, type, time desc) where contact_id is not null;
create index bus_event_by_type on bus_event (workspace_id, type, time desc);

create table bus_consumer (
  name text primary key,
  position bigint not null,
  attempts integer not null default 0,
  not_before timestamptz,
  -- while set, events are taken one by one up to here, to find the one that fails
  isolating_to bigint,
  updated_at timestamptz not null
);

create table bus_dead_letter (
  id uuid primary key,
  consumer text not null,
  position bigint not null,
  workspace_id uuid not null,
  event_id uuid not null,
  error text not null,
  died_at timestamptz not null,
  replayed_at timestamptz
);
create unique index bus_dead_letter_once on bus_dead_letter (consumer, event_id) where replayed_at is null;
create index bus_dead_letter_open on bus_dead_letter (workspace_id, died_at desc) where replayed_at is null;
