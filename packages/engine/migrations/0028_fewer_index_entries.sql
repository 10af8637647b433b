-- Every row that is read of a history pays for each index that it is in. One by type served prices and codes, which are few:
-- everything else is asked for by its key or its customer. One by parent serves what names no customer itself.
drop index stripe_object_by_type;
create index stripe_object_catalogue on stripe_object (workspace_id, stripe_account, type, id)
  where type in ('price', 'promotion_code');
drop index stripe_object_by_parent;
create index stripe_object_by_parent on stripe_object (workspace_id, stripe_account, parent_id, type)
  where parent_id is not null and customer_id is null;

-- Read backwards they serve the newest first as well, and what is new is always added at their end.
drop index inbox_event_by_workspace;
create index inbox_event_by_workspace on inbox_event (workspace_id, source, seq);
drop index bus_event_newest;
create index bus_event_newest on bus_event (workspace_id, position);
