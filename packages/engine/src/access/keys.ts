import { createHash } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { newId, newToken } from '#base/ids.ts';
import { many, one, type Db } from '#db/db.ts';
import type { Access, Role } from './access.ts';
import { recordAudit } from './audit.ts';

export const KEY_SCOPES = ['read', 'write', 'admin'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

const ROLE_OF_SCOPE: Readonly<Record<KeyScope, Role>> = { read: 'viewer', write: 'editor', admin: 'admin' };

const API_KEY_PREFIX = 'gos_';
const WRITE_KEY_PREFIX = 'wk_';
/** `last_used_at` is written at most this often, so that reading stays reading. */
const LAST_USED_GRAIN_MS = 60_000;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
}

/** A new secret key. The key itself is in this answer and nowhere else: only its hash is kept. */
export async function createApiKey(
  deps: Deps,
  input: { access: Access; name: string; scope: KeyScope },
): Promise<{ id: string; key: string }> {
  const id = newId();
  const key = `${API_KEY_PREFIX}${newToken()}`;
  await deps.db.transaction(async (tx) => {
    await tx.query({
      text: `insert into api_key (id, workspace_id, name, hint, key_hash, scope, created_by, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [
        id,
        input.access.workspaceId,
        input.name,
        `${key.slice(0, 10)}…`,
        sha256(key),
        input.scope,
        input.access.personId,
        deps.clock.now(),
      ],
    });
    await recordAudit(
      { db: tx, clock: deps.clock },
      { access: input.access, action: 'api_key.created', subject: id, text: `Made the API key “${input.name}”` },
    );
  });
  return { id, key };
}

/** Whom an `Authorization: Bearer gos_...` stands for; null when there is no such key, or it was revoked. */
export async function findApiKey(deps: Deps, key: string): Promise<Access | null> {
  if (!key.startsWith(API_KEY_PREFIX)) return null;
  const row = await one<{ id: string; workspaceId: string; scope: KeyScope; lastUsedAt: Date | null }>(deps.db, {
    name: 'access_find_api_key',
    text: `select id, workspace_id as "workspaceId", scope, last_used_at as "lastUsedAt"
           from api_key where key_hash = $1 and revoked_at is null`,
    values: [sha256(key)],
  });
  if (!row) return null;
  const now = deps.clock.now();
  if (row.lastUsedAt === null || now.getTime() - row.lastUsedAt.getTime() > LAST_USED_GRAIN_MS) {
    await deps.db.query({ text: 'update api_key set last_used_at = $2 where id = $1', values: [row.id, now] });
  }
  return {
    workspaceId: row.workspaceId,
    personId: null,
    role: ROLE_OF_SCOPE[row.scope],
    via: 'api_key',
    apiKeyId: row.id,
  };
}

/** A new public key for the browser snippet and for servers that send product events. */
export async function createWriteKey(
  deps: Deps,
  input: { access: Access; name: string },
): Promise<{ id: string; key: string }> {
  const made = await insertWriteKey(deps, { workspaceId: input.access.workspaceId, name: input.name });
  await recordAudit(deps, {
    access: input.access,
    action: 'write_key.created',
    subject: made.id,
    text: `Made the write key “${input.name}”`,
  });
  return made;
}

/** The same without a person behind it: for the demo and for tests. */
export async function insertWriteKey(
  deps: Deps,
  input: { workspaceId: string; name: string; key?: string },
): Promise<{ id: string; key: string }> {
  const id = newId();
  const key = input.key ?? `${WRITE_KEY_PREFIX}${newToken(18)}`;
  await deps.db.query({
    text: 'insert into write_key (id, workspace_id, name, key, created_at) values ($1, $2, $3, $4, $5)',
    values: [id, input.workspaceId, input.name, key, deps.clock.now()],
  });
  return { id, key };
}

/** The workspace that a write key sends to; null when there is no such key, or it was revoked. */
export async function findWriteKey(
  deps: { db: Db },
  key: string,
): Promise<{ id: string; workspaceId: string; mode: 'live' | 'test' } | null> {
  const row = await one<{ id: string; workspaceId: string; mode: 'live' | 'test' }>(deps.db, {
    name: 'access_find_write_key',
    text: `select k.id, k.workspace_id as "workspaceId", w.mode from write_key k join workspace w on w.id = k.workspace_id
           where k.key = $1 and k.revoked_at is null`,
    values: [key],
  });
  return row ?? null;
}

/**
 * Whom a key sends product events for: a write key, which is public, or an API key that may write, which is not. Null when
 * there is no such key, it was revoked, or it may only read.
 */
export async function findTrackKey(
  deps: Deps,
  key: string,
): Promise<{ workspaceId: string; mode: 'live' | 'test'; isSecret: boolean } | null> {
  if (!key.startsWith(API_KEY_PREFIX)) {
    const found = await findWriteKey(deps, key);
    return found ? { workspaceId: found.workspaceId, mode: found.mode, isSecret: false } : null;
  }
  const access = await findApiKey(deps, key);
  if (!access || access.role === 'viewer') return null;
  const row = await one<{ mode: 'live' | 'test' }>(deps.db, {
    name: 'access_workspace_mode',
    text: 'select mode from workspace where id = $1',
    values: [access.workspaceId],
  });
  return row ? { workspaceId: access.workspaceId, mode: row.mode, isSecret: true } : null;
}

/** From now on the key opens nothing. @throws NotFoundError for a key of another workspace, or one already revoked. */
export async function revokeKey(
  deps: Deps,
  input: { access: Access; kind: 'api_key' | 'write_key'; id: string },
): Promise<void> {
  const table = input.kind === 'api_key' ? 'api_key' : 'write_key';
  await deps.db.transaction(async (tx) => {
    const rows = await many<{ name: string }>(tx, {
      text: `update ${table} set revoked_at = $3 where id = $1 and workspace_id = $2 and revoked_at is null returning name`,
      values: [input.id, input.access.workspaceId, deps.clock.now()],
    });
    const [row] = rows;
    if (!row) throw new NotFoundError('There is no such key, or it was revoked already.');
    const what = input.kind === 'api_key' ? 'API key' : 'write key';
    await recordAudit(
      { db: tx, clock: deps.clock },
      {
        access: input.access,
        action: `${input.kind}.revoked`,
        subject: input.id,
        text: `Revoked the ${what} “${row.name}”`,
      },
    );
  });
}
