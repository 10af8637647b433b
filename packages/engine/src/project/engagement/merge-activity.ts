import { one, type Tx } from '#db/db.ts';

/** What of a contact's activity cannot be taken apart again by arithmetic: as it was before a merge. Null: there was none. */
export interface ActivityBefore {
  readonly last_activity_at: string | null;
  readonly nps_score: number | null;
  readonly nps_at: string | null;
}

/**
 * Gives the activity of one contact to another, for a merge of the two. The row of the one that goes stays, so that the
 * merge can be undone, but is no longer counted. Scores are not touched: the next event or sweep brings them up to date.
 * @returns what the surviving contact had of its own, for the undoing.
 */
export async function mergeActivity(
  tx: Tx,
  input: { fromContactId: string; intoContactId: string },
): Promise<ActivityBefore | null> {
  const { fromContactId, intoContactId } = input;
  const before = await one<ActivityBefore>(tx, {
    text: `select to_jsonb(last_activity_at) #>> '{}' as last_activity_at, nps_score, to_jsonb(nps_at) #>> '{}' as nps_at
           from contact_engagement where contact_id = $1`,
    values: [intoContactId],
  });
  await tx.query({
    text: `insert into contact_engagement as e
             (contact_id, workspace_id, bucket, rank_key, half_life_days, event_count, last_activity_at, nps_score, nps_at)
           select $2, workspace_id, bucket, rank_key, half_life_days, event_count, last_activity_at, nps_score, nps_at
           from contact_engagement where contact_id = $1 and is_counted
           on conflict (contact_id) do update set
             rank_key = engagement_sum(e.rank_key, excluded.rank_key
               + extract(epoch from excluded.last_activity_at)::float8 / 86400
                 * (1 / e.half_life_days - 1 / excluded.half_life_days)),
             event_count = e.event_count + excluded.event_count,
             last_activity_at = greatest(e.last_activity_at, excluded.last_activity_at),
             nps_score = case when e.nps_at >= excluded.nps_at then e.nps_score
               else coalesce(excluded.nps_score, e.nps_score) end,
             nps_at = greatest(e.nps_at, excluded.nps_at)`,
    values: [fromContactId, intoContactId],
  });
  await tx.query({
    text: 'update contact_engagement set is_counted = false where contact_id = $1',
    values: [fromContactId],
  });
  return before ?? null;
}

/** Takes the activity that a merge gave away out of the other contact again. What came since the merge stays there. */
export async function unmergeActivity(
  tx: Tx,
  input: { fromContactId: string; intoContactId: string; before?: ActivityBefore | null | undefined },
): Promise<void> {
  const { fromContactId, intoContactId, before } = input;
  await tx.query({
    // log2(2^a - 2^b); where nothing is left, the contact has no product data of its own.
    text: `update contact_engagement e set
             rank_key = case when e.event_count > f.event_count and e.rank_key > f.rank_key
               then e.rank_key + ln(1 - power(2::float8, -least(e.rank_key - f.rank_key, 1000))) / ln(2::float8)
               when f.rank_key is null then e.rank_key end,
             event_count = greatest(0, e.event_count - f.event_count),
             last_activity_at = case when e.last_activity_at > f.last_activity_at then e.last_activity_at
               else $3::timestamptz end,
             nps_score = case when e.nps_at > f.nps_at or f.nps_at is null then e.nps_score else $4::smallint end,
             nps_at = case when e.nps_at > f.nps_at or f.nps_at is null then e.nps_at else $5::timestamptz end
           from contact_engagement f where e.contact_id = $2 and f.contact_id = $1 and not f.is_counted`,
    values: [
      fromContactId,
      intoContactId,
      before?.last_activity_at ?? null,
      before?.nps_score ?? null,
      before?.nps_at ?? null,
    ],
  });
  await tx.query({
    text: 'delete from contact_engagement where contact_id = $1 and event_count = 0 and nps_at is null',
    values: [intoContactId],
  });
  await tx.query({
    text: 'update contact_engagement set is_counted = true where contact_id = $1',
    values: [fromContactId],
  });
}

/** Forgets what contacts did, for an erasure. */
export async function forgetActivity(tx: Tx, input: { contactIds: readonly string[] }): Promise<void> {
  await tx.query({
    text: 'delete from contact_engagement where contact_id = any($1::uuid[])',
    values: [[...input.contactIds]],
  });
}
