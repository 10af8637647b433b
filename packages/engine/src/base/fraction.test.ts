import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  compare,
  decimalText,
  divide,
  fraction,
  fractionText,
  multiply,
  parseDecimal,
  roundHalfUp,
  subtract,
} from './fraction.ts';

const anyFraction = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 12n }))
  .map(([numerator, denominator]) => fraction(numerator, denominator));

describe('fractions', () => {
  test('a tie rounds up, below zero too', () => {
    const halves = [5n, 3n, 1n, -1n, -3n, -5n].map((numerator) => roundHalfUp(fraction(numerator, 2n)));
    expect(halves).toEqual([3n, 2n, 1n, 0n, -1n, -2n]);
  });

  test('rounding is never further than a half away, and never below it', () => {
    fc.assert(
      fc.property(anyFraction, (value) => {
        const distance = subtract(fraction(roundHalfUp(value)), value);
        expect(compare(distance, fraction(1n, 2n))).toBeLessThanOrEqual(0);
        expect(compare(distance, fraction(-1n, 2n))).toBeGreaterThan(0);
      }),
    );
  });

  test('adding then subtracting, multiplying then dividing, give back the same value', () => {
    fc.assert(
      fc.property(anyFraction, anyFraction, (left, right) => {
        expect(compare(subtract(add(left, right), right), left)).toBe(0);
        if (right.numerator !== 0n) expect(compare(divide(multiply(left, right), right), left)).toBe(0);
      }),
    );
  });

  test('decimals are read exactly, and nothing else is read', () => {
    expect(fractionText(parseDecimal('0.000000000001') ?? fraction(0n))).toBe('1/1000000000000');
    expect(fractionText(parseDecimal('-33.33') ?? fraction(0n))).toBe('-3333/100');
    expect(['', '.5', '1.', '1e3', '0x1', ' 1', 'NaN', '1,5', '--1'].map(parseDecimal)).toEqual(Array(9).fill(null));
  });

  test('the decimal text is the rounded value without trailing zeros', () => {
    expect(decimalText(fraction(29_000n, 12n), 4)).toBe('2416.6667');
    expect(decimalText(fraction(-1n, 3n), 2)).toBe('-0.33');
    expect(decimalText(fraction(5n), 4)).toBe('5');
    expect(decimalText(fraction(1n, 20n), 12)).toBe('0.05');
  });

  test('a denominator of zero is refused', () => {
    expect(() => fraction(1n, 0n)).toThrow(RangeError);
  });

  test('a long sum stays exact', () => {
    let sum = fraction(0n);
    for (let n = 1n; n <= 200n; n += 1n) sum = add(sum, fraction(1n, n * (n + 1n)));
    expect(fractionText(sum)).toBe('200/201');
  });
});
