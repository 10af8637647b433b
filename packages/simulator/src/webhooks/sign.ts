import { createHmac } from 'node:crypto';

/**
 * Stripe's header: `t` is the second of this attempt, `v1` the HMAC-SHA256 of `t.body` under the whole `whsec_` text.
 * Test-mode deliveries also carry a `v0` that nobody may trust; readers must ignore it.
 */
export function signatureHeader(input: {
  readonly body: string;
  readonly secrets: readonly string[];
  readonly atS: number;
  readonly livemode: boolean;
}): string {
  const parts = input.secrets.map((secret) => `v1=${hmac(secret, `${input.atS}.${input.body}`)}`);
  if (!input.livemode) parts.push(`v0=${hmac('test-mode', `${input.atS}.${input.body}`)}`);
  return [`t=${input.atS}`, ...parts].join(',');
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text, 'utf8').digest('hex');
}
