import { randomBytes } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { many, type Db } from '#db/db.ts';
import type { Sealer } from '../send-deps.ts';

export interface EndpointView {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly eventTypes: string[];
  readonly status: 'active' | 'disabled';
  readonly disabledReason: string | null;
}

const COLUMNS = `id, name, url, event_types as "eventTypes", status, disabled_reason as "disabledReason"`;
const ENDPOINTS_MAX = 20;

export function listWebhookEndpoints(db: Db, input: { workspaceId: string }): Promise<EndpointView[]> {
  return many<EndpointView>(db, {
    text: `select ${COLUMNS} from webhook_endpoint where workspace_id = $1 order by created_at, id`,
    values: [input.workspaceId],
  });
}

/** The signing secret is told once and kept sealed. Events are sent from now on. */
export async function addWebhookEndpoint(
  deps: { db: Db; clock: Clock; secrets: Sealer },
  input: { workspaceId: string; name: string; url: string; eventTypes: readonly string[] },
): Promise<EndpointView & { secret: string }> {
  const existing = await listWebhookEndpoints(deps.db, input);
  if (existing.length >= ENDPOINTS_MAX)
    throw new InvalidInputError(`A workspace has at most ${ENDPOINTS_MAX} webhooks.`);
  // Standard Webhooks: 24 to 64 random bytes, base64, after this prefix.
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const [row] = await many<EndpointView>(deps.db, {
    text: `insert into webhook_endpoint (id, workspace_id, name, url, sealed_secret, event_types, status, created_at)
           values ($1, $2, $3, $4, $5, $6::text[], 'active', $7) returning ${COLUMNS}`,
    values: [
      newId(),
      input.workspaceId,
      input.name,
      input.url,
      deps.secrets.seal(secret),
      [...input.eventTypes],
      deps.clock.now(),
    ],
  });
  if (!row) throw new Error('the new webhook was not stored');
  return { ...row, secret };
}

export async function removeWebhookEndpoint(db: Db, input: { workspaceId: string; id: string }): Promise<void> {
  const rows = await many(db, {
    text: 'delete from webhook_endpoint where id = $1 and workspace_id = $2 returning 1',
    values: [input.id, input.workspaceId],
  });
  if (rows.length === 0) throw new NotFoundError('There is no such webhook.');
}
