import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { newToken } from '#base/ids.ts';
import { one, type Queryable } from '#db/db.ts';

/** Seals the secret at rest; `access/secrets.ts` has it. */
export interface SecretSealer {
  seal(plain: string): string;
  open(sealed: string): string;
}

interface Deps {
  readonly db: Queryable;
  readonly clock: Clock;
  readonly secretBox: SecretSealer;
}

/**
 * The workspace's identity secret: what the customer's server computes user hashes with. Made on first use. It is shown to
 * people who may change settings, and to nobody else.
 */
export async function readIdentitySecret(deps: Deps, input: { workspaceId: string }): Promise<string> {
  const known = await find(deps, input.workspaceId);
  if (known !== null) return known;
  await deps.db.query({
    text: `insert into in_app_secret (workspace_id, sealed_secret, created_at) values ($1, $2, $3)
           on conflict (workspace_id) do nothing`,
    values: [input.workspaceId, deps.secretBox.seal(newToken()), deps.clock.now()],
  });
  const made = await find(deps, input.workspaceId);
  if (made === null) throw new Error('the identity secret was not stored');
  return made;
}

/** A new secret. From now on hashes made with the old one prove nothing: deploy the new one to your server at once. */
export async function rotateIdentitySecret(deps: Deps, input: { workspaceId: string }): Promise<string> {
  const secret = newToken();
  await deps.db.query({
    text: `insert into in_app_secret (workspace_id, sealed_secret, created_at) values ($1, $2, $3)
           on conflict (workspace_id) do update set sealed_secret = excluded.sealed_secret, created_at = excluded.created_at`,
    values: [input.workspaceId, deps.secretBox.seal(secret), deps.clock.now()],
  });
  return secret;
}

async function find(deps: Deps, workspaceId: string): Promise<string | null> {
  const row = await one<{ sealed: string }>(deps.db, {
    name: 'in_app_secret_find',
    text: 'select sealed_secret as sealed from in_app_secret where workspace_id = $1',
    values: [workspaceId],
  });
  return row ? deps.secretBox.open(row.sealed) : null;
}

/** What the customer's server computes: HMAC-SHA256(user id, secret) in hex. */
export function userHashOf(secret: string, userId: string): string {
  return createHmac('sha256', secret).update(userId, 'utf8').digest('hex');
}

/**
 * What the customer's server computes to prove that an address is a user's: over both, because a user hash alone lets every
 * user of the app say that somebody else's address is theirs. Ids hold no line feed, so no user hash passes for it.
 */
export function emailHashOf(secret: string, input: { userId: string; email: string }): string {
  return userHashOf(secret, `${input.userId}\n${input.email.trim().toLowerCase()}`);
}

export function isEmailHash(input: { secret: string; userId: string; email: string; emailHash: string }): boolean {
  const expected = Buffer.from(emailHashOf(input.secret, input), 'hex');
  const given = Buffer.from(input.emailHash, 'hex');
  return expected.length === given.length && timingSafeEqual(expected, given);
}

export function isUserHash(input: { secret: string; userId: string; userHash: string }): boolean {
  const expected = Buffer.from(userHashOf(input.secret, input.userId), 'hex');
  const given = Buffer.from(input.userHash, 'hex');
  return expected.length === given.length && timingSafeEqual(expected, given);
}
