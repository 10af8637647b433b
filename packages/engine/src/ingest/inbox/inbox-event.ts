export type InboxSource = 'stripe' | 'track';

/** What comes in, proven and parsed, before it is in the ledger. (`origin`, `eventId`) names it for ever. */
export interface InboxEvent {
  readonly workspaceId: string;
  readonly source: InboxSource;
  /** The Stripe account (`acct_...`), or the workspace's id for product events. */
  readonly origin: string;
  readonly eventId: string;
  readonly type: string;
  /** Whose turn it is: the Stripe customer, or the person. Events of one subject are applied in the order of the ledger. */
  readonly subject: string;
  readonly livemode: boolean;
  /** The sender's time of the event, epoch seconds. */
  readonly createdS: number;
  readonly via: 'webhook' | 'reconcile' | 'poll' | 'replay' | 'api';
  /** The JSON, exactly as it came: a text, or its bytes in UTF-8. */
  readonly payload: string | Buffer;
}

/** An event of the ledger, as it is handed to the apply function of its source. */
export interface StoredEvent extends Omit<InboxEvent, 'payload'> {
  readonly seq: bigint;
  readonly receivedAt: Date;
  /** The parsed JSON. */
  readonly payload: unknown;
}

export type StoreOutcome = 'accepted' | 'duplicate';
