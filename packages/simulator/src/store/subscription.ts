import type { Metadata } from './customer.ts';
import type { Row } from './table.ts';

export type SubscriptionStatus =
  | 'trialing'
  | 'active'
  | 'past_due'
  | 'unpaid'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'paused';

export interface ItemRow {
  id: string;
  created: number;
  price: string;
  quantity: number;
  metadata: Metadata;
}

export interface SubscriptionRow extends Row {
  customer: string;
  status: SubscriptionStatus;
  currency: string;
  items: ItemRow[];
  billingCycleAnchor: number;
  periodStart: number;
  periodEnd: number;
  startDate: number;
  trialStart: number | null;
  trialEnd: number | null;
  trialEndBehavior: 'create_invoice' | 'cancel' | 'pause';
  cancelAt: number | null;
  cancelAtPeriodEnd: boolean;
  canceledAt: number | null;
  endedAt: number | null;
  cancellation: { comment: string | null; feedback: string | null; reason: string | null };
  collectionMethod: 'charge_automatically' | 'send_invoice';
  daysUntilDue: number | null;
  defaultPaymentMethod: string | null;
  description: string | null;
  discounts: string[];
  latestInvoice: string | null;
  metadata: Metadata;
  pauseCollection: { behavior: 'void' | 'keep_as_draft' | 'mark_uncollectible'; resumesAt: number | null } | null;
  /** Why and when the status became `paused`; shown since endive. */
  paused: { at: number; type: string } | null;
  schedule: string | null;
  billingMode: 'classic' | 'flexible';
}

export interface SchedulePhase {
  startDate: number;
  endDate: number;
  items: { price: string; quantity: number }[];
  metadata: Metadata;
  prorationBehavior: string;
}

export interface ScheduleRow extends Row {
  customer: string;
  subscription: string | null;
  releasedSubscription: string | null;
  status: 'not_started' | 'active' | 'completed' | 'released' | 'canceled';
  endBehavior: 'release' | 'cancel';
  phases: SchedulePhase[];
  canceledAt: number | null;
  completedAt: number | null;
  releasedAt: number | null;
  metadata: Metadata;
}
