-- Mails of which nobody knows whether they were taken wait for a person: the first page counts them.
create index message_uncertain on message (workspace_id, requested_at desc) where status = 'uncertain';

-- With a mail server a workspace rehearses until somebody says otherwise. Who has sent before goes on sending.
insert into sending_rules (workspace_id, rules, updated_at)
select w.id, '{"isDryRun": false}', now() from workspace w
where exists (select 1 from message m where m.workspace_id = w.id)
on conflict (workspace_id) do update set rules = '{"isDryRun": false}'::jsonb || sending_rules.rules;
