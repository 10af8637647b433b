import {
  type DateTest,
  type EventCondition,
  type EventTimeCondition,
  type Filter,
  type FilterNode,
  type PayloadCondition,
  type PropertyCondition,
  type Span,
} from './filter.ts';
import { filterProperty } from './filter-properties.ts';
import { moneyText } from './money-text.ts';

export interface ReadBackNames {
  /** Segment key to name; a key that is not there is shown itself. */
  readonly segments?: Readonly<Record<string, string>>;
}

/** The whole tree as an English sentence: "People whose plan tier is "pro" and whose last seen is more than 7 days ago." */
export function readBack(filter: Filter, names: ReadBackNames = {}): string {
  const { where } = filter;
  if (where.op === 'and' && where.of.length === 0) return 'Everybody.';
  if (where.op === 'or' && where.of.length === 0) return 'Nobody.';
  return `People for whom ${readBackNode(where, names)}.`;
}

/** One node as a clause: "plan tier is "pro"". Groups within groups stand in brackets. */
export function readBackNode(node: FilterNode, names: ReadBackNames = {}): string {
  switch (node.op) {
    case 'and':
      return group(node.of, { word: 'and', empty: 'anything is so', names });
    case 'or':
      return group(node.of, { word: 'or', empty: 'nothing is so', names });
    case 'not':
      return `it is not so that ${inBrackets(node.of, names)}`;
    case 'segment':
      return `they are ${node.is === 'member' ? '' : 'not '}in the segment "${names.segments?.[node.segment] ?? node.segment}"`;
    case 'event':
      return eventClause(node);
    case 'event_time':
      return eventTimeClause(node);
    default:
      return propertyClause(node);
  }
}

function group(
  nodes: readonly FilterNode[],
  input: { word: 'and' | 'or'; empty: string; names: ReadBackNames },
): string {
  if (nodes.length === 0) return input.empty;
  if (nodes.length === 1 && nodes[0]) return readBackNode(nodes[0], input.names);
  return nodes.map((node) => inBrackets(node, input.names)).join(` ${input.word} `);
}

function inBrackets(node: FilterNode, names: ReadBackNames): string {
  const clause = readBackNode(node, names);
  const isGroup = (node.op === 'and' || node.op === 'or') && node.of.length > 1;
  return isGroup || node.op === 'not' ? `(${clause})` : clause;
}

function propertyClause(node: PropertyCondition): string {
  const label = propertyLabel(node.property);
  switch (node.op) {
    case 'text':
      return `${label} ${TEXT_WORDS[node.is]} ${anyOf(node.values)}`;
    case 'number':
      return `${label} ${bounds(node.is, String(node.value), node.to === undefined ? '' : String(node.to))}`;
    case 'money': {
      const to = node.toMinor === undefined ? '' : moneyText(node.toMinor, node.currency);
      return `${label} ${bounds(node.is, moneyText(node.amountMinor, node.currency), to)}`;
    }
    case 'boolean':
      return `${label} is ${node.is === 'true' ? 'yes' : 'no'}`;
    case 'presence':
      return `${label} is ${node.is === 'exists' ? 'known' : 'not known'}`;
    case 'list':
      return `${label} ${LIST_WORDS[node.is]} ${node.is === 'includes_all' ? allOf(node.values) : anyOf(node.values)}`;
    case 'date':
      return `${label} is ${dateWords(node.test)}`;
  }
}

/** Lower case as in running text, but abbreviations such as MRR and ID as they are. Traits stand in quotes. */
export function propertyLabel(property: string): string {
  const known = filterProperty(property);
  if (!known) return `"${property}"`;
  if (known.of === 'trait') return `"${known.name}"`;
  if (known.of === 'company_trait') return `company "${known.name}"`;
  return known.label.replace(/^[A-Z](?=[a-z-])/, (letter) => letter.toLowerCase());
}

const TEXT_WORDS = {
  is: 'is',
  is_not: 'is not',
  contains: 'contains',
  does_not_contain: 'does not contain',
  starts_with: 'starts with',
  ends_with: 'ends with',
} as const;
const LIST_WORDS = {
  includes_any: 'includes',
  includes_all: 'includes',
  includes_none: 'does not include',
} as const;

function anyOf(values: readonly string[]): string {
  return listed(values, 'or');
}
function allOf(values: readonly string[]): string {
  return listed(values, 'and');
}
function listed(values: readonly string[], word: 'or' | 'and'): string {
  const quoted = values.slice(0, 5).map((value) => `"${value}"`);
  if (values.length > 5) quoted.push(`${values.length - 5} more`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${word} ${quoted.at(-1) ?? ''}`;
}

function bounds(is: string, from: string, to: string): string {
  switch (is) {
    case 'equals':
      return `is ${from}`;
    case 'not_equals':
      return `is not ${from}`;
    case 'more_than':
      return `is more than ${from}`;
    case 'at_least':
      return `is at least ${from}`;
    case 'less_than':
      return `is less than ${from}`;
    case 'at_most':
      return `is at most ${from}`;
    default:
      return `is between ${from} and ${to}`;
  }
}

/** "within the next 3 days", "more than 7 days ago", "on 2026-11-24". */
export function dateWords(test: DateTest): string {
  switch (test.is) {
    case 'in_next':
      return `within the next ${spanText(test)}`;
    case 'in_last':
      return `within the last ${spanText(test)}`;
    case 'more_than_ago':
      return `more than ${spanText(test)} ago`;
    case 'more_than_from_now':
      return `more than ${spanText(test)} from now`;
    case 'on':
      return `on ${test.date}`;
    case 'before':
    case 'after':
      return `${test.is} ${test.date}`;
  }
}

export function spanText(span: Span): string {
  return `${span.n} ${span.n === 1 ? span.unit.slice(0, -1) : span.unit}`;
}

function eventClause(node: EventCondition): string {
  const span = node.within ? ` within the last ${spanText(node.within)}` : '';
  const where = payloadWords(node.where);
  if (node.is === 'at_least' && node.times === 1) {
    const did = node.did === 'did' ? 'they did' : node.within ? 'they did not do' : 'they never did';
    return `${did} "${node.event}"${where}${span}`;
  }
  const did = node.did === 'did' ? 'they did' : 'they did not do';
  const often = `${node.is.replace('_', ' ')} ${node.times === 1 ? 'once' : `${node.times} times`}`;
  return `${did} "${node.event}"${where} ${often}${span}`;
}

function eventTimeClause(node: EventTimeCondition): string {
  return `the ${node.which} "${node.event}"${payloadWords(node.where)} was ${dateWords(node.test)}`;
}

function payloadWords(conditions: readonly PayloadCondition[] | undefined): string {
  if (!conditions || conditions.length === 0) return '';
  return ` (where ${conditions.map(payloadClause).join(' and ')})`;
}

function payloadClause(condition: PayloadCondition): string {
  const name = `"${condition.field}"`;
  switch (condition.op) {
    case 'text':
      return `${name} ${TEXT_WORDS[condition.is]} ${anyOf(condition.values)}`;
    case 'number':
      return `${name} ${bounds(condition.is, String(condition.value), String(condition.to ?? ''))}`;
    case 'boolean':
      return `${name} is ${condition.is === 'true' ? 'yes' : 'no'}`;
    case 'presence':
      return `${name} is ${condition.is === 'exists' ? 'known' : 'not known'}`;
  }
}
