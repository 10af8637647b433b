import type { SubscriptionChange } from '../stripe/changes.ts';
import type { StripeFact } from '../stripe/read.ts';

/** One telling of an object's state: by an event, or by a read of ours. */
export interface Telling {
  readonly type: string;
  readonly id: string;
  /** Null only for a deletion, which carries nothing but the id. */
  readonly fact: StripeFact;
  readonly customerId: string | null;
  readonly parentId: string | null;
  /** Stripe's time of it, epoch seconds: the event's `created`, or when the read began. */
  readonly asOfS: number;
  /** The event's id, or `read`. */
  readonly toldBy: string;
  /** Null for a read. */
  readonly eventType: string | null;
  readonly isDeletion: boolean;
  /** As Stripe wrote it: only ties within one second look at these. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly previous: Readonly<Record<string, unknown>> | null;
  /** Of a subscription with `previous`: how it was before. */
  readonly change: SubscriptionChange | null;
}

export const READ = 'read';
