import type { EventCause } from '@growthos/contracts/events/envelope.ts';

/** What a stage hands to `publish`. */
export interface NewBusEvent {
  readonly workspaceId: string;
  readonly contactId: string | null;
  readonly type: string;
  /** `stripe:acct_...`, `app`, or `growthos`. */
  readonly source: string;
  /** When it happened in the world; the log's own time is taken at publishing. */
  readonly time: Date;
  readonly data: Readonly<Record<string, unknown>>;
  readonly cause: EventCause | null;
  /** One event per real fact: a second event of the workspace with the same key is silently dropped. */
  readonly dedupeKey?: string;
}

/** What a consumer receives. `position` rises in commit order; `id` is the same at every redelivery. */
export interface BusEvent {
  readonly position: bigint;
  readonly id: string;
  readonly workspaceId: string;
  readonly contactId: string | null;
  readonly type: string;
  readonly source: string;
  readonly time: Date;
  readonly recordedAt: Date;
  readonly data: Readonly<Record<string, unknown>>;
  readonly cause: EventCause | null;
  /**
   * Set where the consumer was past this event already, so that later events of the contact may have been handled since:
   * what is not kept single by a key of the event has to look at what came after.
   */
  readonly isReplay?: boolean;
}

/** Columns of `bus_event` under the names of `BusEvent`. */
export const BUS_EVENT_COLUMNS = `position, id, workspace_id as "workspaceId", contact_id as "contactId", type, source,
  time, recorded_at as "recordedAt", data, cause`;
