import type { Clock } from '#base/clock.ts';
import { many } from '#db/db.ts';
import { join, sql } from '#db/sql.ts';
import { compileTruth, populationSql } from '../segments/compile.ts';
import { workspaceTimezone } from '../segments/segment-row.ts';
import type { MatchContacts } from './contact-matcher.ts';

/** Filters of sequences are those of segments, and compiled by the same compiler: one statement for all of a batch. */
export function createMatchContacts(deps: { clock: Clock }): MatchContacts {
  return async (db, input) => {
    const { workspaceId, filters, contactIds } = input;
    const found = filters.map(() => new Set<string>());
    if (contactIds.length === 0 || filters.length === 0) return found;
    const timezone = await workspaceTimezone(db, { workspaceId });
    const now = deps.clock.now();
    const questions = filters.map((filter, nth) => {
      const { joins, isMember } = compileTruth(filter, { workspaceId, now, timezone });
      return sql`select ${nth}::int as nth, c.id from contact c ${joins}
        where c.id = any(${[...contactIds]}::uuid[]) and ${populationSql(workspaceId)} and coalesce(${isMember}, false)`;
    });
    const rows = await many<{ nth: number; id: string }>(db, join(questions, ' union all '));
    for (const { nth, id } of rows) found[nth]?.add(id);
    return found;
  };
}
