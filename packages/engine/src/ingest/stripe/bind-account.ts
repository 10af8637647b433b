import type { ConnectionMethod } from '@growthos/contracts/http/connections.ts';
import type { SecretBox } from '#access/secrets.ts';
import { toEpochS, type Clock } from '#base/clock.ts';
import { ConflictError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { json, one, sqlState, UNIQUE_VIOLATION, type Db, type Tx } from '#db/db.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { ConnectionSecret } from './account-clients.ts';
import { startBackfill } from './backfill-store.ts';
import type { ConnectionDetails } from './connection-store.ts';
import type { SigningSecrets } from './signing-secrets.ts';
import { claimUnclaimed } from './unclaimed.ts';

export interface BindDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly secretBox: SecretBox;
  readonly directory: AccountDirectory;
  readonly signingSecrets: SigningSecrets;
}

export interface BindInput {
  readonly workspaceId: string;
  readonly account: string;
  readonly livemode: boolean;
  readonly method: ConnectionMethod;
  readonly secret: ConnectionSecret | null;
  readonly details: ConnectionDetails;
  readonly displayName: string | null;
  readonly country: string | null;
  readonly defaultCurrency: string | null;
}

/**
 * Binds a Stripe account to the workspace, claims what arrived for it before, and starts its backfill, all at once.
 * Connecting an account again that this workspace has connected already renews its rights and reads it again.
 * @throws ConflictError when another workspace has it.
 */
export async function bindAccount(deps: BindDeps, input: BindInput): Promise<{ connectionId: string }> {
  const now = deps.clock.now();
  const connectionId = await deps.db
    .transaction(async (tx) => {
      const id = (await renew(deps, { ...input, tx })) ?? (await insert(deps, { ...input, tx }));
      await tx.query({
        text: `insert into reconcile_state (stripe_account_id, complete_to_s) values ($1, $2)
               on conflict (stripe_account_id) do nothing`,
        values: [id, toEpochS(now)],
      });
      await claimUnclaimed(tx, {
        account: input.account,
        livemode: input.livemode,
        workspaceId: input.workspaceId,
        now,
      });
      await startBackfill(tx, { connectionId: id, workspaceId: input.workspaceId, reason: 'connect', now });
      return id;
    })
    .catch((error: unknown) => {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new ConflictError(
        `The Stripe account ${input.account} is connected to another workspace. Disconnect it there first.`,
        { cause: error },
      );
    });
  deps.directory.forget();
  deps.signingSecrets.forget();
  return { connectionId };
}

/**
 * The workspace that an account of this mode belongs to: the one that asked, or its twin of the other mode.
 * Null where there is no twin, so that test and live data never meet.
 */
export async function workspaceForMode(
  db: Db,
  input: { workspaceId: string; livemode: boolean },
): Promise<string | null> {
  const row = await one<{ id: string }>(db, {
    text: `select w.id from workspace asked join workspace w on w.id in (asked.id, asked.twin_id)
           where asked.id = $1 and w.mode = $2`,
    values: [input.workspaceId, input.livemode ? 'live' : 'test'],
  });
  return row?.id ?? null;
}

type InTx = BindInput & { readonly tx: Tx };

async function renew(deps: BindDeps, input: InTx): Promise<string | undefined> {
  const row = await one<{ id: string }>(input.tx, {
    text: `update stripe_account set method = $4, details = $5::jsonb, sealed_secret = $6, display_name = $7,
             country = $8, default_currency = $9
           where workspace_id = $1 and account = $2 and livemode = $3 and status = 'active' returning id`,
    values: [input.workspaceId, input.account, input.livemode, ...described(deps, input)],
  });
  return row?.id;
}

async function insert(deps: BindDeps, input: InTx): Promise<string> {
  const id = newId();
  await input.tx.query({
    text: `insert into stripe_account (workspace_id, account, livemode, method, details, sealed_secret, display_name,
             country, default_currency, id, status, connected_at)
           values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, 'active', $11)`,
    values: [input.workspaceId, input.account, input.livemode, ...described(deps, input), id, deps.clock.now()],
  });
  return id;
}

function described(deps: BindDeps, input: BindInput): (string | null)[] {
  return [
    input.method,
    json(input.details),
    input.secret === null ? null : deps.secretBox.seal(json(input.secret)),
    input.displayName,
    input.country,
    input.defaultCurrency,
  ];
}
