import { Filter, type FilterNode } from '@growthos/contracts/filter/filter.ts';
import { parseFilter } from '@growthos/contracts/filter/parse-filter.ts';
import { describe, expect, test } from 'vitest';
import {
  type CatalogueProperty,
  changeTest,
  choicesFor,
  freshCondition,
  freshEvent,
  missingIn,
  testOf,
} from './filter-words.ts';

const PROPERTIES: readonly CatalogueProperty[] = [
  ['plan_name', 'text'],
  ['engagement_score', 'number'],
  ['mrr', 'money'],
  ['payment_method_on_file', 'boolean'],
  ['trial_end_date', 'date'],
  ['traits.tags', 'list'],
].map(([property, type]) => ({
  property: property ?? '',
  label: property ?? '',
  says: '',
  group: 'billing',
  type: type as CatalogueProperty['type'],
  values: ['Pro'],
}));

const holding = (node: FilterNode) => ({ version: 1 as const, where: { op: 'and' as const, of: [node] } });

describe('the builder of segments', () => {
  test.each(PROPERTIES)('a fresh condition on $property is one that the server takes', (info) => {
    expect(
      parseFilter(
        holding({ ...freshCondition(info), ...(info.type === 'list' ? { values: ['Pro'] } : {}) } as FilterNode),
      ),
    ).toMatchObject({ ok: true });
  });

  test.each(PROPERTIES)(
    'every test that is offered for $property makes a condition that the server takes, and is the one chosen',
    (info) => {
      for (const [is] of choicesFor(info.type)) {
        const changed = changeTest(freshCondition(info), { is, info });
        const filled = 'values' in changed ? { ...changed, values: ['Pro'] } : changed;
        expect(testOf(changed)).toBe(is);
        expect(parseFilter(holding(filled)), `${info.property} ${is}`).toMatchObject({ ok: true });
      }
    },
  );

  test('going back from "is known" gives the property a test of its own type again', () => {
    const [, info] = PROPERTIES;
    if (info === undefined) throw new Error('no property');
    const known = changeTest(freshCondition(info), { is: 'exists', info });
    expect(changeTest(known, { is: 'at_most', info })).toMatchObject({ op: 'number', is: 'at_most' });
  });

  test('a fresh event condition is one that the server takes', () => {
    expect(Filter.safeParse(holding(freshEvent('Logged In'))).success).toBe(true);
  });

  test('what is not filled in is said in words, wherever in the tree it is', () => {
    const empty: FilterNode = { op: 'text', property: 'plan_name', is: 'is', values: [] };
    expect(missingIn({ op: 'and', of: [freshEvent('Logged In'), { op: 'not', of: { op: 'or', of: [empty] } }] })).toBe(
      'Choose at least one value.',
    );
    expect(missingIn({ op: 'and', of: [freshEvent('Logged In')] })).toBeNull();
  });
});
