import { describe, expect, test } from 'vitest';
import { parseDecimal, ZERO } from './fraction.ts';
import { convertMinor, currencyExponent, majorText, minorToJson } from './money.ts';

const rate = (text: string) => parseDecimal(text) ?? ZERO;

describe('money', () => {
  test('currencies have the decimals that Stripe gives them', () => {
    expect(['usd', 'jpy', 'kwd', 'isk', 'xof', 'tnd'].map(currencyExponent)).toEqual([2, 0, 3, 2, 0, 3]);
  });

  test('UGX, on which Stripe contradicts itself, is never converted', () => {
    expect(currencyExponent('ugx')).toBeNull();
    expect(convertMinor({ amountMinor: 500n, from: 'ugx', to: 'usd', rate: rate('0.00027') })).toBeNull();
  });

  test('a rate per major unit is shifted by the exponents', () => {
    expect(convertMinor({ amountMinor: 1200n, from: 'jpy', to: 'usd', rate: rate('0.0065') })).toBe(780n);
    expect(convertMinor({ amountMinor: 5120n, from: 'kwd', to: 'usd', rate: rate('3.25') })).toBe(1664n);
    expect(convertMinor({ amountMinor: 780n, from: 'usd', to: 'jpy', rate: rate('153.846') })).toBe(1200n);
  });

  test('amounts are shown with their own decimals, below one unit and below zero too', () => {
    expect(majorText(1234n, 'usd')).toBe('12.34');
    expect(majorText(5n, 'usd')).toBe('0.05');
    expect(majorText(-5n, 'kwd')).toBe('-0.005');
    expect(majorText(1200n, 'jpy')).toBe('1200');
  });

  test('an amount that a JSON number cannot hold exactly is null', () => {
    expect(minorToJson(BigInt(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
    expect(minorToJson(BigInt(Number.MAX_SAFE_INTEGER) + 1n)).toBeNull();
  });
});
