import type { Filter, FilterNode } from '@growthos/contracts/filter/filter.ts';
import { filterProperty } from '@growthos/contracts/filter/filter-properties.ts';
import type { BusEvent } from '#bus/index.ts';

/** Of every segment: stands for "whatever it reads". */
export const EVERYTHING = '*';

/** What a tree reads: `property:tier`, `event:payment_succeeded`, `segment:<key>`; sorted, each once. */
export function dependsOn(filter: Filter): string[] {
  const found = new Set<string>();
  const visit = (node: FilterNode): void => {
    switch (node.op) {
      case 'and':
      case 'or':
        node.of.forEach(visit);
        return;
      case 'not':
        visit(node.of);
        return;
      case 'event':
      case 'event_time':
        found.add(`event:${node.event}`);
        return;
      case 'segment':
        found.add(`segment:${node.segment}`);
        return;
      default:
        for (const name of propertyDependencies(node.property)) found.add(name);
    }
  };
  visit(filter.where);
  return [...found].sort();
}

/** A company counts as a whole: who its members are matters as much as what it is. */
function propertyDependencies(name: string): string[] {
  const property = filterProperty(name);
  if (name.startsWith('company.')) return ['property:company'];
  const currency = property?.info?.currency;
  return currency === undefined ? [`property:${name}`] : [`property:${name}`, `property:${currency}`];
}

/** What an event may have changed, in the same words. A new or merged contact may belong anywhere. */
export function touchedBy(event: BusEvent): string[] {
  const touched = [`event:${event.type}`];
  // Something done in the product is a sign of life, even where no property change is told for it.
  if (event.source === 'app') touched.push('property:last_seen_at');
  switch (event.type) {
    case 'contact_updated':
      if (event.data['is_new'] === true) touched.push(EVERYTHING);
      for (const property of changedProperties(event.data['changes'])) {
        touched.push(
          property === 'company' || property.startsWith('company.') ? 'property:company' : `property:${property}`,
        );
      }
      break;
    case 'contact_merged':
    case 'contact_split':
      touched.push(EVERYTHING);
      break;
    case 'segment_entered':
    case 'segment_left':
      if (typeof event.data['segment_key'] === 'string') touched.push(`segment:${event.data['segment_key']}`);
      break;
  }
  return touched;
}

function changedProperties(changes: unknown): string[] {
  if (!Array.isArray(changes)) return [];
  return changes.flatMap((change: unknown) => {
    const name = change !== null && typeof change === 'object' && 'property' in change ? change.property : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}

/** The keys of other segments that a tree names, with the place of each. */
export function segmentsNamed(filter: Filter): { key: string; path: string }[] {
  const visit = (node: FilterNode, path: string): { key: string; path: string }[] => {
    if (node.op === 'segment') return [{ key: node.segment, path }];
    if (node.op === 'not') return visit(node.of, `${path}.of`);
    if (node.op === 'and' || node.op === 'or') return node.of.flatMap((child, i) => visit(child, `${path}.of[${i}]`));
    return [];
  };
  return visit(filter.where, 'where');
}
