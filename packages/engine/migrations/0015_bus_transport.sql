-- The bus over NATS JetStream. The log stays `bus_event`; the stream carries only where to look, so that whatever is
-- written twice, late, out of order or lost there is put right from here.

-- Events of one contact share a partition, by the contact that they were told of, which never changes. The last digits of
-- our ids are random, so the partitions are even.
create function bus_partition_of(origin_contact_id uuid, workspace_id uuid, partitions integer) returns integer
  language sql immutable
  as $$ select ('x' || right(coalesce(origin_contact_id, workspace_id)::text, 7))::bit(28)::integer % partitions $$;

-- One row: the name of this installation's stream, and the number of partitions, fixed when it is made.
create table bus_relay (
  id boolean primary key default true check (id),
  stream text not null,
  partitions integer not null check (partitions > 0)
);

-- Up to where the relay has told the stream of each partition.
create table bus_relay_partition (
  partition integer primary key,
  position bigint not null
);

-- A consumer's place in each partition. `catch_up_to`: up to there it reads the log itself.
create table bus_partition (
  consumer text not null,
  partition integer not null,
  position bigint not null,
  catch_up_to bigint,
  attempts integer not null default 0,
  not_before timestamptz,
  isolating_to bigint,
  updated_at timestamptz not null,
  primary key (consumer, partition)
);

-- More than 0: its places are in bus_partition, and `position` is only how far all of them have come.
alter table bus_consumer add column partitions integer not null default 0;
-- Set while the partitions are brought to one position again, after a change from NATS back to PostgreSQL.
alter table bus_consumer add column gather_to bigint;
