import { toEpochS } from '#base/clock.ts';
import { many, type Tx } from '#db/db.ts';
import type { BackfillRunRow } from './backfill-store.ts';
import type { ConnectionRow } from './connection-store.ts';
import type { ListPage } from './list-page.ts';

/** Lists that leave out what was deleted, and the kind of object in them. What is billed is never deleted at Stripe. */
const VANISHING: Readonly<Record<string, string>> = { customers: 'customer', products: 'product', coupons: 'coupon' };

/**
 * For a re-list after a gap that no event tells of: remembers what the page showed, and at the list's end returns a
 * tombstone for every object that we hold and Stripe no longer lists. Objects told of since the run began are newer than
 * its first pages, and stay.
 */
export async function findVanished(
  tx: Tx,
  input: { run: BackfillRunRow; connection: ConnectionRow; type: string; page: ListPage },
): Promise<{ id: string; object: string; deleted: true }[]> {
  const { run, connection, type, page } = input;
  const object = VANISHING[type];
  if (run.reason !== 'gap' || object === undefined) return [];
  await tx.query({
    text: `insert into backfill_seen (run_id, type, id) select $1, $2, id from unnest($3::text[]) as id on conflict do nothing`,
    values: [run.id, type, page.objects.map(({ id }) => id).filter((id) => typeof id === 'string')],
  });
  if (page.hasMore) return [];
  const rows = await many<{ id: string }>(tx, {
    text: `select o.id from stripe_object o
           where o.stripe_account = $1 and o.livemode = $2 and o.type = $3 and not o.is_deleted and o.as_of_s < $4
             and not exists (select 1 from backfill_seen s where s.run_id = $5 and s.type = $6 and s.id = o.id)`,
    values: [connection.account, connection.livemode, object, toEpochS(run.startedAt), run.id, type],
  });
  await tx.query({ text: 'delete from backfill_seen where run_id = $1 and type = $2', values: [run.id, type] });
  return rows.map(({ id }) => ({ id, object, deleted: true }));
}
