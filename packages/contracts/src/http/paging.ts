import { z } from 'zod';

/** Rows per page where the caller names no number, and the most that may be asked for. */
export const PAGE_SIZE = 50;
export const PAGE_SIZE_MAX = 200;

/** Query of every list: hand `nextCursor` of the last answer back to get what follows. */
export const PageQuery = z.object({
  cursor: z.string().max(500).optional().describe('`nextCursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX).default(PAGE_SIZE),
});
export type PageQuery = z.infer<typeof PageQuery>;

/** `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({ rows: z.array(row), nextCursor: z.string().nullable() });
}

/** How many there are in all. Exact up to a thousand; above that an estimate: show it as "about 120,000". */
export const Total = z.object({ count: z.number().int(), isExact: z.boolean() });
export type Total = z.infer<typeof Total>;
