import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export interface UnsubscribeClaim {
  readonly workspaceId: string;
  readonly contactId: string;
  readonly category: 'product' | 'marketing';
  readonly messageId: string | null;
}

export interface UnsubscribeTokens {
  sign(claim: UnsubscribeClaim): string;
  /** Null for a token that we did not make. */
  read(token: string): UnsubscribeClaim | null;
}

/** HMAC-SHA-256; 128 bits of it keep links short and are beyond guessing. */
const MAC_BYTES = 16;
const CATEGORIES = ['product', 'marketing'] as const;
const UUID_BYTES = 16;
/** Category, workspace, contact, message (zeros: none). */
const BODY_BYTES = 1 + 3 * UUID_BYTES;
const NO_MESSAGE = '00000000-0000-0000-0000-000000000000';

/**
 * Links that never expire and may be used again: somebody may unsubscribe from a mail of last year, twice. The key is
 * derived from the server's secret, for this purpose only. All that the link means is in it, in 87 characters: routers
 * stop at 100.
 */
export function createUnsubscribeTokens(secretKeyBase64: string): UnsubscribeTokens {
  const secret = Buffer.from(secretKeyBase64, 'base64');
  const key = Buffer.from(hkdfSync('sha256', secret, 'growthos', 'unsubscribe-v1', 32));
  const macOf = (body: Buffer): Buffer => createHmac('sha256', key).update(body).digest().subarray(0, MAC_BYTES);
  return {
    sign(claim) {
      const ids = [claim.workspaceId, claim.contactId, claim.messageId ?? NO_MESSAGE];
      const body = Buffer.concat([Buffer.from([CATEGORIES.indexOf(claim.category)]), ...ids.map(bytesOf)]);
      return Buffer.concat([body, macOf(body)]).toString('base64url');
    },
    read(token) {
      if (!/^[\w-]{1,200}$/.test(token)) return null;
      const bytes = Buffer.from(token, 'base64url');
      if (bytes.length !== BODY_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return null;
      const body = bytes.subarray(0, BODY_BYTES);
      if (!timingSafeEqual(bytes.subarray(BODY_BYTES), macOf(body))) return null;
      const category = CATEGORIES[body[0] ?? -1];
      const id = (nth: number): string => uuidOf(body.subarray(1 + nth * UUID_BYTES, 1 + (nth + 1) * UUID_BYTES));
      if (category === undefined) return null;
      const messageId = id(2);
      return { workspaceId: id(0), contactId: id(1), category, messageId: messageId === NO_MESSAGE ? null : messageId };
    },
  };
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
