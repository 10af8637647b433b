/**
 * Who the demo company's customers are. In: a seed and a "now". Out: the same people every time, each with a story that
 * `build.ts` lives through in the simulator, and with an activity pattern from which a product's events can be made.
 */
import { Chance } from '#chance.ts';
import {
  CHANNELS,
  type Channel,
  COMPANY_KINDS,
  COMPANY_WORDS,
  EURO_PLACES,
  FEATURES,
  FIRST_NAMES,
  JAPAN,
  LAST_NAMES,
  PLACES,
  type Place,
  ROLES,
} from './names.ts';
import { knownPeople } from './known-people.ts';

/** How far back the company's life goes. */
export const HISTORY_DAYS = 550;

/** What becomes of a customer. Days count back from now; `ends` and `failsAgo` say where now falls in the story. */
export type Story =
  | { readonly kind: 'active'; readonly sinceDays: number; readonly coupon?: string }
  | { readonly kind: 'renewing'; readonly months: number; readonly renewsInHours: number }
  | { readonly kind: 'trialing'; readonly endsInHours: number; readonly trialDays: number }
  | { readonly kind: 'past_due'; readonly attempts: 1 | 2 | 3; readonly declineCode: string }
  | {
      readonly kind: 'canceled';
      readonly sinceDays: number;
      readonly afterDays: number;
      readonly atPeriodEnd: boolean;
      readonly feedback: string;
    }
  | { readonly kind: 'failed_away'; readonly months: number; readonly failedMonthsAgo: number }
  | {
      readonly kind: 'canceling';
      readonly sinceDays: number;
      readonly encoding: 'cancel_at_period_end' | 'cancel_at';
      readonly feedback: string;
    }
  | { readonly kind: 'changed'; readonly sinceDays: number; readonly changedDaysAgo: number; readonly to: string }
  | { readonly kind: 'several'; readonly sinceDays: number; readonly also: readonly string[] }
  | { readonly kind: 'paused'; readonly sinceDays: number }
  | { readonly kind: 'trial_lost'; readonly endedDaysAgo: number }
  | {
      readonly kind: 'returned';
      readonly sinceDays: number;
      readonly leftDaysAgo: number;
      readonly backDaysAgo: number;
    }
  | { readonly kind: 'refunded'; readonly sinceDays: number }
  | { readonly kind: 'disputed'; readonly sinceDays: number }
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'free'; readonly sinceDays: number };

export interface Activity {
  readonly loginsPerWeek: number;
  /** Most used first. */
  readonly features: readonly string[];
  readonly trend: 'steady' | 'growing' | 'fading' | 'gone';
  readonly lastSeenDaysAgo: number;
  readonly invitedColleagues: number;
  /** 0 to 10; null when never asked or not answered. */
  readonly nps: number | null;
}

export interface Person {
  /** Also `customer.metadata.user_id` in Stripe, for most. */
  readonly userId: string;
  readonly hasUserIdInStripe: boolean;
  readonly name: string;
  readonly email: string;
  readonly company: { readonly name: string; readonly domain: string; readonly employees: number };
  readonly role: string;
  readonly country: string;
  readonly timezone: string;
  readonly locale: string;
  readonly acquisition: {
    readonly source: string;
    readonly medium: string;
    readonly campaign: string | null;
    readonly referrer: string | null;
  };
  readonly signedUpAt: Date;
  /** Lookup key of the plan they start on. */
  readonly plan: string;
  readonly quantity: number;
  readonly currency: 'usd' | 'eur' | 'jpy';
  readonly story: Story;
  readonly activity: Activity;
}

const CANCEL_FEEDBACK = [
  'too_expensive',
  'missing_features',
  'switched_service',
  'unused',
  'too_complex',
  'customer_service',
  'other',
] as const;
const DECLINES = ['insufficient_funds', 'expired_card', 'do_not_honor', 'generic_decline'] as const;

/** How many live each story, besides the known three. */
const CAST: readonly (readonly [count: number, make: (chance: Chance, index: number) => Story])[] = [
  [78, (c) => ({ kind: 'active', sinceDays: c.between(8, 530) })],
  [
    12,
    (c, i) => ({
      kind: 'active',
      sinceDays: c.between(20, 300),
      coupon: ['LAUNCH20', 'FIRST3', 'WELCOME10'][i % 3] ?? 'LAUNCH20',
    }),
  ],
  [7, (c, i) => ({ kind: 'trialing', endsInHours: 8 + i * 9 + c.between(0, 4), trialDays: 14 })],
  [17, (c, i) => ({ kind: 'trialing', endsInHours: 76 + i * 14 + c.between(0, 6), trialDays: 14 })],
  [13, (c, i) => ({ kind: 'past_due', attempts: ([1, 2, 3] as const)[i % 3] ?? 1, declineCode: c.pick(DECLINES) })],
  [
    20,
    (c, i) => ({
      kind: 'canceled',
      sinceDays: c.between(130, 540),
      afterDays: c.between(25, 120),
      atPeriodEnd: i % 2 === 0,
      feedback: c.pick(CANCEL_FEEDBACK),
    }),
  ],
  [11, (c) => ({ kind: 'failed_away', months: c.between(2, 6), failedMonthsAgo: c.between(1, 8) })],
  [
    10,
    (c, i) => ({
      kind: 'canceling',
      sinceDays: c.between(40, 400),
      encoding: i % 3 === 0 ? 'cancel_at' : 'cancel_at_period_end',
      feedback: c.pick(CANCEL_FEEDBACK),
    }),
  ],
  [4, (c) => ({ kind: 'changed', sinceDays: c.between(90, 300), changedDaysAgo: c.between(2, 27), to: 'pro_monthly' })],
  [
    4,
    (c) => ({
      kind: 'changed',
      sinceDays: c.between(90, 300),
      changedDaysAgo: c.between(2, 27),
      to: 'starter_monthly',
    }),
  ],
  [3, (c) => ({ kind: 'changed', sinceDays: c.between(90, 300), changedDaysAgo: c.between(2, 60), to: 'pro_yearly' })],
  [1, () => ({ kind: 'several', sinceDays: 210, also: ['seats_monthly', 'volume_monthly'] })],
  [3, (c) => ({ kind: 'paused', sinceDays: c.between(60, 300) })],
  [5, (c) => ({ kind: 'trial_lost', endedDaysAgo: c.between(3, 120) })],
  [
    2,
    (c) => ({
      kind: 'returned',
      sinceDays: c.between(300, 400),
      leftDaysAgo: c.between(120, 180),
      backDaysAgo: c.between(10, 60),
    }),
  ],
  [2, (c) => ({ kind: 'refunded', sinceDays: c.between(35, 90) })],
  [1, (c) => ({ kind: 'disputed', sinceDays: c.between(35, 90) })],
  [1, () => ({ kind: 'unfinished' })],
  [3, (c) => ({ kind: 'free', sinceDays: c.between(10, 300) })],
];

/** The same people for the same seed; their times hang on `now`. Ada, Grace and Katherine come first. */
export function companyPeople(seed: number, now: Date): Person[] {
  const chance = new Chance(seed * 2_654_435_761 + 17);
  const people = knownPeople(now);
  const taken = new Set(people.map((person) => person.email));
  let index = people.length;
  for (const [count, make] of CAST) {
    for (let i = 0; i < count; i += 1) {
      people.push(invent(chance, { index, story: make(chance, i), now, taken }));
      index += 1;
    }
  }
  return people;
}

function invent(
  chance: Chance,
  at: { readonly index: number; readonly story: Story; readonly now: Date; readonly taken: Set<string> },
): Person {
  const { index, story } = at;
  const channel = weighted(chance, CHANNELS);
  const currency =
    story.kind === 'active' && index % 17 === 5 ? 'eur' : story.kind === 'active' && index % 41 === 9 ? 'jpy' : 'usd';
  const place: Place = currency === 'eur' ? chance.pick(EURO_PLACES) : currency === 'jpy' ? JAPAN : chance.pick(PLACES);
  const who = nameFor(chance, at.taken);
  const plan = planFor(chance, story, channel);
  return {
    userId: `user_${String(index + 1).padStart(4, '0')}`,
    hasUserIdInStripe: index % 9 !== 4,
    ...who,
    role: chance.pick(ROLES),
    country: place.country,
    timezone: place.timezone,
    locale: place.locale,
    acquisition: {
      source: channel.source,
      medium: channel.medium,
      campaign: channel.campaign,
      referrer: channel.referrer,
    },
    signedUpAt: signUp(chance, story, at.now),
    plan,
    quantity: plan === 'seats_monthly' ? chance.between(3, 24) : 1,
    currency,
    story,
    activity: activityFor(chance, story),
  };
}

function nameFor(chance: Chance, taken: Set<string>): Pick<Person, 'name' | 'email' | 'company'> {
  for (;;) {
    const first = chance.pick(FIRST_NAMES);
    const last = chance.pick(LAST_NAMES);
    const word = chance.pick(COMPANY_WORDS);
    const kind = chance.pick(COMPANY_KINDS);
    const domain = `${word}-${kind}.example`.toLowerCase();
    const email = `${first}.${last}@${domain}`.toLowerCase();
    if (taken.has(email)) continue;
    taken.add(email);
    return {
      name: `${first} ${last}`,
      email,
      company: { name: `${word} ${kind}`, domain, employees: chance.between(3, 400) },
    };
  }
}

function planFor(chance: Chance, story: Story, channel: Channel): string {
  if (story.kind === 'changed') return story.to === 'pro_monthly' ? 'starter_monthly' : 'pro_monthly';
  if (story.kind === 'several') return 'team_monthly';
  const dear = 0.3 * channel.quality;
  const draw = chance.next();
  const monthly = story.kind === 'past_due' || story.kind === 'failed_away' || story.kind === 'canceling';
  if (draw < dear * 0.35) return 'team_monthly';
  if (draw < dear * 0.5) return 'seats_monthly';
  if (draw < dear * 0.75 && !monthly) return 'pro_yearly';
  if (draw < 0.3 + dear) return 'pro_monthly';
  return 'starter_monthly';
}

const DAY_MS = 86_400_000;

function signUp(chance: Chance, story: Story, now: Date): Date {
  const ago = (days: number): Date => new Date(now.getTime() - days * DAY_MS - chance.between(0, 20) * 3_600_000);
  if ('sinceDays' in story) return ago(story.sinceDays);
  switch (story.kind) {
    case 'trialing':
      return new Date(now.getTime() + story.endsInHours * 3_600_000 - story.trialDays * DAY_MS);
    case 'trial_lost':
      return ago(story.endedDaysAgo + 14);
    case 'unfinished':
      return new Date(now.getTime() - 5 * 3_600_000);
    case 'failed_away':
      return ago((story.months + story.failedMonthsAgo) * 30 + 20);
    default:
      return ago(150);
  }
}

function activityFor(chance: Chance, story: Story): Activity {
  const isGone = story.kind === 'canceled' || story.kind === 'failed_away' || story.kind === 'trial_lost';
  const isFading = story.kind === 'canceling' || story.kind === 'paused';
  const trend = isGone
    ? 'gone'
    : isFading
      ? 'fading'
      : chance.isTrue(0.2)
        ? 'fading'
        : chance.isTrue(0.4)
          ? 'growing'
          : 'steady';
  const logins = isGone ? 0 : chance.isTrue(0.15) ? chance.between(15, 30) : chance.between(1, 12);
  return {
    loginsPerWeek: isFading ? Math.min(logins, 2) : logins,
    features: chance.shuffle([...FEATURES]).slice(0, chance.between(2, 6)),
    trend,
    lastSeenDaysAgo: isGone
      ? chance.between(10, 90)
      : trend === 'fading'
        ? chance.between(5, 20)
        : chance.between(0, 3),
    invitedColleagues: chance.isTrue(0.4) ? chance.between(1, 8) : 0,
    nps: chance.isTrue(0.45) ? (isFading || isGone ? chance.between(0, 6) : chance.between(4, 10)) : null,
  };
}

function weighted(chance: Chance, channels: readonly Channel[]): Channel {
  const sum = channels.reduce((total, channel) => total + channel.weight, 0);
  let left = chance.next() * sum;
  for (const channel of channels) {
    left -= channel.weight;
    if (left < 0) return channel;
  }
  return chance.pick(channels);
}
