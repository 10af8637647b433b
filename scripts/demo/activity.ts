import { Chance } from '../../packages/simulator/src/chance.ts';
import type { Person } from '../../packages/simulator/src/company/people.ts';

/** How far back the demo's product events go: long enough for a score, short enough for a quick first start. */
const HISTORY_DAYS = 30;
const DAY_MS = 86_400_000;

export interface TrackMessage {
  readonly type: 'identify' | 'track' | 'page' | 'group';
  readonly messageId: string;
  readonly userId: string;
  readonly timestamp: string;
  readonly [field: string]: unknown;
}

/** What the demo company's people did in its product: the same for the same seed and instant. Oldest first. */
export function activityOf(people: readonly Person[], input: { seed: number; now: Date }): TrackMessage[] {
  const chance = new Chance(input.seed * 97 + 3);
  const messages = people.flatMap((person) => [...arrival(person), ...usage(chance, { person, now: input.now })]);
  return messages.sort((left, right) => left.timestamp.localeCompare(right.timestamp));
}

function arrival(person: Person): TrackMessage[] {
  const { userId, acquisition, company } = person;
  const at = person.signedUpAt.toISOString();
  const context = {
    timezone: person.timezone,
    locale: person.locale,
    campaign: { source: acquisition.source, medium: acquisition.medium, name: acquisition.campaign },
    page: { path: '/pricing', url: 'https://analytical.example/pricing', referrer: acquisition.referrer },
  };
  const message = (type: TrackMessage['type'], rest: Record<string, unknown>): TrackMessage => ({
    type,
    messageId: `demo-${userId}-${type}-first`,
    userId,
    timestamp: at,
    context,
    ...rest,
  });
  return [
    message('page', { name: 'Pricing', properties: { path: '/pricing' } }),
    message('identify', {
      traits: {
        email: person.email,
        name: person.name,
        job: person.role,
        ...(person.activity.nps === null ? {} : { nps_score: person.activity.nps }),
      },
    }),
    message('group', {
      groupId: company.domain,
      traits: { name: company.name, domain: company.domain, employees: company.employees, role: person.role },
    }),
  ];
}

function usage(chance: Chance, input: { person: Person; now: Date }): TrackMessage[] {
  const { person, now } = input;
  const { activity, userId } = person;
  const lastMs = now.getTime() - activity.lastSeenDaysAgo * DAY_MS;
  const firstMs = Math.max(person.signedUpAt.getTime(), now.getTime() - HISTORY_DAYS * DAY_MS);
  const messages: TrackMessage[] = [];
  let serial = 0;
  const track = (event: string, atMs: number, properties: Record<string, unknown> = {}): void => {
    serial += 1;
    messages.push({
      type: 'track',
      event,
      messageId: `demo-${userId}-${serial}`,
      userId,
      timestamp: new Date(atMs).toISOString(),
      properties,
    });
  };
  for (let dayMs = firstMs; dayMs <= lastMs; dayMs += DAY_MS) {
    // As many visits as the week has on average: whole ones, and one more with the chance that is left.
    const perDay = activity.loginsPerWeek / 7;
    const visits = Math.floor(perDay) + (chance.isTrue(perDay % 1) ? 1 : 0);
    for (let visit = 0; visit < visits; visit += 1) {
      const atMs = Math.min(lastMs, dayMs + chance.between(0, 12 * 60) * 60_000);
      track('Logged In', atMs);
      const feature = activity.features[chance.between(0, activity.features.length - 1)];
      if (feature !== undefined) track('Feature Used', Math.min(lastMs, atMs + 300_000), { feature });
    }
  }
  // The last visit is always there, so that "last seen" is what the story says.
  if (lastMs >= firstMs) track('Logged In', lastMs);
  return messages;
}
