import { many, type Db, type Tx } from '#db/db.ts';
import type { Clock } from '#base/clock.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { SigningSecrets } from './signing-secrets.ts';

/**
 * Ends connections in our own books: no event is routed to them any more, their backfill stops, their keys and endpoint
 * secrets are destroyed. What was read stays. Ending twice changes nothing.
 */
export async function endConnections(
  tx: Tx,
  input: { connectionIds: readonly string[]; reason: string; now: Date },
): Promise<void> {
  const { connectionIds, reason, now } = input;
  await tx.query({
    text: `update stripe_account set status = 'disconnected', disconnected_at = $2, disconnect_reason = $3,
             sealed_secret = null
           where id = any($1::uuid[]) and status = 'active'`,
    values: [[...connectionIds], now, reason],
  });
  await tx.query({
    text: `update backfill_run set state = 'stopped', finished_at = $2
           where stripe_account_id = any($1::uuid[]) and state = 'running'`,
    values: [[...connectionIds], now],
  });
  await tx.query({
    text: `update stripe_endpoint set status = 'gone', sealed_secret = ''
           where stripe_account_id = any($1::uuid[]) and status <> 'gone'`,
    values: [[...connectionIds]],
  });
  await tx.query({
    text: 'delete from reconcile_state where stripe_account_id = any($1::uuid[])',
    values: [[...connectionIds]],
  });
}

/**
 * The account's owner removed us at Stripe. Only a connection that stood at that time ends: a delivery that comes late,
 * after the owner has connected again, must not end the new one.
 */
export async function endDeauthorized(
  deps: { db: Db; clock: Clock; directory: AccountDirectory; signingSecrets: SigningSecrets },
  input: { account: string; livemode: boolean; at: Date },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const rows = await many<{ id: string }>(tx, {
      text: `select id from stripe_account
             where account = $1 and livemode = $2 and status = 'active' and method in ('connect', 'app')
               and date_trunc('second', connected_at) <= $3 for update`,
      values: [input.account, input.livemode, input.at],
    });
    await endConnections(tx, {
      connectionIds: rows.map((row) => row.id),
      reason: 'The account’s owner removed the application in Stripe.',
      now: deps.clock.now(),
    });
  });
  deps.directory.forget();
  deps.signingSecrets.forget();
}
