import { expect, test } from 'vitest';
import { ConfigurationError } from '#base/errors.ts';
import { createSecretBox } from './secrets.ts';

const key = Buffer.alloc(32, 7).toString('base64');

test('what was sealed opens again, and reads differently each time it is sealed', () => {
  const box = createSecretBox(key);
  const [first, second] = [box.seal('rk_live_ключ'), box.seal('rk_live_ключ')];
  expect(first).not.toBe(second);
  expect(first).not.toContain('rk_live');
  expect([box.open(first), box.open(second)]).toEqual(['rk_live_ключ', 'rk_live_ключ']);
  expect(box.open(box.seal(''))).toBe('');
});

test('a secret that was changed, cut or sealed with another key is refused, and the error never holds it', () => {
  const sealed = createSecretBox(key).seal('whsec_very_secret');
  const [prefix, nonce, tag, body = ''] = sealed.split('.');
  const flipped = (body[0] === 'A' ? 'B' : 'A') + body.slice(1);
  const wrong = [
    `${prefix}.${nonce}.${tag}.${flipped}`,
    `${prefix}.${nonce}.${tag?.slice(0, 8)}.${body}`,
    'v9.a.b.c',
    'plain',
  ];
  for (const text of wrong) expect(() => createSecretBox(key).open(text)).toThrow(ConfigurationError);
  const other = createSecretBox(Buffer.alloc(32, 8).toString('base64'));
  expect(() => other.open(sealed)).toThrow(/another SECRET_KEY/);
});

test('a key of the wrong length is refused with the command that makes a right one', () => {
  expect(() => createSecretBox('c2hvcnQ=')).toThrow(/openssl rand -base64 32/);
});
