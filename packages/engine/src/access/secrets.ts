import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ConfigurationError } from '#base/errors.ts';

/** Seals what must not be readable in a copy of the database: Stripe keys, tokens, signing secrets. */
export interface SecretBox {
  /** Sealing the same text twice gives two different results; both open. */
  seal(plain: string): string;
  /** @throws ConfigurationError when it was sealed with another key, was changed, or is no sealed text at all. */
  open(sealed: string): string;
}

/** Stands in front of every sealed text, so that a later scheme can live beside this one. */
const PREFIX = 'v1';
/** AES-256 needs 32 bytes of key; GCM is made for nonces of 12 bytes and tags of 16. Source: NIST SP 800-38D. */
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM under one key: 32 bytes in base64, as `openssl rand -base64 32` makes.
 * @throws ConfigurationError when the key has another length.
 */
export function createSecretBox(keyBase64: string): SecretBox {
  const key = Buffer.from(keyBase64, 'base64');
  if (key.length !== KEY_BYTES) {
    throw new ConfigurationError(
      `SECRET_KEY: must be ${KEY_BYTES} bytes in base64, but holds ${key.length}. Make one: openssl rand -base64 32`,
    );
  }
  return {
    seal(plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return [PREFIX, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed) {
      const [prefix, nonce, tag, body, ...rest] = sealed.split('.');
      if (prefix !== PREFIX || nonce === undefined || tag === undefined || body === undefined || rest.length > 0) {
        throw new ConfigurationError(`A stored secret has an unknown form (expected it to start with "${PREFIX}.").`);
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new ConfigurationError(
          'A stored secret cannot be opened: it was sealed with another SECRET_KEY, or changed since. ' +
            'Set SECRET_KEY to the key of before, or connect the Stripe account again.',
          { cause: error },
        );
      }
    },
  };
}
