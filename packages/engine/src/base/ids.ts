import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** A new id, ordered by time of making (UUID version 7), so that indexes grow at their end. */
export function newId(): string {
  return uuidv7();
}

/** Random text for states, keys and tokens: `bytes` of it, base64url. 32 bytes by default, beyond guessing. */
export function newToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

/** A stable hash of a text (FNV-1a, 32 bits): the same on every machine and version, so it may be stored. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
