import type { SecretBox } from '#access/secrets.ts';
import type { Clock } from '#base/clock.ts';
import { newId, newToken } from '#base/ids.ts';
import { many, type Db } from '#db/db.ts';
import { STRIPE_API_VERSION } from './client.ts';
import { insertEndpoint } from './endpoint-store.ts';

export interface ReplayAccounts {
  /** Signs for all of these endpoints. */
  readonly secret: string;
  /** Where to post an event of an account, and one that names none. */
  pathFor(event: { account: string | null; livemode: boolean }): string;
}

/**
 * Connects accounts on paper, in an instance of its own: recorded events can be posted for them and nothing is asked of
 * Stripe. Events that name no account come through an endpoint of their own, as those of a restricted key do.
 */
export async function connectForReplay(
  deps: { db: Db; clock: Clock; secretBox: SecretBox },
  input: { liveId: string; testId: string; accounts: readonly string[] },
): Promise<ReplayAccounts> {
  const secret = `whsec_${newToken()}`;
  const now = deps.clock.now();
  const url = 'http://127.0.0.1/webhooks/stripe';
  const endpoint = { stripeId: 'we_replay', url, apiVersion: STRIPE_API_VERSION, secret, now };
  await insertEndpoint(deps, { stripeAccountId: null, livemode: false, urlKey: null, ...endpoint });
  for (const livemode of [false, true]) {
    const workspaceId = livemode ? input.liveId : input.testId;
    for (const account of ['acct_replay', ...input.accounts]) {
      const id = newId();
      const isOwn = account === 'acct_replay';
      await deps.db.query({
        text: `insert into stripe_account (id, workspace_id, account, livemode, method, status, details, connected_at)
               values ($1, $2, $3, $4, $5, 'active', '{"isOnPaper": true}', to_timestamp(0)) on conflict do nothing`,
        values: [id, workspaceId, account, livemode, isOwn ? 'restricted_key' : 'connect'],
      });
      if (isOwn) {
        await insertEndpoint(deps, { stripeAccountId: id, livemode, urlKey: livemode ? 'live' : 'test', ...endpoint });
      }
    }
  }
  return {
    secret,
    pathFor: ({ account, livemode }) =>
      account === null ? `/webhooks/stripe/${livemode ? 'live' : 'test'}` : '/webhooks/stripe',
  };
}

/** What became of events of the ledger: the types on the bus that each caused, and why some could not be applied. */
export async function readReplayOutcomes(
  db: Db,
): Promise<{ mapped: Map<string, string[]>; dead: Map<string, string>; pending: number }> {
  const mapped = await many<{ eventId: string; types: string[] }>(db, {
    text: `select cause ->> 'id' as "eventId", array_agg(distinct type order by type) as types from bus_event
           where cause ->> 'kind' = 'stripe_event' and source like 'stripe:%' group by 1`,
  });
  const dead = await many<{ eventId: string; error: string }>(db, {
    text: `select e.event_id as "eventId", d.error from inbox_dead d join inbox_event e using (seq)`,
  });
  const [pending] = await many<{ n: number }>(db, { text: 'select count(*)::int as n from inbox_pending' });
  return {
    mapped: new Map(mapped.map((row) => [row.eventId, row.types])),
    dead: new Map(dead.map((row) => [row.eventId, row.error])),
    pending: pending?.n ?? 0,
  };
}
