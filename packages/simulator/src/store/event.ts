import type { Metadata } from './customer.ts';
import type { Row } from './table.ts';

/** Kept as text: nothing can change it afterwards, and it takes a third of the room. */
export interface Rendering {
  readonly objectJson: string;
  readonly previousJson: string | null;
}

/** The object as it was, once per API version that somebody listens in; never rendered again. */
export interface EventRow extends Row {
  type: string;
  /** Of the object that it is about. */
  objectId: string | null;
  requestId: string | null;
  idempotencyKey: string | null;
  /** The account's default version when it happened: what the API shows. */
  apiVersion: string;
  renderings: Record<string, Rendering>;
  /** Deliveries asked for, and those not yet answered 2xx. */
  deliveries: number;
  pending: number;
}

export interface WebhookEndpointRow extends Row {
  url: string;
  enabledEvents: string[];
  apiVersion: string | null;
  connect: boolean;
  secret: string;
  status: 'enabled' | 'disabled';
  description: string | null;
  metadata: Metadata;
}

export interface DeliveryRow {
  id: string;
  /** The account and mode in which the event happened. */
  stateKey: string;
  eventId: string;
  eventType: string;
  endpointStateKey: string;
  endpointId: string;
  url: string;
  status: 'pending' | 'delivered' | 'failed' | 'dropped';
  attempts: { atS: number; status: number | null; error: string | null }[];
  nextAttemptS: number | null;
}
