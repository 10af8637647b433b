import type { Tx } from '#db/db.ts';
import type { BusEvent } from './bus-event.ts';

/** Somebody who listens to the bus. Which transport runs makes no difference to it. */
export interface Consumer {
  readonly name: string;
  /** Event types it wants; null for all. */
  readonly types: readonly string[] | null;
  readonly batchSizeMax: number;
  /** `start` of a consumer that is new: from the oldest event, or only what comes from now on. */
  readonly from: 'oldest' | 'now';
  /**
   * Handles a batch inside the transaction that moves the position. Throwing rolls everything back. Events of one contact
   * come in the order of their commits, in one batch or in later ones; batches of different contacts may run side by side.
   */
  handle(tx: Tx, events: readonly BusEvent[]): Promise<void>;
  /** For a person who may replay it: who it is, and what a replay does and does not do. Without it, nobody is offered it. */
  readonly replay?: { readonly title: string; readonly says: string };
}
