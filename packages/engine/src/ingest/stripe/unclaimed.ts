import { many, type Queryable, type Tx } from '#db/db.ts';
import { insertEvents } from '../inbox/insert.ts';
import { readEventEnvelope, toInboxEvent, type EventEnvelope } from './event-envelope.ts';

/** Keeps a proven event of an account that nobody has connected. The same one twice is kept once. */
export async function keepUnclaimed(
  db: Queryable,
  input: { account: string; envelope: EventEnvelope; payload: string | Buffer; now: Date },
): Promise<void> {
  const { account, envelope, payload, now } = input;
  await db.query({
    text: `insert into inbox_unclaimed (account, event_id, livemode, type, received_at, payload)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    values: [account, envelope.id, envelope.livemode, envelope.type, now, String(payload)],
  });
}

/** Events taken from the kept ones in one go; a busy account may have left many. */
const CLAIM_BATCH_SIZE = 500;

/** Moves what was kept for an account into the ledger of the workspace that has connected it now. Returns how many. */
export async function claimUnclaimed(
  tx: Tx,
  input: { account: string; livemode: boolean; workspaceId: string; now: Date },
): Promise<number> {
  let claimed = 0;
  for (;;) {
    const rows = await many<{ payload: string }>(tx, {
      text: `delete from inbox_unclaimed where (account, event_id) in (
               select account, event_id from inbox_unclaimed where account = $1 and livemode = $2
               order by received_at, event_id limit $3)
             returning payload`,
      values: [input.account, input.livemode, CLAIM_BATCH_SIZE],
    });
    if (rows.length === 0) return claimed;
    claimed += rows.length;
    const { account, workspaceId } = input;
    const events = rows.map(({ payload }) =>
      toInboxEvent({ envelope: readEventEnvelope(JSON.parse(payload)), workspaceId, account, via: 'webhook', payload }),
    );
    events.sort((a, b) => a.createdS - b.createdS);
    await insertEvents(tx, { events, now: input.now });
  }
}
