/**
 * The segments that every team wants, as data: each with its parameters asked in plain words and the people who are left
 * out on purpose. Filling one in gives an ordinary tree, which can be edited like any other.
 */
import {
  FILTER_VERSION,
  type DateTest,
  type Filter,
  type FilterLeaf,
  type FilterNode,
} from '@growthos/contracts/filter/filter.ts';
import { readBack } from '@growthos/contracts/filter/read-back.ts';
import type { FilledTemplate, SegmentTemplate, TemplateParameter } from '@growthos/contracts/http/segments.ts';
import type { Clock } from '#base/clock.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { many, type Tx } from '#db/db.ts';
import { insertSegment } from './define.ts';
import { lockWorkspaces } from './segment-row.ts';

type Values = Readonly<Record<string, number | string | readonly string[] | null>>;

interface Template {
  readonly key: string;
  readonly name: string;
  readonly says: string;
  readonly pitfalls: readonly string[];
  readonly parameters: readonly TemplateParameter[];
  readonly conditions: (values: Values) => FilterNode[];
  /** The name of the segment that it makes, and its key. */
  readonly named?: (values: Values) => { name: string; key: string };
}

const is = (property: string, ...values: string[]): FilterLeaf => ({ op: 'text', property, is: 'is', values });
const known = (property: string): FilterLeaf => ({ op: 'presence', property, is: 'exists' });
const unknown = (property: string): FilterLeaf => ({ op: 'presence', property, is: 'not_exists' });
const date = (property: string, test: DateTest): FilterLeaf => ({ op: 'date', property, test });

/** Subscriptions that count as running: paying, or about to be collected from. */
const LIVE = is('billing_status', 'active', 'past_due');
const LIVE_OR_TRIAL = is('billing_status', 'active', 'past_due', 'trialing');

const days = (name: string, ask: string, byDefault: number | null, max = 365): TemplateParameter => ({
  name,
  ask,
  type: 'number',
  isRequired: byDefault !== null,
  default: byDefault,
  min: 1,
  max,
  unit: 'days',
});

const NOT_CHURNED = [
  'A cancellation that is only scheduled is not churn yet: see "Canceling".',
  'Somebody who never paid (a trial that ended, a first payment that never went through) was no customer to lose.',
  'Somebody with another live subscription is still a customer.',
];

const churned = (kind: 'voluntary' | 'involuntary', input: { name: string; says: string }): Template => ({
  key: `churned_${kind}`,
  name: input.name,
  says: input.says,
  pitfalls: NOT_CHURNED,
  parameters: [days('days', 'Only those who left within how many days? Leave empty for all.', null, 3650)],
  conditions: (values) => [
    is('billing_status', 'canceled'),
    is('cancel_reason', kind),
    known('first_paid_at'),
    ...(typeof values['days'] === 'number'
      ? [date('canceled_at', { is: 'in_last', n: values['days'], unit: 'days' })]
      : []),
  ],
});

const TEMPLATES: readonly Template[] = [
  {
    key: 'trial_expiring',
    name: 'Trial expiring soon',
    says: 'Running trials that end within the next days.',
    pitfalls: [
      'Trials that were converted are out at once: their status is no longer "trialing".',
      'Trials that are set to cancel are out: reminding them would only annoy.',
      'A trial that ends later than that is not in yet; it comes in by itself, to the second.',
    ],
    parameters: [days('days', 'How many days before the trial ends?', 3, 60)],
    conditions: (values) => [
      is('billing_status', 'trialing'),
      date('trial_end_date', { is: 'in_next', n: number(values, 'days'), unit: 'days' }),
      unknown('cancels_at'),
    ],
    named: (values) => ({
      name: `Trial expiring in ${number(values, 'days')} days`,
      key: `trial_expiring_${number(values, 'days')}_days`,
    }),
  },
  {
    key: 'failed_payment',
    name: 'Failed payment',
    says: 'A payment failed, its invoice is still open, and the subscription is alive.',
    pitfalls: [
      'Whoever pays, or whose invoice is voided or subscription canceled, is out at once.',
      'A first payment that failed ("incomplete") is somebody who never started: not in here.',
    ],
    parameters: [],
    conditions: () => [known('failed_payment_at'), is('billing_status', 'past_due', 'active', 'unpaid')],
  },
  churned('voluntary', { name: 'Churned: left on their own', says: 'Paid once, and canceled by choice.' }),
  churned('involuntary', { name: 'Churned: payment failed', says: 'Paid once, and lost because payments failed.' }),
  {
    key: 'plan_tier',
    name: 'By plan tier',
    says: 'Everybody with a running subscription (or trial) on certain tiers.',
    pitfalls: [
      'Tiers come from the map in Settings. Plans that are not on it are in "On a plan without a tier".',
      'Whoever has canceled is out, although the last plan is still known.',
    ],
    parameters: [
      {
        name: 'tiers',
        ask: 'Which plan tiers?',
        type: 'texts',
        isRequired: true,
        default: ['pro'],
        valuesOf: 'tier',
      },
    ],
    conditions: (values) => [is('tier', ...texts(values, 'tiers')), LIVE_OR_TRIAL],
    named: (values) => ({
      name: `On ${texts(values, 'tiers').join(' or ')}`,
      key: `on_${texts(values, 'tiers').join('_or_')}`
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .slice(0, 80),
    }),
  },
  {
    key: 'plan_without_tier',
    name: 'On a plan without a tier',
    says: 'Running subscriptions whose plan has no tier in Settings yet.',
    pitfalls: ['Should be empty: otherwise segments by tier miss these people.'],
    parameters: [],
    conditions: () => [known('plan'), unknown('tier'), LIVE_OR_TRIAL],
  },
  {
    key: 'trial_high_engagement',
    name: 'Trial with high engagement',
    says: 'Running trials of people who use the product a lot.',
    pitfalls: [
      'The score ranks people within this workspace, so the threshold means the same in every product.',
      'Where no product data has come, there is no score and nobody is in.',
    ],
    parameters: [
      {
        name: 'score',
        ask: 'From which engagement score on (0 to 100)?',
        type: 'number',
        isRequired: true,
        default: 70,
        min: 0,
        max: 100,
      },
    ],
    conditions: (values) => [
      is('billing_status', 'trialing'),
      { op: 'number', property: 'engagement_score', is: 'at_least', value: number(values, 'score') },
    ],
  },
  {
    key: 'paying_failed_payment',
    name: 'Paying customers with a failed payment',
    says: 'Have paid before, and now a payment has failed and its invoice is open.',
    pitfalls: ['Somebody whose very first payment failed has never paid: not in here.'],
    parameters: [],
    conditions: () => [known('failed_payment_at'), known('first_paid_at'), LIVE],
  },
  {
    key: 'downgraded',
    name: 'Downgraded recently',
    says: 'Moved to a cheaper plan within the last days, and still subscribed.',
    pitfalls: [
      'Monthly to yearly, fewer seats, a coupon that ended or another currency are no downgrade.',
      'A downgrade that is only scheduled counts from the day it takes effect.',
    ],
    parameters: [days('days', 'Within how many days?', 30)],
    conditions: (values) => [
      {
        op: 'event',
        event: 'subscription_updated',
        where: [{ op: 'text', field: 'change', is: 'is', values: ['downgrade'] }],
        did: 'did',
        is: 'at_least',
        times: 1,
        within: { n: number(values, 'days'), unit: 'days' },
      },
      LIVE_OR_TRIAL,
    ],
  },
  {
    key: 'tier_silent',
    name: 'Paying, but silent',
    says: 'Paying customers of a tier who have not used the product for some days.',
    pitfalls: [
      'Somebody whom the snippet has never seen is unknown, not silent: not in here.',
      'Whoever subscribed within the same number of days is left out: they have only just come.',
    ],
    parameters: [
      { name: 'tiers', ask: 'Which plan tiers?', type: 'texts', isRequired: true, default: ['pro'], valuesOf: 'tier' },
      days('days', 'Not seen for how many days?', 7),
    ],
    conditions: (values) => [
      is('tier', ...texts(values, 'tiers')),
      LIVE,
      date('last_seen_at', { is: 'more_than_ago', n: number(values, 'days'), unit: 'days' }),
      date('subscription_start_date', { is: 'more_than_ago', n: number(values, 'days'), unit: 'days' }),
    ],
    named: (values) => ({
      name: `${texts(values, 'tiers').join(' or ')} users who haven't logged in for ${number(values, 'days')} days`,
      key: `${texts(values, 'tiers').join('_or_')}_silent_${number(values, 'days')}_days`
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .slice(0, 80),
    }),
  },
  {
    key: 'active_low_nps',
    name: 'Active customers with low NPS',
    says: 'Paying customers whose last NPS answer was low.',
    pitfalls: ['Whoever never answered is not in: no answer is not a bad answer.'],
    parameters: [
      {
        name: 'score',
        ask: 'Up to which score (0 to 10)? Detractors answer 0 to 6.',
        type: 'number',
        isRequired: true,
        default: 6,
        min: 0,
        max: 10,
      },
    ],
    conditions: (values) => [
      LIVE,
      { op: 'number', property: 'nps_score', is: 'at_most', value: number(values, 'score') },
    ],
  },
  {
    key: 'canceling',
    name: 'Canceling',
    says: 'Still subscribed, with a cancellation scheduled.',
    pitfalls: ['They are customers until that day: winning them back now is cheaper than later.'],
    parameters: [],
    conditions: () => [LIVE_OR_TRIAL, known('cancels_at')],
  },
];

/** What a new workspace gets: every template with its defaults, and both trial windows of 3 and 7 days. */
const INSTALLED: readonly { template: string; parameters: Record<string, unknown> }[] = [
  { template: 'trial_expiring', parameters: { days: 3 } },
  { template: 'trial_expiring', parameters: { days: 7 } },
  ...TEMPLATES.filter((template) => template.key !== 'trial_expiring').map((template) => ({
    template: template.key,
    parameters: {},
  })),
];

/** The gallery, each with its tree and sentence for the default parameters. */
export function listTemplates(): SegmentTemplate[] {
  return TEMPLATES.map((template) => {
    const filled = fill(template, {});
    return {
      key: template.key,
      name: template.name,
      says: template.says,
      pitfalls: [...template.pitfalls],
      parameters: template.parameters.map((parameter) => ({ ...parameter })),
      definition: filled.definition,
      sentence: filled.sentence,
    };
  });
}

/** @throws NotFoundError for an unknown template, InvalidInputError (naming the question) for a wrong answer. */
export function fillTemplate(input: { key: string; parameters: Readonly<Record<string, unknown>> }): FilledTemplate {
  const template = TEMPLATES.find((candidate) => candidate.key === input.key);
  if (!template) throw new NotFoundError(`There is no segment template called "${input.key}".`);
  return fill(template, input.parameters);
}

function fill(template: Template, given: Readonly<Record<string, unknown>>): FilledTemplate {
  const values = Object.fromEntries(
    template.parameters.map((parameter) => [parameter.name, answer(parameter, given[parameter.name])]),
  );
  const definition: Filter = { version: FILTER_VERSION, where: { op: 'and', of: template.conditions(values) } };
  const { name, key } = template.named?.(values) ?? template;
  return { name, key, definition, sentence: readBack(definition) };
}

function answer(parameter: TemplateParameter, given: unknown): number | string | readonly string[] | null {
  const value = given === undefined || given === null || given === '' ? parameter.default : given;
  const refuse = (says: string): never => {
    throw new InvalidInputError(`"${parameter.ask}" ${says}`, { field: `parameters.${parameter.name}` });
  };
  if (value === null) return parameter.isRequired ? refuse('needs an answer.') : null;
  if (parameter.type === 'number') {
    if (typeof value !== 'number' || !Number.isInteger(value)) return refuse('needs a whole number.');
    const { min = value, max = value } = parameter;
    return value < min || value > max ? refuse(`needs a number from ${min} to ${max}.`) : value;
  }
  if (parameter.type === 'text') return typeof value === 'string' ? value : refuse('needs a text.');
  const isList =
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '');
  return isList ? (value as string[]) : refuse('needs at least one value.');
}

function number(values: Values, name: string): number {
  const value = values[name];
  if (typeof value !== 'number') throw new Error(`template parameter ${name} is not a number`);
  return value;
}
function texts(values: Values, name: string): string[] {
  const value = values[name];
  if (!Array.isArray(value)) throw new Error(`template parameter ${name} is not a list`);
  return value as string[];
}

/**
 * Makes the segments of all templates in a workspace. May be repeated: a segment whose key is there already stays as it is.
 * Returns the keys made now. Their members are computed in the background.
 */
export async function installTemplates(
  deps: { clock: Clock },
  input: { tx: Tx; workspaceId: string },
): Promise<string[]> {
  const { tx, workspaceId } = input;
  await lockWorkspaces(tx, [workspaceId]);
  const rows = await many<{ key: string }>(tx, {
    text: 'select key from segment where workspace_id = $1',
    values: [workspaceId],
  });
  const present = new Set(rows.map((row) => row.key));
  const made: string[] = [];
  for (const { template, parameters } of INSTALLED) {
    const filled = fillTemplate({ key: template, parameters });
    if (present.has(filled.key)) continue;
    await insertSegment(deps, {
      tx,
      workspaceId,
      name: filled.name,
      key: filled.key,
      definition: filled.definition,
      template: { key: template, parameters },
    });
    made.push(filled.key);
  }
  return made;
}
