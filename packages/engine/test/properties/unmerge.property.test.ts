/**
 * A merge that is undone leaves nothing behind: billing, identities, companies, activity, places in segments, runs,
 * messages and timeline of both are what they were, whatever the two had done before and whoever went into whom.
 * Raised for a long look, such as PROPERTY_RUNS=300.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toEpochS } from '#base/clock.ts';
import type { Db } from '#db/db.ts';
import { mergeByPerson, undoMerge } from '#project/index.ts';
import { openTestDb } from '../world/database.ts';
import { aCustomer, aSubscription } from '../world/graph.ts';
import { openUnmergeWorld, type UnmergeWorld } from './unmerge-world.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 12);
const DAY_S = 86_400;

let db: Db;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

const PEOPLE = ['ada', 'payer'] as const;
type Person = (typeof PEOPLE)[number];

const KINDS = ['open', 'identify', 'page', 'nps', 'group', 'subscribe', 'trial', 'cancel', 'rename', 'wait'] as const;
const deed = fc.record({ kind: fc.constantFrom(...KINDS), who: fc.constantFrom(...PEOPLE), n: fc.nat(9) });
type Deed = { readonly kind: (typeof KINDS)[number]; readonly who: Person; readonly n: number };

const IN_THE_APP: readonly string[] = ['open', 'identify', 'page', 'nps', 'group'];

/** `isStripeOnly`: the app never hears of the payer. */
async function live(world: UnmergeWorld, { kind, who, n }: Deed, isStripeOnly: boolean): Promise<void> {
  const { say, stripe, clock } = world;
  const isUnknown = isStripeOnly && who === 'payer';
  if (isUnknown && IN_THE_APP.includes(kind)) return;
  const customerId = `cus_${who}`;
  const email = `${who}@example.test`;
  switch (kind) {
    case 'open':
      return say({ type: 'track', event: 'Opened', userId: who });
    case 'identify':
      return say({
        type: 'identify',
        userId: who,
        traits: { email, name: `${who} ${n}`, [`trait_${n % 3}`]: n, country: 'DE' },
      });
    case 'page': {
      const context = {
        campaign: { source: ['google', 'x'][n % 2], name: `c${n}` },
        page: { url: 'https://a.example/' },
      };
      return say({ type: 'page', userId: who, anonymousId: `browser_${who}`, context });
    }
    case 'nps':
      return say({ type: 'track', event: 'nps_submitted', userId: who, properties: { score: n } });
    case 'group':
      return say({ type: 'group', userId: who, groupId: `g${n % 2}`, traits: { role: 'owner' } });
    case 'subscribe':
      return stripe(
        'customer.subscription.created',
        aSubscription(`sub_${who}_${n}`, customerId, { unitAmount: 1000 + n }),
      );
    case 'trial': {
      const trial = { status: 'trialing', trial_end: toEpochS(clock.now()) + (1 + n) * DAY_S };
      return stripe('customer.subscription.created', aSubscription(`sub_${who}_${n}`, customerId, trial));
    }
    case 'cancel': {
      const ended = { status: 'canceled', canceled_at: toEpochS(clock.now()), ended_at: toEpochS(clock.now()) };
      return stripe('customer.subscription.deleted', aSubscription(`sub_${who}_${n}`, customerId, ended));
    }
    case 'rename': {
      const metadata = isUnknown ? {} : { user_id: who };
      return stripe('customer.updated', aCustomer(customerId, { email, name: `Stripe ${n}`, metadata }));
    }
    default:
      clock.advance({ hours: 7 * n });
  }
}

test('a merge that is undone gives back everything that both were and had', async () => {
  const seen = { runs: 0, messages: 0, merged: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { minLength: 3, maxLength: 16 }),
      fc.boolean(),
      fc.boolean(),
      async (deeds, isSwapped, isStripeOnly) => {
        const world = await openUnmergeWorld(db);
        for (const who of PEOPLE) {
          const isUnknown = isStripeOnly && who === 'payer';
          if (!isUnknown) await world.say({ type: 'track', event: 'Opened', userId: who });
          const metadata = isUnknown ? {} : { user_id: who };
          await world.stripe('customer.created', aCustomer(`cus_${who}`, { metadata }));
        }
        for (const one of deeds) {
          await live(world, one, isStripeOnly);
          await world.settle();
          world.clock.advance({ minutes: 1 });
        }
        await world.settle();
        const ids = await Promise.all(PEOPLE.map(async (who) => (await world.contactOf(`acct_1/cus_${who}`)) ?? ''));
        const [from = '', into = ''] = isSwapped ? ids.toReversed() : ids;
        const end = await world.end();
        const before = await world.picture(ids, end);
        const { workspaceId } = world;
        const { mergeId } = await db.transaction((tx) =>
          mergeByPerson(world, { tx, workspaceId, personId: null, from, into }),
        );
        await world.settle();
        const merged = await world.picture([into], end);
        // It really was one contact meanwhile.
        expect((merged['timeline'] as unknown[]).length).toBe((before['timeline'] as unknown[]).length);
        seen.merged += 1;
        await db.transaction((tx) => undoMerge(world, { tx, workspaceId, personId: null, mergeId }));
        await world.settle();
        const after = await world.picture(ids, end);
        expect(after).toEqual(before);
        seen.runs += (before['runs'] as unknown[]).length;
        seen.messages += (before['messages'] as unknown[]).length;
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(seen.merged).toBeGreaterThanOrEqual(RUNS);
  expect(seen.runs).toBeGreaterThan(0);
  expect(seen.messages).toBeGreaterThan(0);
}, 300_000);
