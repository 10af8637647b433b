import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('nothing set is the embedded default', () => {
  expect(readConfig({})).toMatchObject({ ROLE: 'both', PORT: 4400, DATA_DIR: '.data', DEMO: false });
});

test.each([
  [{ STRIPE_SECRET_KEY: 'sk_test_1' }, 'STRIPE_CLIENT_ID: missing'],
  [{ STRIPE_CLIENT_ID: 'ca_1' }, 'STRIPE_SECRET_KEY: missing'],
  [{ STRIPE_APP_SECRET_KEY: 'sk_test_1' }, 'STRIPE_APP_CLIENT_ID: missing'],
  [{ DATABASE_URL: 'postgres://127.0.0.1/x' }, 'SECRET_KEY: missing'],
  [{ SECRET_KEY: 'short' }, 'SECRET_KEY: must be 32 bytes'],
  [{ PORT: 'many' }, 'PORT: '],
  [{ SMTP_URL: 'mail.example' }, 'SMTP_URL: must start with smtp://'],
])('%o is refused with a line that names the variable', (env, line) => {
  expect(() => readConfig(env)).toThrow(line);
});
