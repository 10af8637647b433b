/**
 * Exact rational numbers for money: no binary float ever touches an amount.
 * Fractions are not kept in lowest terms; they are reduced only when they grow, which keeps sums of a few terms cheap.
 */
export interface Fraction {
  readonly numerator: bigint;
  /** Always above zero. */
  readonly denominator: bigint;
}

export const ZERO: Fraction = { numerator: 0n, denominator: 1n };
export const ONE: Fraction = { numerator: 1n, denominator: 1n };

/** Above this a fraction is reduced, so that long sums do not carry ever longer integers. */
const REDUCE_ABOVE = 1n << 96n;

export function fraction(numerator: bigint, denominator = 1n): Fraction {
  if (denominator === 0n) throw new RangeError('A fraction needs a denominator other than zero');
  return denominator < 0n ? make(-numerator, -denominator) : make(numerator, denominator);
}

function make(numerator: bigint, denominator: bigint): Fraction {
  if (denominator <= REDUCE_ABOVE) return { numerator, denominator };
  return reduce({ numerator, denominator });
}

export function reduce(value: Fraction): Fraction {
  const divisor = greatestCommonDivisor(value.numerator, value.denominator);
  return divisor === 1n ? value : { numerator: value.numerator / divisor, denominator: value.denominator / divisor };
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let a = left < 0n ? -left : left;
  let b = right;
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

export function add(left: Fraction, right: Fraction): Fraction {
  if (left.denominator === right.denominator) return make(left.numerator + right.numerator, left.denominator);
  return make(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  );
}

export function negate(value: Fraction): Fraction {
  return { numerator: -value.numerator, denominator: value.denominator };
}

export function subtract(left: Fraction, right: Fraction): Fraction {
  return add(left, negate(right));
}

export function multiply(left: Fraction, right: Fraction): Fraction {
  return make(left.numerator * right.numerator, left.denominator * right.denominator);
}

export function divide(left: Fraction, right: Fraction): Fraction {
  return fraction(left.numerator * right.denominator, left.denominator * right.numerator);
}

/** Below zero when `left` is less, zero when equal, above zero when more. */
export function compare(left: Fraction, right: Fraction): number {
  const difference = left.numerator * right.denominator - right.numerator * left.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function isZero(value: Fraction): boolean {
  return value.numerator === 0n;
}

export function smaller(left: Fraction, right: Fraction): Fraction {
  return compare(left, right) <= 0 ? left : right;
}

/** Rounds to the nearest integer; a tie goes up, so 2.5 gives 3 and -2.5 gives -2. */
export function roundHalfUp(value: Fraction): bigint {
  const doubled = value.denominator * 2n;
  const shifted = value.numerator * 2n + value.denominator;
  const quotient = shifted / doubled;
  // BigInt division cuts toward zero, so a negative remainder needs one step down to become a floor.
  return shifted % doubled < 0n ? quotient - 1n : quotient;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Reads `"33.33"` exactly. Null for anything that is not a plain decimal; exponents are not accepted. */
export function parseDecimal(text: string): Fraction | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '0', decimals = ''] = match;
  const digits = BigInt(whole + decimals);
  return { numerator: sign === '-' ? -digits : digits, denominator: powerOfTen(decimals.length) };
}

const POWERS_OF_TEN = Array.from({ length: 31 }, (_, exponent) => 10n ** BigInt(exponent));

export function powerOfTen(exponent: number): bigint {
  return POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);
}

/** In lowest terms: `"5/2"`, or `"3"` for a whole number. */
export function fractionText(value: Fraction): string {
  const { numerator, denominator } = reduce(value);
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

/** For a person: rounded half up to at most `decimals` places, without trailing zeros. */
export function decimalText(value: Fraction, decimals: number): string {
  const scale = powerOfTen(decimals);
  const scaled = roundHalfUp({ numerator: value.numerator * scale, denominator: value.denominator });
  const digits = `${scaled < 0n ? -scaled : scaled}`.padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const rest = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${whole}${rest === '' ? '' : `.${rest}`}`;
}
