/**
 * Objects that are made once per event or per contact share their shape. In Node 20 each object has a shape of its own
 * where a literal begins with a spread and names a new field behind it (`{ ...part, field }`): making it takes seven times
 * as long, reading it takes the slow way, and what it leaves behind outlives collections. Name new fields first, or use
 * `Object.assign`.
 */
import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { singleFigure } from '#project/billing/currency.ts';
import { billingPolicy } from '#project/billing/policy.ts';
import { DEFAULT_BILLING_SETTINGS } from '#project/billing/settings.ts';
import { summarizeBilling } from '#project/billing/summary.ts';
import { readEvent } from '#project/apply/told-events.ts';
import { contactValues } from '#project/contact-billing/contact-values.ts';
import { marksOf, mergeMarks } from '#project/objects/marks.ts';
import { readOwn } from '#project/objects/read-telling.ts';
import { readStripeObject } from '#project/stripe/read.ts';

setFlagsFromString('--allow-natives-syntax');
// eslint-disable-next-line typescript/no-implied-eval -- V8's own word for it is no JavaScript that a parser would take.
const haveSameShape = new Function('left', 'right', 'return %HaveSameMap(left, right)') as (
  left: unknown,
  right: unknown,
) => boolean;

const asOf = new Date('2026-11-24T09:00:00Z');
const raw = (object: string, n: number): Record<string, unknown> => ({
  id: `${object}_${n}`,
  object,
  customer: 'cus_1',
  currency: 'usd',
  status: object === 'invoice' ? 'open' : object === 'charge' ? 'failed' : 'active',
  attempt_count: n,
  created: 1_790_000_000 + n,
  metadata: { utm_source: `ad ${n}` },
});
const event = (n: number) => ({
  workspaceId: 'w',
  origin: 'acct_1',
  livemode: false,
  eventId: `evt_${n}`,
  type: 'invoice.payment_failed',
  createdS: 1_790_000_000,
  payload: { data: { object: raw('invoice', n) } },
});
const summary = (n: number) =>
  summarizeBilling({ customers: [], subscriptions: [], settings: DEFAULT_BILLING_SETTINGS, asOf: new Date(+asOf + n) });
const policy = billingPolicy(DEFAULT_BILLING_SETTINGS);

const made: Record<string, (n: number) => unknown> = {
  ...Object.fromEntries(
    ['customer', 'subscription', 'invoice', 'charge', 'price', 'refund', 'dispute'].map((object) => [
      `fact of a ${object}`,
      (n: number) => readStripeObject(raw(object, n)).fact,
    ]),
  ),
  'event that was read': (n) => readEvent(event(n)),
  'telling of an event': (n) => readEvent(event(n)).telling,
  'telling of a read': (n) => readOwn(raw('invoice', n), n),
  marks: (n) => {
    const { telling } = readEvent(event(n));
    return telling === null ? null : mergeMarks({ failedAttempts: 1, lastFailedS: n }, marksOf(telling));
  },
  summary,
  'columns of a contact': (n) => contactValues({ summary: summary(n), objects: [], asOf }),
  figure: (n) =>
    singleFigure(
      { policy, asOfS: n, impliedRates: [] },
      { byCurrency: new Map([['usd', 5n]]), fallbackCurrency: null },
    ),
};

/** Two of a kind, made when the engine has learned how they are made: before that it takes another way. */
function twoOf(make: (n: number) => unknown): [unknown, unknown] {
  for (let n = 0; n < 2_000; n++) make(n);
  return [make(1), make(2)];
}

test.each(Object.entries(made))('%s', (_name, make) => {
  const [left, right] = twoOf(make);
  expect(left).toBeTypeOf('object');
  expect(left).not.toBe(null);
  expect(haveSameShape(left, right)).toBe(true);
});

test('a field that is named behind a spread would be noticed, where the engine has that weakness', () => {
  const behind = (n: number): unknown => {
    const part = { x: n };
    return { ...part, y: n };
  };
  const isNoticed = !haveSameShape(...twoOf(behind));
  if (process.versions.node.startsWith('20.')) expect(isNoticed).toBe(true);
});
