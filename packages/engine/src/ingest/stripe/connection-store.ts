import type { ConnectionMethod } from '@growthos/contracts/http/connections.ts';
import { NotFoundError } from '#base/errors.ts';
import { many, one, type Queryable } from '#db/db.ts';

/** A connected account, without its secret. */
export interface ConnectionRow {
  readonly id: string;
  readonly workspaceId: string;
  /** `acct_...` */
  readonly account: string;
  readonly livemode: boolean;
  readonly method: ConnectionMethod;
  readonly status: 'active' | 'disconnected';
  readonly displayName: string | null;
  readonly country: string | null;
  readonly defaultCurrency: string | null;
  readonly details: ConnectionDetails;
  readonly connectedAt: Date;
  readonly disconnectedAt: Date | null;
  readonly disconnectReason: string | null;
}

/** What the `details` column holds: never a secret. */
export interface ConnectionDetails {
  readonly scope?: string;
  readonly keyLast4?: string;
  /** By slug, as probed. */
  readonly granted?: Readonly<Record<string, boolean>>;
  /** A key without the permission for webhook endpoints: events are asked for. */
  readonly isPolled?: boolean;
  /** Made for recorded events only: there is no key, and nothing is asked of Stripe. */
  readonly isOnPaper?: boolean;
}

const COLUMNS = `id, workspace_id as "workspaceId", account, livemode, method, status, display_name as "displayName", country,
  default_currency as "defaultCurrency", details, connected_at as "connectedAt", disconnected_at as "disconnectedAt",
  disconnect_reason as "disconnectReason"`;

export async function readConnection(
  db: Queryable,
  input: { connectionId: string; workspaceId?: string },
): Promise<ConnectionRow> {
  const row = await one<ConnectionRow>(db, {
    text: `select ${COLUMNS} from stripe_account where id = $1 and ($2::uuid is null or workspace_id = $2)`,
    values: [input.connectionId, input.workspaceId ?? null],
  });
  if (row === undefined) throw new NotFoundError('There is no such Stripe connection.');
  return row;
}

export async function readConnections(db: Queryable, input: { workspaceId: string }): Promise<ConnectionRow[]> {
  return many<ConnectionRow>(db, {
    text: `select ${COLUMNS} from stripe_account where workspace_id = $1 order by (status = 'active') desc, connected_at desc`,
    values: [input.workspaceId],
  });
}

/** Those that Stripe can be asked about. */
export async function readActiveConnections(db: Queryable): Promise<ConnectionRow[]> {
  return many<ConnectionRow>(db, {
    text: `select ${COLUMNS} from stripe_account where status = 'active'
             and not coalesce((details ->> 'isOnPaper')::boolean, false) order by connected_at`,
  });
}

export async function readSealedSecret(db: Queryable, connectionId: string): Promise<string | null> {
  const row = await one<{ sealed: string | null }>(db, {
    text: 'select sealed_secret as sealed from stripe_account where id = $1',
    values: [connectionId],
  });
  return row?.sealed ?? null;
}
