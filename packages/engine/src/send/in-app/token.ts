import { createHmac, timingSafeEqual } from 'node:crypto';
import { toEpochS } from '#base/clock.ts';

/** What a browser has proven: it stands in an address (a stream's), so it is good for minutes only. */
export interface TokenClaim {
  readonly workspaceId: string;
  readonly userId: string;
  readonly expiresS: number;
}

export function signToken(secret: string, claim: TokenClaim): string {
  const body = Buffer.from(JSON.stringify([claim.workspaceId, claim.userId, claim.expiresS])).toString('base64url');
  return `${body}.${macOf(secret, body)}`;
}

/** Who the token says it is of, not yet proven: tells which workspace's secret to check it with. */
export function readToken(token: string): TokenClaim | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'));
    if (!Array.isArray(parts)) return null;
    const [workspaceId, userId, expiresS]: unknown[] = parts;
    if (typeof workspaceId !== 'string' || typeof userId !== 'string' || typeof expiresS !== 'number') return null;
    return /^[0-9a-f-]{36}$/.test(workspaceId) ? { workspaceId, userId, expiresS } : null;
  } catch {
    return null;
  }
}

export function isTokenOf(secret: string, input: { token: string; claim: TokenClaim; now: Date }): boolean {
  const [body = '', mac = ''] = input.token.split('.');
  const expected = Buffer.from(macOf(secret, body));
  const given = Buffer.from(mac);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false;
  return toEpochS(input.now) < input.claim.expiresS;
}

/** Under a key of its own, so that no user hash can pass for a token. */
function macOf(secret: string, body: string): string {
  const key = createHmac('sha256', secret).update('growthos in-app token').digest();
  return createHmac('sha256', key).update(body).digest('base64url');
}
