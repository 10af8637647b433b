-- Mails of which nobody knows whether they were taken wait for a person: the first page counts them.
create index message_uncertain on message (workspace_id, requested_at desc) where status = 'uncertain';
