/**
 * Made-up histories of who says to be whom: a few people with user ids, browsers that some of them share, e-mail addresses
 * of which two may claim the same, and Stripe customers that name a user, an address or nothing. Drawn from numbers, so that
 * fast-check can shrink them.
 */
import { EMPTY_MESSAGE } from '../world/graph.ts';

type Hash = Record<string, unknown>;

export type Happening =
  | { readonly kind: 'track'; readonly id: string; readonly message: Hash; readonly atS: number }
  | {
      readonly kind: 'stripe';
      readonly id: string;
      readonly type: string;
      readonly object: Hash;
      readonly previous: Hash | null;
      readonly atS: number;
    };

/** A world is small, so that its people meet: numbers are taken modulo these. */
const USERS = 3;
const BROWSERS = 4;
const ADDRESSES = 4;
const CUSTOMERS = 3;

export function identityHistory(input: { index: number; startS: number; draws: readonly number[] }): Happening[] {
  const { index, startS, draws } = input;
  const happenings: Happening[] = [];
  const customers = new Map<string, Hash>();
  let atS = startS;
  for (const draw of draws) {
    const [what, who, where, address] = [draw % 9, draw >> 4, draw >> 7, draw >> 10];
    // Every fourth thing happens in the second of the one before.
    atS += (draw >> 13) % 4 === 0 ? 0 : 1 + (draw % 977);
    const user = `u${index}_${who % USERS}`;
    const browser = `b${index}_${where % BROWSERS}`;
    const email = `p${index}_${address % ADDRESSES}@example.test`;
    const id = `h${index}_${happenings.length}_${(draw * 7919) % 9973}`;
    const track = (message: Hash): void => {
      happenings.push({
        kind: 'track',
        id,
        atS,
        // A third of what is said comes from browsers, which prove nothing.
        message: {
          ...EMPTY_MESSAGE,
          ...message,
          messageId: id,
          timestamp: iso(atS),
          isEmailProven: (draw >> 15) % 3 !== 0,
        },
      });
    };
    if (what === 0)
      track({ type: 'identify', userId: user, anonymousId: browser, traits: { email, name: `N${draw}` } });
    else if (what === 1) track({ type: 'identify', userId: user, traits: { email, seats: draw % 5 } });
    else if (what === 2) track({ type: 'identify', anonymousId: browser, traits: { email } });
    else if (what === 3) track({ type: 'page', anonymousId: browser, context: touch(draw) });
    else if (what === 4) track({ type: 'track', event: 'Opened', userId: user, anonymousId: browser });
    else if (what === 5) track({ type: 'track', event: 'Opened', anonymousId: browser });
    else if (what === 6) track({ type: 'group', userId: user, groupId: `g${index}`, traits: {} });
    else happenings.push(...stripe({ draw, id, atS, customers, index, user, email }));
  }
  return happenings;
}

function touch(draw: number): Hash {
  return {
    campaign: { source: ['google', 'newsletter', 'x'][draw % 3], name: `c${draw % 7}` },
    page: { url: 'https://a.example/', referrer: '' },
  };
}

function stripe(input: {
  draw: number;
  id: string;
  atS: number;
  customers: Map<string, Hash>;
  index: number;
  user: string;
  email: string;
}): Happening[] {
  const { draw, id, atS, customers, index } = input;
  const customerId = `cus_${index}_${(draw >> 5) % CUSTOMERS}`;
  const known = customers.get(customerId);
  const how = (draw >> 3) % 4;
  const values: Hash = {
    email: how === 3 ? null : input.email,
    metadata: how % 2 === 0 ? { user_id: input.user } : {},
  };
  if (known && draw % 2 === 0) {
    const previous = { email: known['email'], metadata: known['metadata'] };
    const object = { ...known, ...values };
    customers.set(customerId, object);
    return [{ kind: 'stripe', id: `evt_${id}`, type: 'customer.updated', object, previous, atS }];
  }
  if (known) {
    const object = {
      id: `sub_${id}`,
      object: 'subscription',
      customer: customerId,
      status: 'active',
      created: atS,
      items: { data: [] },
    };
    return [{ kind: 'stripe', id: `evt_${id}`, type: 'customer.subscription.created', object, previous: null, atS }];
  }
  const object = { id: customerId, object: 'customer', created: atS, livemode: false, ...values };
  customers.set(customerId, object);
  return [{ kind: 'stripe', id: `evt_${id}`, type: 'customer.created', object, previous: null, atS }];
}

function iso(atS: number): string {
  return new Date(atS * 1000).toISOString();
}
