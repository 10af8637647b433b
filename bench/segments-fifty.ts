import type { Filter, FilterLeaf, FilterNode } from '@growthos/contracts/filter/filter.ts';
import { fillTemplate, listTemplates } from '@growthos/engine/respond/segments/index.ts';

export interface BenchSegment {
  readonly key: string;
  readonly name: string;
  readonly definition: Filter;
}

const all = (...of: FilterNode[]): FilterNode => ({ op: 'and', of });
const is = (property: string, ...values: string[]): FilterLeaf => ({ op: 'text', property, is: 'is', values });

/** Fifty segments as a team would have them: the templates, and the same questions by country, tier, money and habit. */
export function benchSegments(): BenchSegment[] {
  const templates = listTemplates().map(({ key }) => fillTemplate({ key, parameters: {} }));
  const found: BenchSegment[] = templates.map(({ key, name, definition }) => ({ key, name, definition }));
  const add = (key: string, where: FilterNode): void =>
    void found.push({ key, name: key, definition: { version: 1, where } });
  const week = fillTemplate({ key: 'trial_expiring', parameters: { days: 7 } });
  found.push({ key: week.key, name: week.name, definition: week.definition });
  for (const country of ['DE', 'US', 'FR', 'GB', 'JP']) {
    add(`country_${country.toLowerCase()}`, is('country', country));
    add(`past_due_${country.toLowerCase()}`, all(is('billing_status', 'past_due'), is('country', country)));
  }
  for (const tier of ['starter', 'pro', 'team']) {
    add(
      `renews_soon_${tier}`,
      all(is('tier', tier), { op: 'date', property: 'renews_at', test: { is: 'in_next', n: 7, unit: 'days' } }),
    );
    add(
      `big_${tier}`,
      all(is('tier', tier), { op: 'money', property: 'mrr', is: 'at_least', amountMinor: 15_000, currency: 'usd' }),
    );
    add(`busy_${tier}`, all(is('tier', tier), login({ times: 2, days: 14 })));
    add(
      `quiet_${tier}`,
      all(is('tier', tier), { op: 'not', of: login({ times: 1, days: 30 }) }, is('billing_status', 'active')),
    );
  }
  for (const days of [2, 14, 45]) {
    add(`failed_${days}_days_ago`, {
      op: 'date',
      property: 'failed_payment_at',
      test: { is: 'in_last', n: days, unit: 'days' },
    });
    add(`joined_${days}_days_ago`, {
      op: 'date',
      property: 'created_at',
      test: { is: 'in_last', n: days, unit: 'days' },
    });
  }
  for (const role of ['dev', 'founder', 'marketer']) {
    add(`role_${role}`, all(is('traits.role', role), is('billing_status', 'active', 'trialing')));
  }
  add('many_attempts', { op: 'number', property: 'failed_attempts', is: 'at_least', value: 1 });
  add('in_trouble', {
    op: 'or',
    of: [{ op: 'segment', segment: 'failed_payment', is: 'member' }, is('billing_status', 'unpaid')],
  });
  add('card_expiring', {
    op: 'date',
    property: 'payment_method_expires_at',
    test: { is: 'in_next', n: 30, unit: 'days' },
  });
  for (const score of [20, 40, 60, 80])
    add(`score_${score}`, { op: 'number', property: 'engagement_score', is: 'between', value: score, to: score + 9 });
  return found.slice(0, 50);
}

function login(input: { times: number; days: number }): FilterLeaf {
  return {
    op: 'event',
    event: 'login',
    did: 'did',
    is: 'at_least',
    times: input.times,
    within: { n: input.days, unit: 'days' },
  };
}
