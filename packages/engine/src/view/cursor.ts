import { InvalidInputError } from '#base/errors.ts';

/** A place in a list, opaque to who carries it: the sort values of the last row. Dates travel as ISO 8601. */
export function encodeCursor(values: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(values), 'utf8').toString('base64url');
}

/** @throws InvalidInputError for anything that `encodeCursor` did not make with so many values. */
export function decodeCursor(cursor: string, length: number): (string | number | null)[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(values) && values.length === length && values.every(isPlain)) return values;
  } catch {
    // Not ours: the sentence below says so.
  }
  throw new InvalidInputError('cursor: give the `nextCursor` of the page before, unchanged.', { field: 'cursor' });
}

function isPlain(value: unknown): value is string | number | null {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The rows of one page out of `limit + 1` that were asked for, and the cursor of the next page. */
export function cutPage<T>(
  rows: readonly T[],
  input: { limit: number; cursorOf: (last: T) => string },
): { rows: T[]; nextCursor: string | null } {
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return { rows: page, nextCursor: rows.length > input.limit && last !== undefined ? input.cursorOf(last) : null };
}
