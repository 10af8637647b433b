import type { MoneyView } from '@growthos/contracts/http/money-view.ts';
import { parseInstant } from '#base/clock.ts';
import { isRecord } from '#base/is-record.ts';
import { moneyView } from './money-text.ts';

/**
 * Reads an event's payload without trusting its shape: events are kept for years, and those of the app come from outside.
 * What is missing or of another type is null.
 */
export interface DataReader {
  text(name: string): string | null;
  number(name: string): number | null;
  isTrue(name: string): boolean;
  date(name: string): Date | null;
  object(name: string): Readonly<Record<string, unknown>> | null;
  list(name: string): readonly unknown[];
  /** An amount in minor units with the payload's `currency`. */
  money(name: string): MoneyView | null;
  /** `name` of the plan in this field, else its price id. */
  plan(name: string): string | null;
  entries(): [string, unknown][];
}

export function dataReader(data: Readonly<Record<string, unknown>>): DataReader {
  const text = (name: string): string | null => {
    const value = data[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const number = (name: string): number | null => {
    const value = data[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const object = (name: string): Readonly<Record<string, unknown>> | null => {
    const value = data[name];
    return isRecord(value) ? value : null;
  };
  return {
    text,
    number,
    isTrue: (name) => data[name] === true,
    date: (name) => parseInstant(text(name) ?? ''),
    object,
    list: (name) => {
      const value = data[name];
      return Array.isArray(value) ? value : [];
    },
    money: (name) => moneyView(number(name), text('currency')),
    plan: (name) => {
      const plan = object(name);
      if (plan === null) return null;
      const read = dataReader(plan);
      return read.text('name') ?? read.text('price_id');
    },
    entries: () => Object.entries(data),
  };
}
