/** What the parts of reading a history are given and share. */
import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Db, Tx } from '#db/db.ts';
import type { AccountClients } from './account-clients.ts';
import type { BackfillListRow, BackfillRunRow } from './backfill-store.ts';
import type { ConnectionRow } from './connection-store.ts';
import type { BackfillList } from './backfill-lists.ts';
import type { Limiter, LimitScope } from './limiter.ts';

/** Puts objects that were read into the graph; `asOfS` is when the read began. */
export type ApplyObjects = (
  tx: Tx,
  input: {
    workspaceId: string;
    stripeAccount: string;
    livemode: boolean;
    asOfS: number;
    objects: readonly unknown[];
    /** Default `backfill`: whose billing it changes is computed a little later, for all of them together. */
    cause?: 'backfill' | 'reconcile';
  },
) => Promise<void>;

export interface BackfillDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly clients: AccountClients;
  readonly limiter: Limiter;
  readonly applyObjects: ApplyObjects;
}

/** One list's turn in a run. */
export interface ListTurn {
  readonly run: BackfillRunRow;
  readonly connection: ConnectionRow;
  readonly list: BackfillListRow;
  /** Of all lists that are being read. */
  readonly progress: { objects: number };
}

/** What a list's requests are counted to. */
export function limitScopeOf(input: Pick<ListTurn, 'connection'> & { definition: BackfillList }): LimitScope {
  const { account, livemode } = input.connection;
  return { account, livemode, resource: input.definition.path };
}
