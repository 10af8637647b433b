-- What a merge takes along, so that undoing it gives all of it back. For whom a run was started and a message asked for,
-- for ever; null: for the contact that has it.
alter table enrolment add column origin_contact_id uuid;
alter table message add column origin_contact_id uuid;
-- A run that a merge ended, because the other contact stood in the same sequence: as it was {status, next_due_at}.
alter table enrolment add column before_merge jsonb;

-- In which segments both contacts were when they were merged, as rows of segment_membership. Written by respond/segments.
create table segment_before_merge (
  from_contact_id uuid not null,
  into_contact_id uuid not null,
  memberships jsonb not null,
  primary key (from_contact_id, into_contact_id)
);
create index segment_before_merge_by_into on segment_before_merge (into_contact_id);

-- The starts by a date that the contact which went was still to have. Written by respond/sequences.
create table sequence_date_merged (
  sequence_id uuid not null references sequence (id),
  contact_id uuid not null references contact (id),
  workspace_id uuid not null,
  due_at timestamptz not null,
  property_value timestamptz not null,
  primary key (sequence_id, contact_id)
);

-- Who merged and who undid it; null: evidence did, or an API key.
alter table contact_merge add column merged_by_person uuid;
alter table contact_merge add column undone_by_person uuid;
create index contact_merge_by_workspace on contact_merge (workspace_id, merged_at desc, id);
