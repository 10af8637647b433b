import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { toEpochS } from '#base/clock.ts';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { aCustomer, aSubscription, GRAPH_START, type GraphWorld, openGraphWorld } from '../../../test/world/graph.ts';
import { lastVisitBefore, addVisit } from './visits.ts';
import { type Touch, visitOf } from './touch.ts';

let db: Db;
let world: GraphWorld;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await openGraphWorld(db);
});

const HOUR_S = 3600;
const START_S = toEpochS(GRAPH_START);

/** A page view that a campaign led to, so many hours after the start. */
const visit = (source: string, hours: number) => () =>
  world.say({ type: 'page', userId: 'u1', context: { campaign: { source, medium: 'cpc' } } }, { atS: hours * HOUR_S });
const identify = () => world.say({ type: 'identify', userId: 'u1' });
const pay = (hours: number) => async () => {
  await world.stripe('customer.created', aCustomer('cus_1', { metadata: { user_id: 'u1' } }));
  await world.stripe('charge.succeeded', {
    id: 'ch_1',
    object: 'charge',
    customer: 'cus_1',
    amount: 2900,
    amount_captured: 2900,
    captured: true,
    currency: 'usd',
    status: 'succeeded',
    paid: true,
    created: START_S + hours * HOUR_S,
    livemode: false,
    metadata: {},
  });
};

async function touches(): Promise<{ first: unknown; last: unknown; channel: unknown }> {
  const [contact] = await world.contacts();
  const source = (touch: unknown) => (touch as Touch | null)?.source ?? null;
  return {
    first: source(contact?.['first_touch']),
    last: source(contact?.['last_touch_before_payment']),
    channel: contact?.['acquisition_channel'],
  };
}

test.each([
  ['in the order in which it happened', [0, 1, 2, 3, 4]],
  ['the payment first', [0, 4, 3, 2, 1]],
  ['the payment last', [0, 3, 1, 2, 4]],
  ['the late visit before the early ones', [0, 3, 4, 2, 1]],
])('first and last touch before the first payment do not hang on the order of arrival: %s', async (_name, order) => {
  const steps = [identify, visit('google', 1), visit('newsletter', 2), visit('facebook', 9), pay(5)];
  for (const nth of order) await steps[nth]?.();
  expect(await touches()).toEqual({ first: 'google', last: 'newsletter', channel: 'paid search' });
});

test('a payment that turns out to be older moves the last touch back', async () => {
  await identify();
  await visit('google', 1)();
  await visit('newsletter', 4)();
  await pay(6)();
  expect(await touches()).toMatchObject({ last: 'newsletter' });
  await world.stripe('invoice.paid', {
    id: 'in_0',
    object: 'invoice',
    customer: 'cus_1',
    status: 'paid',
    amount_paid: 900,
    amount_due: 900,
    total: 900,
    currency: 'usd',
    created: START_S + 2 * HOUR_S,
    status_transitions: { paid_at: START_S + 2 * HOUR_S },
    livemode: false,
    metadata: {},
    lines: { object: 'list', data: [], has_more: false },
  });
  expect(await touches()).toMatchObject({ first: 'google', last: 'google' });
});

test('two browsers of one person: the earliest touch is the first, the latest before paying the last', async () => {
  const from = (anonymousId: string, source: string, hours: number) =>
    world.say({ type: 'page', anonymousId, context: { campaign: { source } } }, { atS: hours * HOUR_S });
  await pay(5)();
  await from('phone', 'podcast', 3);
  await from('laptop', 'google', 1);
  await from('laptop', 'facebook', 8);
  for (const anonymousId of ['phone', 'laptop']) await world.say({ type: 'identify', userId: 'u1', anonymousId });
  expect(await touches()).toMatchObject({ first: 'google', last: 'podcast' });
});

test('without a visit, what the seller noted in the metadata of Stripe counts, and is marked so', async () => {
  const noted = { utm_source: 'partner', utm_medium: 'affiliate', landing_page: 'https://x.example/p' };
  await world.stripe('customer.created', aCustomer('cus_1', { metadata: { user_id: 'u1' } }));
  expect(await touches()).toEqual({ first: null, last: null, channel: null });
  await world.stripe('customer.subscription.created', aSubscription('sub_1', 'cus_1', { metadata: noted }));
  expect(await touches()).toEqual({ first: 'partner', last: null, channel: 'referral' });
  const [contact] = await world.contacts();
  expect(contact?.['first_touch']).toMatchObject({ origin: 'stripe_metadata', landing_page: 'https://x.example/p' });
  // The customer's own come before those of a subscription.
  const customer = aCustomer('cus_1', { metadata: { user_id: 'u1', utm_source: 'fair', utm_medium: 'event' } });
  await world.stripe('customer.updated', customer, { atS: 5 });
  expect(await touches()).toMatchObject({ first: 'fair', channel: 'other' });
  // A visit that was seen comes before what somebody noted, whenever it is told.
  await visit('google', -48)();
  expect(await touches()).toMatchObject({ first: 'google', channel: 'paid search' });
  await world.stripe('customer.updated', { ...customer, name: 'Ada' }, { atS: 9 });
  expect(await touches()).toMatchObject({ first: 'google' });
});

test('what is no longer noted is no longer known', async () => {
  await world.stripe('customer.created', aCustomer('cus_1', { metadata: { utm_source: 'fair' } }));
  expect(await touches()).toMatchObject({ first: 'fair' });
  await world.stripe('customer.updated', aCustomer('cus_1'), { atS: 5 });
  expect(await touches()).toEqual({ first: null, last: null, channel: null });
});

test('a page reached from the same site is no visit; the last visit that the SDK tells of is', () => {
  const page = (url: string, referrer: string) =>
    visitOf({ type: 'page', timestamp: '2026-11-24T09:00:00.000Z', context: { page: { url, referrer } } });
  expect(page('https://app.example/b', 'https://app.example/a')).toBeNull();
  expect(page('https://app.example/', 'https://news.ycombinator.com/')).toMatchObject({
    landing_page: 'https://app.example/',
  });
  const context = {
    firstTouch: { at: '2026-11-01T00:00:00.000Z', referrer: 'https://google.com/' },
    lastTouch: { at: '2026-11-20T00:00:00.000Z', campaign: { source: 'newsletter' } },
  };
  expect(visitOf({ type: 'track', timestamp: '2026-11-24T09:00:00.000Z', context })).toMatchObject({
    at: '2026-11-20T00:00:00.000Z',
    source: 'newsletter',
  });
});

test('only the last visits are kept, in any order of telling the same', () => {
  const hours = Array.from({ length: 40 }, (_, nth) => nth);
  const at = (hour: number): Touch => ({
    at: new Date(GRAPH_START.getTime() + hour * HOUR_S * 1000).toISOString(),
    source: `s${hour}`,
    medium: null,
    campaign: null,
    term: null,
    content: null,
    referrer: null,
    landing_page: null,
  });
  const told = (order: readonly number[]) => order.reduce<readonly Touch[]>((all, hour) => addVisit(all, at(hour)), []);
  const kept = told(hours);
  expect(kept.map(({ source }) => source)).toEqual(hours.slice(20).map((hour) => `s${hour}`));
  expect(told([...hours].reverse())).toEqual(kept);
  expect(addVisit(kept, at(3))).toBe(kept);
  expect(lastVisitBefore(kept, new Date(GRAPH_START.getTime() + 30.5 * HOUR_S * 1000))).toMatchObject({
    source: 's30',
  });
});
