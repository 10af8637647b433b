import type { Metadata } from './customer.ts';

export interface AccountRow {
  id: string;
  created: number;
  name: string;
  email: string;
  country: string;
  defaultCurrency: string;
  timezone: string;
  apiVersion: string;
  metadata: Metadata;
  /** Days between attempts and what follows the last one. */
  retryDays: number[];
  afterRetries: 'cancel' | 'unpaid' | 'past_due';
}

export interface KeyRow {
  key: string;
  account: string;
  livemode: boolean;
  /** null: everything. Otherwise `rak_*` names; write includes read. */
  permissions: string[] | null;
  /** Seconds; null: for ever. App tokens last an hour. */
  expiresAt: number | null;
  /** Set on tokens made by OAuth, so that they die with the connection. */
  application: string | null;
}

/** Who may act on an account: a platform or an app that its owner let in. */
export interface ConnectionRow {
  application: string;
  account: string;
  livemode: boolean;
  scope: 'read_write' | 'read_only' | 'stripe_apps';
  refreshToken: string;
}

export interface CodeRow {
  code: string;
  application: string;
  account: string;
  livemode: boolean;
  scope: 'read_write' | 'read_only' | 'stripe_apps';
  createdS: number;
  isUsed: boolean;
}

export interface ApplicationRow {
  id: string;
  name: string;
  /** The account that owns the platform or the app. */
  account: string;
  kind: 'platform' | 'app';
  /** Allowed redirect addresses; empty allows every one. */
  redirectUris: string[];
  /** App only: what its manifest asks for. */
  permissions: string[];
}
