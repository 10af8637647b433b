import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { SignatureInvalidError } from '#base/errors.ts';
import { signingKey, signStripePayload, verifyStripeSignature } from './verify.ts';

const SECRET = 'whsec_one';
const now = new Date('2026-11-24T09:00:00Z');
const nowS = now.getTime() / 1000;
const body = Buffer.from('{"id":"evt_1","name":"naïve ☃"}');
const v1 = (secret: string, t: number | string = nowS, bytes: Uint8Array = body): string =>
  createHmac('sha256', secret).update(`${t}.`).update(bytes).digest('hex');
const verify = (header: string | undefined, over: { secrets?: string[]; rawBody?: Uint8Array; now?: Date } = {}) =>
  verifyStripeSignature({
    rawBody: over.rawBody ?? body,
    header,
    keys: (over.secrets ?? [SECRET]).map(signingKey),
    now: over.now ?? now,
  });

test('a signature made by the stripe package is accepted, and ours is accepted by it', () => {
  const payload = body.toString('utf8');
  const stripe = new Stripe('sk_test_x');
  verify(stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: nowS }));
  const header = signStripePayload({ payload, secret: SECRET, now: new MovableClock(new Date()).now() });
  expect(stripe.webhooks.constructEvent(payload, header, SECRET).id).toBe('evt_1');
});

test('every v1 is tried against every live secret', () => {
  verify(`t=${nowS},v1=${v1('whsec_other')},v1=${v1(SECRET)}`);
  verify(`t=${nowS},v1=${v1('whsec_two')}`, { secrets: [SECRET, 'whsec_two'] });
});

test.each([
  ['no header', undefined],
  ['an empty header', ''],
  ['no time', `v1=${v1(SECRET)}`],
  ['no signature', `t=${nowS}`],
  ['another secret', `t=${nowS},v1=${v1('whsec_other')}`],
  ['only scheme v0', `t=${nowS},v0=${v1(SECRET)}`],
  ['a signature of another time', `t=${nowS},v1=${v1(SECRET, nowS - 1)}`],
  ['a signature cut short', `t=${nowS},v1=${v1(SECRET).slice(0, 40)}`],
  ['a time that is no number', `t=soon,v1=${v1(SECRET, 'soon')}`],
  ['rubbish', 'rubbish'],
])('%s is refused', (_what, header) => {
  expect(() => verify(header)).toThrow(SignatureInvalidError);
});

test('a changed body is refused', () => {
  const changed = Buffer.from(body);
  changed[5] = 0x58;
  expect(() => verify(`t=${nowS},v1=${v1(SECRET)}`, { rawBody: changed })).toThrow(/does not fit/);
});

test('300 seconds old is accepted, 301 is too old, the future passes', () => {
  verify(`t=${nowS - 300},v1=${v1(SECRET, nowS - 300)}`);
  expect(() => verify(`t=${nowS - 301},v1=${v1(SECRET, nowS - 301)}`)).toThrow('301 seconds old');
  verify(`t=${nowS + 3000},v1=${v1(SECRET, nowS + 3000)}`);
});

test('with no live secret nothing is accepted, and a blank secret is never made a key', () => {
  expect(() => verify(`t=${nowS},v1=${v1(SECRET)}`, { secrets: [] })).toThrow(SignatureInvalidError);
  expect(() => signingKey(' ')).toThrow(/blank/);
});
