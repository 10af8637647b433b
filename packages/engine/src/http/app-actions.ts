import type { Access } from '#access/index.ts';
import type { Tx } from '#db/db.ts';

/** What routes make other stages do: main.ts hands these over, so that `http` knows no stage's inside. */
export interface AppActions {
  /**
   * Gives an event of the ledger to the drain once more, within the access's workspace. Effects are keyed by the fact, so
   * nothing is told twice. @throws NotFoundError for a number of another workspace, or one that is not dead.
   */
  replayLedgerEvent(input: { access: Access; seq: bigint }): Promise<void>;
  /** Hands a dead letter of the bus to its consumer again. @throws NotFoundError; else what the consumer throws. */
  replayDeadLetter(input: { access: Access; id: string }): Promise<void>;
  /** Called in the transaction that changes the settings `key`: what must be computed anew is asked for here. */
  settingsChanged(tx: Tx, input: { workspaceId: string; key: string }): Promise<void>;
}
