/**
 * Stripe events as accounts of all ages and habits send them, through the front door: none fails, and each tells what it
 * should and nothing else. Written by hand from Stripe's changelog (world/stripe-shapes.ts), not recorded.
 */
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReplayEngine, type ReplayEngine } from '#cli/replay-engine.ts';
import { signStripePayload } from '#ingest/index.ts';
import type { OddEvent } from '../world/odd-events/odd-event.ts';
import { ODD_EVENTS } from '../world/odd-events/odd-events.ts';
import { API_VERSION } from '../world/stripe-shapes.ts';

let engine: ReplayEngine;
let outcomes: Awaited<ReturnType<ReplayEngine['outcomes']>>;
const answers = new Map<string, number>();

beforeAll(async () => {
  engine = await startReplayEngine({ accounts: ['acct_connected'] });
  for (const [nth, odd] of ODD_EVENTS.entries()) answers.set(odd.what, await post(odd, nth));
  await engine.settle();
  outcomes = await engine.outcomes();
}, 120_000);
afterAll(() => engine.stop());

const idOf = (nth: number): string => `evt_odd_${nth}`;

async function post(odd: OddEvent, nth: number): Promise<number> {
  const payload = JSON.stringify({
    id: idOf(nth),
    object: 'event',
    api_version: API_VERSION[odd.shape],
    created: 1_793_500_000 + nth * 60,
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: odd.type,
    data: {
      object: ownIds(odd.object, nth),
      ...(odd.previous === undefined ? {} : { previous_attributes: ownIds(odd.previous, nth) }),
    },
    ...odd.envelope,
  });
  const account = odd.envelope?.['account'] === undefined ? null : 'acct_connected';
  const answer = await fetch(`${engine.url}${engine.accounts.pathFor({ account, livemode: false })}`, {
    method: 'POST',
    headers: { 'stripe-signature': signStripePayload({ payload, secret: engine.accounts.secret, now: engine.now() }) },
    body: payload,
  });
  return answer.status;
}

/** `cus_1`, `sub_1` and so on become this case's own, so that no case sees another's customer. */
function ownIds(value: unknown, nth: number): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === 'string' && /^(cus|sub|si|in|ch|pi|pm|di|dp)_\d$/.test(part) ? `${part}of${nth}` : part,
  );
}

const isBilling = (type: string): boolean => Object.hasOwn(BILLING_EVENTS, type) && type !== 'customer_linked';

test('every one is answered 200, and none is left unread', () => {
  expect([...answers].filter(([, status]) => status !== 200)).toEqual([]);
  expect([...outcomes.dead]).toEqual([]);
  expect(outcomes.pending).toBe(0);
});

test.each(ODD_EVENTS.map((odd, nth) => [odd.what, odd.tells, nth] as const))('%s: tells %j', (_what, tells, nth) => {
  expect((outcomes.mapped.get(idOf(nth)) ?? []).filter(isBilling)).toEqual([...tells].sort());
});
