import type { z } from 'zod';
import type { PropertyType } from '../contact-properties.ts';
import {
  DATE_AMOUNT_MAX,
  FILTER_DEPTH_MAX,
  FILTER_NODES_MAX,
  Filter,
  type DateTest,
  type FilterNode,
  type PayloadCondition,
  type PropertyCondition,
  type Span,
} from './filter.ts';
import { FILTER_PROPERTY_NAMES, filterProperty } from './filter-properties.ts';

export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  /** `path` is the place, such as `where.of[1].property`; `message` is a sentence that names it. */
  | { readonly ok: false; readonly path: string; readonly message: string };

type Failure = { readonly path: string; readonly says: string };

/**
 * Reads a tree from outside: size first (so that a huge one costs nothing), then shape, then names and types. The first
 * thing that is wrong comes back as one sentence that names the condition. Whether named segments exist, and without a
 * cycle, only the workspace knows: that is checked where a segment is saved.
 */
export function parseFilter(input: unknown): ParsedFilter {
  const tooBig = checkSize(input);
  if (tooBig) return fail(tooBig);
  const parsed = Filter.safeParse(input);
  if (!parsed.success) return fail(shapeFailure(input, parsed.error));
  const wrong = checkNode(parsed.data.where, 'where');
  return wrong ? fail(wrong) : { ok: true, filter: parsed.data };
}

function fail(failure: Failure): ParsedFilter {
  const says = /[.?]$/.test(failure.says) ? failure.says : `${failure.says}.`;
  return { ok: false, path: failure.path, message: `At ${failure.path}: ${says}` };
}

/** Walks without recursion, so that depth cannot exhaust the stack. */
function checkSize(input: unknown): Failure | null {
  let nodes = 0;
  const open: { value: unknown; path: string; depth: number }[] = [
    { value: isObject(input) ? input['where'] : undefined, path: 'where', depth: 1 },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path, depth } = next;
    if (!isObject(value)) continue;
    nodes += 1;
    if (nodes > FILTER_NODES_MAX) {
      return {
        path,
        says: `the filter has more than ${FILTER_NODES_MAX} groups and conditions; split it into segments`,
      };
    }
    if (depth > FILTER_DEPTH_MAX) {
      return { path, says: `groups are nested more than ${FILTER_DEPTH_MAX} deep; make a segment of the inner one` };
    }
    const inner = value['of'] ?? value['where'];
    const list = Array.isArray(inner) ? inner : inner === undefined ? [] : [inner];
    const name = value['of'] === undefined ? 'where' : 'of';
    // What is beyond the bound is refused anyway: no need to queue a million of them.
    list.slice(0, FILTER_NODES_MAX + 1).forEach((child: unknown, index) => {
      open.push({ value: child, path: `${path}.${name}${Array.isArray(inner) ? `[${index}]` : ''}`, depth: depth + 1 });
    });
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function shapeFailure(input: unknown, error: z.ZodError): Failure {
  const issue = error.issues[0];
  if (!issue) return { path: 'where', says: 'this is not a filter' };
  const path = pathText(issue.path);
  if (path === '' || path === 'version') {
    return { path: 'version', says: 'a filter is an object with "version": 1 and "where"' };
  }
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], input);
  const last = issue.path.at(-1);
  if (issue.code === 'invalid_union' && last === 'op') {
    return {
      path,
      says: found === undefined ? '"op" is missing' : `there is no condition or group called ${quote(found)}`,
    };
  }
  if (issue.code === 'invalid_union' || issue.code === 'invalid_value') {
    const allowed = 'values' in issue ? `; it may be ${listOf(issue.values.map(String), 'or')}` : '';
    return { path, says: `${quote(found)} is not something that "${String(last)}" can be${allowed}` };
  }
  if (found === undefined) return { path, says: `"${String(last)}" is missing` };
  return { path, says: issue.message };
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
}

function checkNode(node: FilterNode, path: string): Failure | null {
  switch (node.op) {
    case 'and':
    case 'or':
      return first(node.of, (child, i) => checkNode(child, `${path}.of[${i}]`));
    case 'not':
      return checkNode(node.of, `${path}.of`);
    case 'segment':
      return null;
    case 'event':
      return (node.within ? checkSpan(node.within, `${path}.within`) : null) ?? checkPayload(node.where, path);
    case 'event_time':
      return checkDate(node.test, `${path}.test`) ?? checkPayload(node.where, path);
    default:
      return checkProperty(node, path);
  }
}

function first<T>(items: readonly T[], check: (item: T, index: number) => Failure | null): Failure | null {
  for (const [index, item] of items.entries()) {
    const failure = check(item, index);
    if (failure) return failure;
  }
  return null;
}

function checkProperty(node: PropertyCondition, path: string): Failure | null {
  const property = filterProperty(node.property);
  if (!property) {
    return {
      path: `${path}.property`,
      says: `there is no property called ${quote(node.property)}${didYouMean(node.property)}`,
    };
  }
  if (property.type === null && node.op === 'money') {
    return { path, says: `${quote(node.property)} is a trait, which has no currency; test it as a number` };
  }
  if (property.type !== null && node.op !== 'presence' && node.op !== property.type) {
    return {
      path,
      says: `${quote(node.property)} is ${aType(property.type)}, so it cannot be tested as ${aType(node.op)}`,
    };
  }
  const closed = property.info?.values;
  if (node.op === 'text' && closed && (node.is === 'is' || node.is === 'is_not')) {
    const strange = node.values.find((value) => !closed.includes(value.toLowerCase()));
    if (strange !== undefined) {
      return {
        path: `${path}.values`,
        says: `${quote(node.property)} is never ${quote(strange)}; it may be ${listOf(closed, 'or')}`,
      };
    }
  }
  if (node.op === 'date') return checkDate(node.test, `${path}.test`);
  if (node.op === 'number') return checkBounds({ is: node.is, from: node.value, to: node.to, name: 'to' }, path);
  if (node.op === 'money')
    return checkBounds({ is: node.is, from: node.amountMinor, to: node.toMinor, name: 'toMinor' }, path);
  return null;
}

function checkPayload(conditions: readonly PayloadCondition[] | undefined, path: string): Failure | null {
  return first(conditions ?? [], (condition, i) => {
    const at = `${path}.where[${i}]`;
    if (condition.field.split('.').includes('')) {
      return { path: `${at}.field`, says: `${quote(condition.field)} is not the name of a field` };
    }
    return condition.op === 'number'
      ? checkBounds({ is: condition.is, from: condition.value, to: condition.to, name: 'to' }, at)
      : null;
  });
}

function checkBounds(
  input: { is: string; from: number; to: number | undefined; name: string },
  path: string,
): Failure | null {
  if (input.is !== 'between') return null;
  if (input.to === undefined) return { path, says: `"between" needs an upper bound in "${input.name}"` };
  if (input.to < input.from)
    return { path, says: `the upper bound ${input.to} is below the lower bound ${input.from}` };
  return null;
}

function checkDate(test: DateTest, path: string): Failure | null {
  return 'unit' in test ? checkSpan(test, path) : null;
}

function checkSpan(span: Span, path: string): Failure | null {
  const max = DATE_AMOUNT_MAX[span.unit];
  return span.n > max ? { path, says: `${span.n} ${span.unit} is too long; the most is ${max}` } : null;
}

function aType(type: PropertyType): string {
  return type === 'text' || type === 'money' ? type : `a ${type === 'boolean' ? 'yes-or-no value' : type}`;
}

function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return `"${text.length > 60 ? `${text.slice(0, 60)}...` : text}"`;
}

function listOf(items: readonly string[], word: 'or' | 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1) ?? ''}`;
}

/** The known name with the fewest edits, where at most two letters are wrong. */
function didYouMean(name: string): string {
  if (name.length > 60) return '';
  let best: { name: string; edits: number } | undefined;
  for (const known of FILTER_PROPERTY_NAMES) {
    const edits = editsBetween(name.toLowerCase(), known);
    if (edits <= 2 && (!best || edits < best.edits)) best = { name: known, edits };
  }
  return best ? `; did you mean "${best.name}"?` : '';
}

function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
