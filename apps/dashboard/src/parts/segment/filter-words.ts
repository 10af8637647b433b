import type { DateTest, FilterLeaf, FilterNode, PropertyCondition } from '@growthos/contracts/filter/filter.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';

/** The words of the builder: what each test is called, and what a fresh condition looks like. No rule is decided here. */
export type CatalogueProperty = FilterCatalogue['properties'][number];
export type Choice = readonly [value: string, label: string];

export const TEXT_CHOICES: readonly Choice[] = [
  ['is', 'is'],
  ['is_not', 'is not'],
  ['contains', 'contains'],
  ['does_not_contain', 'does not contain'],
  ['starts_with', 'starts with'],
  ['ends_with', 'ends with'],
];
export const NUMBER_CHOICES: readonly Choice[] = [
  ['at_least', 'is at least'],
  ['more_than', 'is more than'],
  ['at_most', 'is at most'],
  ['less_than', 'is less than'],
  ['equals', 'is exactly'],
  ['not_equals', 'is not'],
  ['between', 'is between'],
];
const MONEY_CHOICES: readonly Choice[] = NUMBER_CHOICES.filter(([value]) => value !== 'not_equals');
const LIST_CHOICES: readonly Choice[] = [
  ['includes_any', 'has any of'],
  ['includes_all', 'has all of'],
  ['includes_none', 'has none of'],
];
export const DATE_CHOICES: readonly Choice[] = [
  ['in_next', 'is in the next'],
  ['in_last', 'was in the last'],
  ['more_than_ago', 'was more than … ago'],
  ['more_than_from_now', 'is more than … from now'],
  ['on', 'is on the day'],
  ['before', 'is before'],
  ['after', 'is after'],
];
export const BOOLEAN_CHOICES: readonly Choice[] = [
  ['true', 'is yes'],
  ['false', 'is no'],
];
export const PRESENCE_CHOICES: readonly Choice[] = [
  ['exists', 'is known'],
  ['not_exists', 'is not known'],
];
export const UNIT_CHOICES: readonly Choice[] = [
  ['minutes', 'minutes'],
  ['hours', 'hours'],
  ['days', 'days'],
  ['weeks', 'weeks'],
  ['months', 'months'],
];

const CHOICES_OF = {
  text: TEXT_CHOICES,
  number: NUMBER_CHOICES,
  money: MONEY_CHOICES,
  list: LIST_CHOICES,
  date: DATE_CHOICES,
  boolean: BOOLEAN_CHOICES,
} as const;

/** Everything a property of this type can be asked; every property can be asked whether it is known. */
export const choicesFor = (type: CatalogueProperty['type']): readonly Choice[] => [
  ...CHOICES_OF[type],
  ...PRESENCE_CHOICES,
];

const someDays: DateTest = { is: 'in_last', n: 7, unit: 'days' };

/** A date test of another kind, keeping what it can of the old one. */
export function dateTest(is: string, old: DateTest): DateTest {
  const span = 'n' in old ? { n: old.n, unit: old.unit } : { n: 7, unit: 'days' as const };
  const date = 'date' in old ? old.date.slice(0, 10) : new Date().toISOString().slice(0, 10);
  switch (is) {
    case 'in_next':
    case 'in_last':
    case 'more_than_ago':
    case 'more_than_from_now':
      return { is, ...span };
    case 'on':
      return { is, date };
    case 'before':
    case 'after':
      return { is, date };
    default:
      return old;
  }
}

/** A condition on a property as it stands before somebody fills it in. */
export function freshCondition({ property, type, values }: CatalogueProperty): PropertyCondition {
  switch (type) {
    case 'text':
      return { op: 'text', property, is: 'is', values: values.length === 1 ? [...values] : [] };
    case 'number':
      return { op: 'number', property, is: 'at_least', value: 1 };
    case 'money':
      return { op: 'money', property, is: 'at_least', amountMinor: 0, currency: 'usd' };
    case 'boolean':
      return { op: 'boolean', property, is: 'true' };
    case 'date':
      return { op: 'date', property, test: someDays };
    case 'list':
      return { op: 'list', property, is: 'includes_any', values: [] };
  }
}

export const freshEvent = (event: string): FilterLeaf => ({
  op: 'event',
  event,
  did: 'did',
  is: 'at_least',
  times: 1,
  within: { n: 7, unit: 'days' },
});

/** The same property with another test; `is` may belong to the presence tests that every property has. */
export function changeTest(node: PropertyCondition, input: { is: string; info: CatalogueProperty }): PropertyCondition {
  const { is, info } = input;
  if (is === 'exists' || is === 'not_exists') return { op: 'presence', property: node.property, is };
  const base = node.op === 'presence' ? freshCondition(info) : node;
  if (base.op === 'date') return { ...base, test: dateTest(is, base.test) };
  if (base.op === 'number' || base.op === 'money') return changeBounds(base, is);
  return asCondition({ ...base, is });
}

function changeBounds(node: Extract<PropertyCondition, { op: 'number' | 'money' }>, is: string): PropertyCondition {
  if (node.op === 'number') {
    const { to, ...rest } = node;
    return asCondition({ ...rest, is, ...(is === 'between' ? { to: to ?? rest.value } : {}) });
  }
  const { toMinor, ...rest } = node;
  return asCondition({ ...rest, is, ...(is === 'between' ? { toMinor: toMinor ?? rest.amountMinor } : {}) });
}

/** `is` comes out of the list of the very type that the condition has, which the compiler cannot see. */
function asCondition(node: { op: string; is: string }): PropertyCondition {
  return node as PropertyCondition;
}

export const testOf = (node: PropertyCondition): string => (node.op === 'date' ? node.test.is : node.is);

/** What is still to be filled in, in words; null where nothing is. */
export function missingIn(node: FilterNode): string | null {
  switch (node.op) {
    case 'and':
    case 'or':
      return node.of.length === 0
        ? 'This group is empty: add a condition or remove it.'
        : (node.of.map(missingIn).find((one) => one !== null) ?? null);
    case 'not':
      return missingIn(node.of);
    case 'text':
    case 'list':
      return node.values.length === 0 ? 'Choose at least one value.' : null;
    case 'segment':
      return node.segment === '' ? 'Choose a segment.' : null;
    case 'event':
    case 'event_time':
      return (node.where ?? []).some((test) => test.field === '' || (test.op === 'text' && test.values.length === 0))
        ? 'Fill in what the event must say.'
        : null;
    default:
      return null;
  }
}
