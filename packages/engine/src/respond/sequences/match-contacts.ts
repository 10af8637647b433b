import type { Clock } from '#base/clock.ts';
import { many } from '#db/db.ts';
import { sql } from '#db/sql.ts';
import { compileTruth, populationSql } from '../segments/compile.ts';
import { workspaceTimezone } from '../segments/segment-row.ts';
import type { MatchContacts } from './contact-matcher.ts';

/** Filters of sequences are those of segments, and compiled by the same compiler: one statement for a batch of contacts. */
export function createMatchContacts(deps: { clock: Clock }): MatchContacts {
  return async (db, input) => {
    const { workspaceId, filter, contactIds } = input;
    if (contactIds.length === 0) return new Set();
    const timezone = await workspaceTimezone(db, { workspaceId });
    const { joins, isMember } = compileTruth(filter, { workspaceId, now: deps.clock.now(), timezone });
    const rows = await many<{ id: string }>(
      db,
      sql`select c.id from contact c ${joins}
          where c.id = any(${[...contactIds]}::uuid[]) and ${populationSql(workspaceId)} and coalesce(${isMember}, false)`,
    );
    return new Set(rows.map((row) => row.id));
  };
}
