import type { Clock } from '#base/clock.ts';
import { one, type Db } from '#db/db.ts';

export interface AccountOwner {
  readonly workspaceId: string;
}

/** Which workspace an event of an account belongs to. */
export interface AccountDirectory {
  /** Null for an account that nobody has connected. */
  find(input: { account: string; livemode: boolean }): Promise<AccountOwner | null>;
  /** The same from memory, without waiting; undefined where it has to be looked up. */
  known(input: { account: string; livemode: boolean }): AccountOwner | undefined;
  /** To be called after a connection was made or ended in this process; other processes notice within `TTL_MS`. */
  forget(): void;
}

/** How long an answer is good: after that a change made by another process is seen. */
const TTL_MS = 2_000;
/** From this age on it is asked again beside the answers, so that under steady traffic nobody ever waits for it. */
const REFRESH_AFTER_MS = 1_000;

/**
 * Looks connections up, and remembers the ones that exist. However many ask at once, the database is asked once: after a
 * pause, a burst of webhooks would else be as many look-ups before the first is stored.
 * A Connect endpoint in live mode also hears the test events of the accounts connected there: they belong to the test
 * twin of the live workspace.
 */
export function createAccountDirectory(deps: { db: Db; clock: Clock }): AccountDirectory {
  const remembered = new Map<string, { owner: AccountOwner; readAtMs: number }>();
  const reading = new Map<string, Promise<AccountOwner | null>>();
  const keyOf = (input: { account: string; livemode: boolean }): string =>
    input.livemode ? input.account : `test ${input.account}`;
  const read = (input: { account: string; livemode: boolean }): Promise<AccountOwner | null> => {
    const key = keyOf(input);
    const running = reading.get(key);
    if (running !== undefined) return running;
    const readAtMs = deps.clock.now().getTime();
    const mine = readOwner(deps.db, input)
      .then((owner) => {
        // Forgotten meanwhile: whoever asked is answered as of then, and nobody later is.
        if (reading.get(key) !== mine) return owner;
        if (owner === null) remembered.delete(key);
        else remembered.set(key, { owner, readAtMs });
        return owner;
      })
      .finally(() => {
        if (reading.get(key) === mine) reading.delete(key);
      });
    reading.set(key, mine);
    return mine;
  };
  const known: AccountDirectory['known'] = (input) => {
    const hit = remembered.get(keyOf(input));
    if (hit === undefined) return undefined;
    const ageMs = deps.clock.now().getTime() - hit.readAtMs;
    if (ageMs >= TTL_MS) return undefined;
    // A failure is told to whoever has to wait for the answer, later.
    if (ageMs >= REFRESH_AFTER_MS) read(input).catch(() => undefined);
    return hit.owner;
  };
  return {
    known,
    find: async (input) => known(input) ?? read(input),
    forget() {
      remembered.clear();
      reading.clear();
    },
  };
}

async function readOwner(db: Db, input: { account: string; livemode: boolean }): Promise<AccountOwner | null> {
  const row = await one<AccountOwner>(db, {
    name: 'stripe_account_owner',
    text: `select case when a.livemode = $2 then a.workspace_id else twin.id end as "workspaceId"
           from stripe_account a
           join workspace w on w.id = a.workspace_id
           left join workspace twin on twin.id = w.twin_id
           where a.account = $1 and a.status = 'active' and (a.livemode = $2 or (a.livemode and twin.mode = 'test'))
           order by (a.livemode = $2) desc limit 1`,
    values: [input.account, input.livemode],
  });
  return row ?? null;
}
