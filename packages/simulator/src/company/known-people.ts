import type { Person } from './people.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ANALYTICAL = { name: 'Analytical Society', domain: 'analytical.example', employees: 42 } as const;

/** The three people whom the demo's stories are about; they are in every company, whatever its seed. */
export function knownPeople(now: Date): Person[] {
  return [ada(now), grace(now), katherine(now)];
}

/** A very active customer of 200 dollars a month, about to renew: the failed payment. */
function ada(now: Date): Person {
  return {
    userId: 'user_0001',
    hasUserIdInStripe: true,
    name: 'Ada Lovelace',
    email: 'ada@analytical.example',
    company: ANALYTICAL,
    role: 'Founder',
    country: 'GB',
    timezone: 'Europe/London',
    locale: 'en-GB',
    acquisition: {
      source: 'partner-kestrel',
      medium: 'referral',
      campaign: 'integration',
      referrer: 'https://kestrel.example/',
    },
    signedUpAt: new Date(now.getTime() - 420 * DAY_MS),
    plan: 'team_monthly',
    quantity: 1,
    currency: 'usd',
    story: { kind: 'renewing', months: 14, renewsInHours: 50 },
    activity: {
      loginsPerWeek: 26,
      features: ['dashboards', 'forecasts', 'api', 'team-invites', 'reports', 'alerts'],
      trend: 'growing',
      lastSeenDaysAgo: 0,
      invitedColleagues: 7,
      nps: 10,
    },
  };
}

/** A busy trial of 14 days that ends in five: the trial. */
function grace(now: Date): Person {
  return {
    userId: 'user_0002',
    hasUserIdInStripe: true,
    name: 'Grace Hopper',
    email: 'grace@harborline.example',
    company: { name: 'Harborline Computing', domain: 'harborline.example', employees: 18 },
    role: 'CTO',
    country: 'US',
    timezone: 'America/New_York',
    locale: 'en-US',
    acquisition: { source: 'newsletter', medium: 'email', campaign: 'weekly-digest', referrer: null },
    signedUpAt: new Date(now.getTime() - 9 * DAY_MS),
    plan: 'pro_monthly',
    quantity: 1,
    currency: 'usd',
    story: { kind: 'trialing', endsInHours: 5 * 24, trialDays: 14 },
    activity: {
      loginsPerWeek: 21,
      features: ['api', 'dashboards', 'exports', 'integrations'],
      trend: 'growing',
      lastSeenDaysAgo: 0,
      invitedColleagues: 3,
      nps: 9,
    },
  };
}

/** On the smallest plan and growing: the upgrade. */
function katherine(now: Date): Person {
  return {
    userId: 'user_0003',
    hasUserIdInStripe: true,
    name: 'Katherine Johnson',
    email: 'katherine@trajectory.example',
    company: { name: 'Trajectory Partners', domain: 'trajectory.example', employees: 9 },
    role: 'Data Analyst',
    country: 'US',
    timezone: 'America/New_York',
    locale: 'en-US',
    acquisition: { source: 'google', medium: 'organic', campaign: null, referrer: 'https://www.google.com/' },
    signedUpAt: new Date(now.getTime() - 152 * DAY_MS),
    plan: 'starter_monthly',
    quantity: 1,
    currency: 'usd',
    story: { kind: 'renewing', months: 5, renewsInHours: 12 * 24 },
    activity: {
      loginsPerWeek: 14,
      features: ['forecasts', 'reports', 'dashboards'],
      trend: 'growing',
      lastSeenDaysAgo: 1,
      invitedColleagues: 1,
      nps: 9,
    },
  };
}
