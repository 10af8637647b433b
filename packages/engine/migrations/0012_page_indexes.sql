-- What the pages look for in a million contacts. Partial where they can be: somebody who never paid, or is only an
-- anonymous visitor, costs no entry when they are seen again.
create index contact_by_name on contact (workspace_id, lower(coalesce(name, email)), id)
  where merged_into is null and coalesce(name, email) is not null;
create index contact_by_mrr on contact (workspace_id, mrr_minor desc, id)
  where merged_into is null and mrr_minor is not null;
create index contact_by_ltv on contact (workspace_id, ltv_minor desc, id)
  where merged_into is null and ltv_minor is not null;
create index contact_by_trial_end on contact (workspace_id, trial_end_date, id)
  where merged_into is null and billing_status = 'trialing';
create index contact_by_plan on contact (workspace_id, plan) where merged_into is null and plan is not null;
create index contact_by_tier on contact (workspace_id, tier) where merged_into is null and tier is not null;
create index contact_by_failure on contact (workspace_id, failed_payment_at desc)
  where merged_into is null and failed_payment_at is not null;
create index contact_by_cancel on contact (workspace_id, cancels_at)
  where merged_into is null and cancels_at is not null;
-- The few who paid in several currencies that no rate joins: their sums are taken apart.
create index contact_by_mixed_ltv on contact (workspace_id)
  where merged_into is null and erased_at is null and ltv_minor is null and ltv_by_currency <> '{}'::jsonb;
-- Any word of the name or of the e-mail address, by its beginning.
create index contact_by_word on contact using gin (
  to_tsvector('simple'::regconfig, coalesce(name, '') || ' ' || translate(coalesce(email, ''), '@.+-_', '     '))
) where merged_into is null;
-- Which event of the bus a received event led to.
create index bus_event_by_cause on bus_event ((cause ->> 'id')) where cause ->> 'id' is not null;
create index bus_event_newest on bus_event (workspace_id, position desc);
create index inbox_dead_by_workspace on inbox_dead (workspace_id, died_at desc);
