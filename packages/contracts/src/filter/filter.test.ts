import { expect, test } from 'vitest';
import { FILTER_NODES_MAX, type FilterNode } from './filter.ts';
import { parseFilter } from './parse-filter.ts';
import { readBack } from './read-back.ts';

const parse = (where: unknown) => parseFilter({ version: 1, where });
const refusal = (where: unknown): string => {
  const parsed = parse(where);
  return parsed.ok ? 'accepted' : parsed.message;
};
const sentence = (where: FilterNode): string => readBack({ version: 1, where });
const nested = (depth: number): unknown => (depth === 0 ? { op: 'and', of: [] } : { op: 'not', of: nested(depth - 1) });

test('a misspelt property is refused with the one that was meant', () => {
  expect(refusal({ op: 'text', property: 'plam', is: 'is', values: ['x'] })).toBe(
    'At where.property: there is no property called "plam"; did you mean "plan"?',
  );
});

test.each<[string, unknown, string]>([
  [
    'an unknown condition',
    { op: 'and', of: [{ op: 'sql' }] },
    'At where.of[0].op: there is no condition or group called "sql".',
  ],
  ['no condition at all', {}, 'At where.op: "op" is missing.'],
  [
    'text tested on a number',
    { op: 'text', property: 'engagement_score', is: 'is', values: ['9'] },
    'At where: "engagement_score" is a number, so it cannot be tested as text.',
  ],
  [
    'a number tested on a date',
    { op: 'not', of: { op: 'number', property: 'trial_end_date', is: 'at_least', value: 3 } },
    'At where.of: "trial_end_date" is a date, so it cannot be tested as a number.',
  ],
  [
    'money on a trait',
    { op: 'money', property: 'traits.spend', is: 'at_least', amountMinor: 1, currency: 'usd' },
    'At where: "traits.spend" is a trait, which has no currency; test it as a number.',
  ],
  [
    'money without currency',
    { op: 'money', property: 'mrr', is: 'at_least', amountMinor: 1 },
    'At where.currency: "currency" is missing.',
  ],
  [
    'a status that does not exist',
    { op: 'text', property: 'billing_status', is: 'is', values: ['trial'] },
    'At where.values: "billing_status" is never "trial"; it may be active, trialing, past_due, unpaid, paused, incomplete, canceled, incomplete_expired or none.',
  ],
  [
    'an operator of another kind',
    { op: 'text', property: 'name', is: 'more_than', values: ['x'] },
    'At where.is: "more_than" is not something that "is" can be; it may be is, is_not, contains, does_not_contain, starts_with or ends_with.',
  ],
  [
    'no values',
    { op: 'text', property: 'name', is: 'is', values: [] },
    'At where.values: "values" must name at least one value.',
  ],
  [
    'a value of the wrong type',
    { op: 'number', property: 'quantity', is: 'equals', value: '3' },
    'At where.value: "value" must be a number.',
  ],
  [
    'a span without end',
    { op: 'date', property: 'renews_at', test: { is: 'in_next', n: 99_999_999, unit: 'days' } },
    'At where.test: 99999999 days is too long; the most is 36500.',
  ],
  [
    'half a day',
    { op: 'date', property: 'renews_at', test: { is: 'in_next', n: 0.5, unit: 'days' } },
    'At where.test.n: "n" must be a whole number.',
  ],
  [
    'a day that is none',
    { op: 'date', property: 'renews_at', test: { is: 'on', date: '2026-02-30' } },
    'At where.test.date: "date" must be a day such as 2026-11-24.',
  ],
  [
    'bounds the wrong way round',
    { op: 'number', property: 'quantity', is: 'between', value: 5, to: 2 },
    'At where: the upper bound 2 is below the lower bound 5.',
  ],
  [
    'a bound that is missing',
    { op: 'number', property: 'quantity', is: 'between', value: 5 },
    'At where: "between" needs an upper bound in "to".',
  ],
  [
    'a character that cannot be stored',
    { op: 'text', property: 'name', is: 'is', values: ['a\u0000b'] },
    'At where.values[0]: a value holds a character that cannot be stored.',
  ],
  [
    'half a character',
    { op: 'text', property: 'name', is: 'is', values: ['\ud800'] },
    'At where.values[0]: a value holds a character that cannot be stored.',
  ],
  [
    'a payload field without a name',
    {
      op: 'event',
      event: 'x',
      did: 'did',
      is: 'at_least',
      times: 1,
      where: [{ op: 'boolean', field: 'a..b', is: 'true' }],
    },
    'At where.where[0].field: "a..b" is not the name of a field.',
  ],
])('%s is refused with a sentence that names the condition', (_what, where, message) => {
  expect(refusal(where)).toBe(message);
});

test('a tree of 10,000 nodes, or 10,000 deep, is refused at once, naming the place', () => {
  const wide = {
    op: 'or',
    of: Array.from({ length: 10_000 }, () => ({ op: 'presence', property: 'email', is: 'exists' })),
  };
  expect(refusal(wide)).toMatch(
    new RegExp(`^At where\\.of\\[\\d+\\]: the filter has more than ${FILTER_NODES_MAX} groups and conditions`),
  );
  let deep: unknown = { op: 'and', of: [] };
  for (let i = 0; i < 10_000; i++) deep = { op: 'not', of: deep };
  expect(refusal(deep)).toBe(
    `At where${'.of'.repeat(8)}: groups are nested more than 8 deep; make a segment of the inner one.`,
  );
  expect(refusal(nested(7))).toBe('accepted');
});

test('what is no filter at all is refused without an exception', () => {
  for (const input of [undefined, null, 7, 'where', [], { version: 2, where: { op: 'and', of: [] } }]) {
    expect(parseFilter(input)).toMatchObject({
      ok: false,
      message: expect.stringContaining('"version": 1') as unknown,
    });
  }
});

test('names out of the prototype are not properties', () => {
  expect(refusal({ op: 'presence', property: 'constructor', is: 'exists' })).toContain(
    'no property called "constructor"',
  );
  expect(refusal({ op: 'presence', property: 'company.toString', is: 'exists' })).toContain('no property called');
});

test('every kind of condition reads back in English', () => {
  expect(sentence({ op: 'and', of: [] })).toBe('Everybody.');
  expect(sentence({ op: 'or', of: [] })).toBe('Nobody.');
  expect(
    sentence({
      op: 'and',
      of: [
        { op: 'text', property: 'billing_status', is: 'is', values: ['trialing'] },
        {
          op: 'or',
          of: [
            { op: 'date', property: 'trial_end_date', test: { is: 'in_next', n: 1, unit: 'days' } },
            { op: 'money', property: 'mrr', is: 'between', amountMinor: 5000, toMinor: 20_000, currency: 'usd' },
          ],
        },
        { op: 'not', of: { op: 'segment', segment: 'vip', is: 'member' } },
      ],
    }),
  ).toBe(
    'People for whom billing status is "trialing" and (trial ends is within the next 1 day or MRR is between 50.00 USD and 200.00 USD) and (it is not so that they are in the segment "vip").',
  );
  const of: FilterNode[] = [
    { op: 'event', event: 'login', did: 'did_not', is: 'at_least', times: 1, within: { n: 7, unit: 'days' } },
    {
      op: 'event',
      event: 'export',
      did: 'did',
      is: 'exactly',
      times: 2,
      where: [{ op: 'text', field: 'plan.tier', is: 'is_not', values: ['pro'] }],
    },
    { op: 'event_time', event: 'login', which: 'first', test: { is: 'before', date: '2026-01-01' } },
    { op: 'presence', property: 'company.domain', is: 'not_exists' },
    { op: 'list', property: 'traits.tags', is: 'includes_all', values: ['a', 'b'] },
    { op: 'boolean', property: 'payment_method_on_file', is: 'false' },
    { op: 'money', property: 'ltv', is: 'more_than', amountMinor: 500, currency: 'jpy' },
  ];
  expect(of.map((where) => sentence(where))).toEqual([
    'People for whom they did not do "login" within the last 7 days.',
    'People for whom they did "export" (where "plan.tier" is not "pro") exactly 2 times.',
    'People for whom the first "login" was before 2026-01-01.',
    'People for whom company domain is not known.',
    'People for whom "tags" includes "a" and "b".',
    'People for whom payment method on file is no.',
    'People for whom lifetime value is more than 500 JPY.',
  ]);
});
