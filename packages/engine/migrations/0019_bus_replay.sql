-- A replay: one consumer hears once more what the log tells since a point in time. While it runs it is the only one who
-- hands these events over, the new ones too, so that a contact's events keep their order; the consumer steps over them.
create table bus_replay (
  id uuid primary key,
  consumer text not null,
  -- whose events; null: of every workspace
  workspace_id uuid,
  since timestamptz not null,
  -- it began behind this position, and stands at `position`
  begins_after bigint not null,
  position bigint not null,
  -- when it was asked for, the consumer had heard all up to here, and nothing behind `heard_at_most`
  heard_all bigint not null,
  heard_at_most bigint not null,
  -- set at its end: from here on the consumer hears by itself again
  held_to bigint,
  handled bigint not null default 0,
  attempts integer not null default 0,
  not_before timestamptz,
  isolating_to bigint,
  asked_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz
);
create index bus_replay_open on bus_replay (consumer) where ended_at is null;
create index bus_replay_by_workspace on bus_replay (workspace_id, asked_at desc);

-- On the rows that a reader locks, because only their newest state is sure to be seen.
alter table bus_consumer add column has_replay boolean not null default false;
alter table bus_partition add column has_replay boolean not null default false;
