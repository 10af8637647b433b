/** Random trees, people and clocks, crowded around the values and instants at which something happens. */
import { CONTACT_PROPERTIES } from '@growthos/contracts/contact-properties.ts';
import type { DateTest, FilterLeaf, FilterNode, PayloadCondition, Span } from '@growthos/contracts/filter/filter.ts';
import fc from 'fast-check';
import type { Person } from './segment-reference.ts';

const HOSTILE = [
  `'; drop table contact; --`,
  '%',
  '_',
  '\\',
  '"',
  '$1',
  "O'Hara",
  'Ünïcode',
  '👩‍🚀',
  '{"a":1}',
  '(?',
  ' ',
];
const WORDS = ['pro', 'Pro', 'starter', 'TEAM', 'pr', 'o', ...HOSTILE];
export const TIMEZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
];
/** Around clock changes, month ends, a leap day and a year's end. */
const LANDMARKS = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-01-31T12:00:00Z',
  '2026-03-31T23:30:00Z',
  '2028-02-29T00:00:00Z',
  '2026-12-31T23:59:59Z',
  '2026-11-24T09:00:00Z',
].map((text) => Date.parse(text));

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

export const anySpan: fc.Arbitrary<Span> = fc.oneof(
  fc.record({ n: fc.integer({ min: 1, max: 90 }), unit: fc.constant('minutes' as const) }),
  fc.record({ n: fc.integer({ min: 1, max: 50 }), unit: fc.constant('hours' as const) }),
  fc.record({ n: fc.integer({ min: 1, max: 10 }), unit: fc.constant('days' as const) }),
  fc.record({ n: fc.integer({ min: 1, max: 3 }), unit: fc.constant('weeks' as const) }),
  fc.record({ n: fc.integer({ min: 1, max: 3 }), unit: fc.constant('months' as const) }),
);
const anyDay = fc.constantFrom(
  '2026-03-29',
  '2026-10-25',
  '2026-01-31',
  '2026-11-24',
  '2026-12-31',
  '2028-02-29',
  '2026-04-05',
);
const anyDateTest: fc.Arbitrary<DateTest> = fc.oneof(
  fc
    .tuple(fc.constantFrom('in_next', 'in_last', 'more_than_ago', 'more_than_from_now'), anySpan)
    .map(([is, span]) => ({ is, ...span }) as DateTest),
  anyDay.map((date) => ({ is: 'on', date }) as DateTest),
  fc
    .tuple(
      fc.constantFrom('before', 'after'),
      fc.oneof(anyDay, fc.constantFrom('2026-10-25T01:00:00Z', '2026-11-24T10:00:00+01:00')),
    )
    .map(([is, date]) => ({ is, date }) as DateTest),
);

const words = fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 });
const statuses = fc.uniqueArray(fc.constantFrom('active', 'trialing', 'past_due', 'canceled', 'none'), {
  minLength: 1,
  maxLength: 3,
});
const smallNumber = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom(0.5, 2.25));
const anyNumberTest = fc
  .tuple(
    fc.constantFrom('equals', 'not_equals', 'more_than', 'at_least', 'less_than', 'at_most', 'between'),
    smallNumber,
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([is, value, more]) => ({
    op: 'number' as const,
    is,
    value,
    ...(is === 'between' ? { to: value + more } : {}),
  }));
const anyTextTest = fc.record({
  op: fc.constant('text' as const),
  is: fc.constantFrom('is', 'is_not', 'contains', 'does_not_contain', 'starts_with', 'ends_with'),
  values: words,
});
const anyBooleanTest = fc.record({ op: fc.constant('boolean' as const), is: fc.constantFrom('true', 'false') });
const anyPresenceTest = fc.record({
  op: fc.constant('presence' as const),
  is: fc.constantFrom('exists', 'not_exists'),
});

const anyPayload = fc
  .tuple(
    fc.constantFrom('change', 'plan.tier', 'amount', 'flag', 'missing'),
    fc.oneof(anyTextTest, anyNumberTest, anyBooleanTest, anyPresenceTest),
  )
  .map(([field, test]) => ({ ...test, field }) as PayloadCondition);
const anyEvent = fc.record(
  { event: fc.constantFrom('login', 'export'), where: fc.array(anyPayload, { minLength: 1, maxLength: 1 }) },
  { requiredKeys: ['event'] },
);

/** What time changes is asked for more often than the rest. */
const times = (n: number): undefined[] => Array.from({ length: n });
const anyLeaf: fc.Arbitrary<FilterLeaf> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('tier', 'name', 'email', 'traits.role', 'company.name', 'company.traits.size', 'company.tier'),
      anyTextTest,
    )
    .map(([property, test]) => ({ ...test, property }) as FilterLeaf),
  fc
    .tuple(fc.constantFrom('is', 'is_not'), statuses, fc.constantFrom('billing_status', 'company.billing_status'))
    .map(([is, values, property]) => ({ op: 'text', property, is, values }) as FilterLeaf),
  fc
    .tuple(fc.constantFrom('quantity', 'engagement_score', 'traits.n', 'company.quantity'), anyNumberTest)
    .map(([property, test]) => ({ ...test, property }) as FilterLeaf),
  fc
    .tuple(
      fc.constantFrom('mrr', 'ltv', 'company.mrr'),
      fc.constantFrom('equals', 'more_than', 'at_least', 'less_than', 'at_most', 'between'),
      fc.integer({ min: 0, max: 4 }),
      fc.constantFrom('usd', 'eur'),
    )
    .map(
      ([property, is, amount, currency]) =>
        ({
          op: 'money',
          property,
          is,
          amountMinor: amount * 1000,
          currency,
          ...(is === 'between' ? { toMinor: 3000 + amount * 1000 } : {}),
        }) as FilterLeaf,
    ),
  fc
    .tuple(fc.constantFrom('payment_method_on_file', 'traits.flag', 'company.payment_method_on_file'), anyBooleanTest)
    .map(([property, test]) => ({ ...test, property }) as FilterLeaf),
  fc
    .tuple(
      fc.constantFrom('tier', 'trial_end_date', 'traits.role', 'company.name', 'company.traits.size', 'traits.none'),
      anyPresenceTest,
    )
    .map(([property, test]) => ({ ...test, property }) as FilterLeaf),
  fc
    .tuple(
      fc.constantFrom('traits.list', 'company.traits.list'),
      fc.constantFrom('includes_any', 'includes_all', 'includes_none'),
      words,
    )
    .map(([property, is, values]) => ({ op: 'list', property, is, values }) as FilterLeaf),
  ...times(6).map(() =>
    fc
      .tuple(
        fc.constantFrom('trial_end_date', 'last_seen_at', 'cancels_at', 'traits.date', 'company.trial_end_date'),
        anyDateTest,
      )
      .map(([property, test]) => ({ op: 'date', property, test }) as FilterLeaf),
  ),
  ...times(5).map(() =>
    fc
      .tuple(
        anyEvent,
        fc.constantFrom('did', 'did_not'),
        fc.constantFrom('at_least', 'at_most', 'exactly'),
        fc.integer({ min: 0, max: 3 }),
        fc.option(anySpan),
      )
      .map(
        ([event, did, is, times, within]) =>
          ({ op: 'event', ...event, did, is, times, ...(within ? { within } : {}) }) as FilterLeaf,
      ),
  ),
  fc
    .tuple(anyEvent, fc.constantFrom('first', 'last'), anyDateTest)
    .map(([event, which, test]) => ({ op: 'event_time', ...event, which, test }) as FilterLeaf),
  fc.constantFrom('member', 'not_member').map((is) => ({ op: 'segment', segment: 'vip', is }) as FilterLeaf),
);

const children = (node: fc.Arbitrary<FilterNode>): fc.Arbitrary<FilterNode[]> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.array(node, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant<FilterNode[]>([]) },
  );

export const anyNode: fc.Arbitrary<FilterNode> = fc.letrec<{ node: FilterNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 4, withCrossShrink: true },
    anyLeaf,
    children(tie('node')).map((of) => ({ op: 'and', of }) as FilterNode),
    children(tie('node')).map((of) => ({ op: 'or', of }) as FilterNode),
    tie('node').map((of) => ({ op: 'not', of }) as FilterNode),
  ),
})).node;

export const anyNow = fc
  .tuple(fc.constantFrom(...LANDMARKS), fc.integer({ min: -26, max: 26 }), fc.constantFrom(0, 0, 1, -1, 1_800_000))
  .map(([at, hours, ms]) => at + hours * HOUR + ms);

/** Near now, in steps that spans can hit exactly, and sometimes a little beside. */
const anyInstant = (nowMs: number): fc.Arbitrary<number> =>
  fc
    .tuple(
      fc.oneof(
        fc.integer({ min: -10, max: 10 }).map((n) => n * DAY),
        fc.integer({ min: -50, max: 50 }).map((n) => n * HOUR),
        fc.integer({ min: -90, max: 90 }).map((n) => n * MINUTE),
        fc.constantFrom(0, 28, -28, 30, -30, 31, -31, 59, -61, 90, -92).map((n) => n * DAY),
      ),
      fc.constantFrom(0, 0, 0, 1, -1, HOUR, -HOUR),
    )
    .map(([step, beside]) => nowMs + step + beside);

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4, nil: null });

function anyBilling(nowMs: number): fc.Arbitrary<Record<string, string | number | boolean | null>> {
  return fc.record({
    billing_status: fc.constantFrom('active', 'trialing', 'past_due', 'canceled', 'none'),
    tier: maybe(fc.constantFrom(...WORDS)),
    quantity: maybe(fc.integer({ min: 0, max: 4 })),
    mrr: maybe(fc.integer({ min: 0, max: 5 }).map((n) => n * 1000)),
    mrr_currency: maybe(fc.constantFrom('usd', 'eur')),
    ltv: maybe(fc.integer({ min: 0, max: 5 }).map((n) => n * 1000)),
    ltv_currency: maybe(fc.constantFrom('usd', 'eur')),
    payment_method_on_file: maybe(fc.boolean()),
    trial_end_date: maybe(anyInstant(nowMs)),
    cancels_at: maybe(anyInstant(nowMs)),
  });
}

function anyTraits(nowMs: number): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    {
      role: fc.oneof(fc.constantFrom(...WORDS), fc.constant(null), fc.constant(true), fc.constant(2)),
      n: fc.oneof(smallNumber, fc.constant('2'), fc.constant(null)),
      flag: fc.oneof(fc.boolean(), fc.constant('true')),
      list: fc.oneof(
        fc.uniqueArray(fc.constantFrom(...WORDS), { maxLength: 4 }),
        fc.constant('pro'),
        fc.constant([1, null]),
      ),
      size: fc.constantFrom(...WORDS),
      date: fc.oneof(
        anyInstant(nowMs).map((at) => new Date(at).toISOString()),
        anyInstant(nowMs),
        anyInstant(nowMs).map((at) => Math.floor(at / 1000)),
        anyInstant(nowMs).map((at) => new Date(at).toISOString().slice(0, 10)),
        fc.constantFrom('2026-02-31', '2026-02-31T00:00:00Z', 'soon', '2026-11-24T10:00', '', null, true),
      ),
    },
    { requiredKeys: [] },
  );
}

export function anyPerson(nowMs: number): fc.Arbitrary<Person> {
  const anyData = fc.record(
    {
      change: fc.constantFrom(...WORDS),
      plan: fc.record({ tier: fc.constantFrom(...WORDS) }),
      amount: fc.oneof(smallNumber, fc.constant('3')),
      flag: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  return fc.record({
    id: fc.uuid({ version: 7 }),
    properties: fc
      .tuple(
        anyBilling(nowMs),
        fc.record({
          name: maybe(fc.constantFrom(...WORDS)),
          email: maybe(fc.constantFrom(...WORDS)),
          engagement_score: maybe(fc.integer({ min: 0, max: 4 })),
          last_seen_at: maybe(anyInstant(nowMs)),
        }),
      )
      .map(([billing, rest]) => ({ ...billing, ...rest })),
    traits: anyTraits(nowMs),
    companies: fc.array(
      fc.record({
        name: maybe(fc.constantFrom(...WORDS)),
        domain: fc.constant(null),
        traits: anyTraits(nowMs),
        billing: anyBilling(nowMs).map((billing) => ({
          ...billing,
          trial_end_date:
            typeof billing['trial_end_date'] === 'number' ? new Date(billing['trial_end_date']).toISOString() : null,
        })),
      }),
      { maxLength: 2 },
    ),
    events: fc.array(fc.record({ type: fc.constantFrom('login', 'export'), atMs: anyInstant(nowMs), data: anyData }), {
      maxLength: 6,
    }),
    memberOf: fc.constantFrom([], ['vip']),
  });
}

export const DATE_PROPERTIES: readonly string[] = Object.entries(CONTACT_PROPERTIES)
  .filter(([, info]) => info.type === 'date')
  .map(([name]) => name);
