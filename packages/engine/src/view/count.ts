import type { Total } from '@growthos/contracts/http/paging.ts';
import { many, one, type Queryable } from '#db/db.ts';
import { empty, type Sql, sql } from '#db/sql.ts';

/** Up to here rows are counted one by one; above it the planner's estimate is good enough, and costs nothing. */
const EXACT_MAX = 1000;

/** How many rows `from` gives (a FROM with its WHERE): exact up to a thousand, else PostgreSQL's own estimate. */
export async function countRows(db: Queryable, from: Sql): Promise<Total> {
  const counted = await one<{ count: number }>(
    db,
    sql`select count(*)::int as count from (select 1 ${from} limit ${EXACT_MAX + 1}) counted`,
  );
  const count = counted?.count ?? 0;
  if (count <= EXACT_MAX) return { count, isExact: true };
  const [plan] = await many<{ 'QUERY PLAN': unknown }>(db, sql`explain (format json) select 1 ${from} ${empty}`);
  return { count: Math.max(count, estimateOf(plan?.['QUERY PLAN'])), isExact: false };
}

function estimateOf(plan: unknown): number {
  const parsed: unknown = typeof plan === 'string' ? JSON.parse(plan) : plan;
  const top: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  const rows = read(read(top, 'Plan'), 'Plan Rows');
  return typeof rows === 'number' ? rows : 0;
}

function read(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined;
}
