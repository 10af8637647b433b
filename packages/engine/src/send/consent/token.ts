import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Who asks, and for what: the whole of it is in the link, so nothing is looked up before it is proven. */
const Claim = z.object({ w: z.uuid(), c: z.uuid(), k: z.enum(['product', 'marketing']), m: z.uuid().nullable() });

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

/**
 * Links that never expire and may be used again: somebody may unsubscribe from a mail of last year, twice. The key is
 * derived from the server's secret, for this purpose only.
 */
export function createUnsubscribeTokens(secretKeyBase64: string): UnsubscribeTokens {
  const secret = Buffer.from(secretKeyBase64, 'base64');
  const key = Buffer.from(hkdfSync('sha256', secret, 'growthos', 'unsubscribe-v1', 32));
  const macOf = (body: string): Buffer => createHmac('sha256', key).update(body).digest().subarray(0, MAC_BYTES);
  return {
    sign(claim) {
      const plain = { w: claim.workspaceId, c: claim.contactId, k: claim.category, m: claim.messageId };
      const body = Buffer.from(JSON.stringify(plain)).toString('base64url');
      return `${body}.${macOf(body).toString('base64url')}`;
    },
    read(token) {
      const [body, mac, ...rest] = token.split('.');
      if (body === undefined || mac === undefined || rest.length > 0 || token.length > 1000) return null;
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== MAC_BYTES || !timingSafeEqual(given, macOf(body))) return null;
      const claim = Claim.safeParse(parseJson(Buffer.from(body, 'base64url').toString('utf8')));
      if (!claim.success) return null;
      const { w, c, k, m } = claim.data;
      return { workspaceId: w, contactId: c, category: k, messageId: m };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
