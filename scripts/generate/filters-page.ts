import { CONTACT_PROPERTIES } from '../../packages/contracts/src/contact-properties.ts';
import {
  ABSOLUTE_DATE_TESTS,
  DATE_UNITS,
  type FilterNode,
  FILTER_DEPTH_MAX,
  FILTER_NODES_MAX,
  FILTER_VALUES_MAX,
  FILTER_VERSION,
  LIST_TESTS,
  MONEY_TESTS,
  NUMBER_TESTS,
  RELATIVE_DATE_TESTS,
  TEXT_TESTS,
} from '../../packages/contracts/src/filter/filter.ts';
import { readBackNode } from '../../packages/contracts/src/filter/read-back.ts';

/** Trees as people would write them; each is parsed by its type here, and read back by the code that reads all others. */
const EXAMPLES: readonly FilterNode[] = [
  { op: 'text', property: 'billing_status', is: 'is', values: ['past_due', 'unpaid'] },
  { op: 'date', property: 'trial_end_date', test: { is: 'in_next', n: 3, unit: 'days' } },
  { op: 'money', property: 'mrr', is: 'at_least', amountMinor: 9900, currency: 'usd' },
  { op: 'number', property: 'engagement_score', is: 'between', value: 60, to: 100 },
  { op: 'presence', property: 'cancels_at', is: 'not_exists' },
  { op: 'text', property: 'company.tier', is: 'is', values: ['Pro'] },
  {
    op: 'event',
    event: 'Logged In',
    did: 'did_not',
    is: 'at_least',
    times: 1,
    within: { n: 7, unit: 'days' },
  },
  {
    op: 'event',
    event: 'subscription_updated',
    did: 'did',
    is: 'at_least',
    times: 1,
    within: { n: 30, unit: 'days' },
    where: [{ op: 'text', field: 'change', is: 'is', values: ['downgrade'] }],
  },
];

/** `docs/filters.md`: what a filter tree may hold, from the schema and the list of properties. */
export function filtersPage(): string {
  const properties = Object.entries(CONTACT_PROPERTIES).map(
    ([name, { type, label, says }]) => `| \`${name}\` | ${type} | ${label} | ${says} |`,
  );
  return [
    '<!-- made by npm run generate from packages/contracts/src/filter: do not edit -->',
    '# Filters',
    '',
    `A segment is \`{ "version": ${FILTER_VERSION}, "root": NODE }\`. A node is a group (\`and\`, \`or\` with \`of\`: a list of nodes; \`not\` with one node) or a condition. At most ${FILTER_DEPTH_MAX} groups deep, ${FILTER_NODES_MAX} nodes, ${FILTER_VALUES_MAX} values in one condition.`,
    '',
    '## Conditions',
    '',
    '| `op` | tests |',
    '|---|---|',
    `| \`text\` | ${words(TEXT_TESTS)}; several values mean "any of them"; case does not matter |`,
    `| \`number\` | ${words(NUMBER_TESTS)} |`,
    `| \`money\` | ${words(MONEY_TESTS)}, within one currency, in minor units |`,
    '| `boolean` | `true`, `false` |',
    `| \`list\` | ${words(LIST_TESTS)} |`,
    `| \`date\` | ${words(RELATIVE_DATE_TESTS)} with a number of ${DATE_UNITS.join(', ')}; \`on\`, ${words(ABSOLUTE_DATE_TESTS)} |`,
    '| `presence` | `exists`, `not_exists` |',
    '| `event`, `event_time` | how often something was done, or not; when first or last |',
    '| `segment` | member of another segment, or not; never in a circle |',
    '',
    'An absent value makes a positive test false. A negative test is exactly the opposite of its positive twin, so it is true for an absent value. Relative dates have both bounds: `in_next 3 days` is true from exactly three days before the value until the value. Days, weeks and months are those of the calendar in the time zone of the workspace.',
    '',
    '## Examples',
    '',
    ...EXAMPLES.flatMap((example) => [`*${readBackNode(example)}*`, '', '```json', JSON.stringify(example), '```', '']),
    '## Properties',
    '',
    'Traits that your app sends are `traits.<name>`. The billing properties of a company that the contact belongs to are `company.<name>`, its traits `company.traits.<name>`.',
    '',
    '| property | type | | |',
    '|---|---|---|---|',
    ...properties,
    '',
  ].join('\n');
}

function words(tests: readonly string[]): string {
  return tests.map((test) => `\`${test}\``).join(', ');
}
