import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { toEpochS } from '#base/clock.ts';
import { ConfigurationError, SignatureInvalidError } from '#base/errors.ts';

/** Stripe signature tolerance, seconds. Source: stripe-node Webhooks, DEFAULT_TOLERANCE = 300. */
const TOLERANCE_S = 300;

/** Stripe keys the HMAC with the whole text of the secret, `whsec_` included. */
export function signingKey(secret: string): KeyObject {
  if (secret.trim() === '') throw new ConfigurationError('A webhook signing secret is blank.');
  return createSecretKey(Buffer.from(secret, 'utf8'));
}

/**
 * Proves that Stripe sent these bytes, with any of the live secrets and any `v1` of the header; other schemes are ignored
 * (Stripe's own `v0` on test events is one), and nothing tells which secret or which signature came close.
 * Too old is refused only after the signature fits; a time in the future passes, as it does in Stripe's own packages.
 * The keys are made once per secret: with a plain buffer Node makes them anew for each message, at 3 times the cost.
 * @throws SignatureInvalidError
 */
export function verifyStripeSignature(input: {
  rawBody: Uint8Array;
  header: string | undefined;
  keys: readonly KeyObject[];
  now: Date;
}): void {
  const { header } = input;
  if (header === undefined || header === '') {
    throw new SignatureInvalidError('The Stripe-Signature header is missing.');
  }
  const { timestamp, signatures } = parseHeader(header);
  if (timestamp === null || signatures.length === 0) {
    throw new SignatureInvalidError('The Stripe-Signature header has no time (t) or no signature of scheme v1.');
  }
  let fits = false;
  for (const key of input.keys) {
    const expected = createHmac('sha256', key).update(`${timestamp}.`).update(input.rawBody).digest();
    for (const signature of signatures) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) fits = true;
    }
  }
  if (!fits) {
    throw new SignatureInvalidError('The signature does not fit the body with any of our signing secrets.');
  }
  const ageS = toEpochS(input.now) - Number(timestamp);
  if (ageS > TOLERANCE_S) {
    throw new SignatureInvalidError(`The signature is ${ageS} seconds old; at most ${TOLERANCE_S} are accepted.`);
  }
}

/** `t=1700000000,v1=<hex>,v1=<hex>,v0=<hex>`. Of several times the last counts, as in Stripe's own packages. */
function parseHeader(header: string): { timestamp: string | null; signatures: Buffer[] } {
  let timestamp: string | null = null;
  const signatures: Buffer[] = [];
  for (const part of header.split(',')) {
    const at = part.indexOf('=');
    const scheme = part.slice(0, at).trim();
    const value = part.slice(at + 1).trim();
    if (scheme === 't') timestamp = /^\d{1,12}$/.test(value) ? value : null;
    else if (scheme === 'v1' && /^[0-9a-f]{64}$/i.test(value)) signatures.push(Buffer.from(value, 'hex'));
  }
  return { timestamp, signatures };
}

/** The header that Stripe would send. For the replay command and for benchmarks. */
export function signStripePayload(input: { payload: string; secret: string; now: Date }): string {
  const timestamp = toEpochS(input.now);
  const signature = createHmac('sha256', signingKey(input.secret)).update(`${timestamp}.`).update(input.payload);
  return `t=${timestamp},v1=${signature.digest('hex')}`;
}
