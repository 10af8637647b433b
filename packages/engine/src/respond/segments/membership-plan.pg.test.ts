import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '#base/ids.ts';
import { many, type Db, type Statement, type Tx } from '#db/db.ts';
import { openServerTestDb, SERVER_URL } from '../../../test/world/database.ts';
import { evaluateMemberships } from './memberships.ts';
import { hurry } from './segment-row.ts';
import { fillTemplate, listTemplates } from './templates.ts';

let db: Db;

beforeAll(async () => {
  if (SERVER_URL !== null) ({ db } = await openServerTestDb(SERVER_URL));
});
afterAll(() => db?.close());

/** Runs what is asked, and keeps it. */
function recording(tx: Tx, seen: Statement[]): Tx {
  return {
    ...tx,
    query(statement) {
      seen.push(statement);
      return tx.query(statement);
    },
  };
}

test.skipIf(SERVER_URL === null)(
  'a plan that was made while the tables were empty finds each person by a key, so it may be kept when they have grown',
  async () => {
    const evaluations = listTemplates().map(({ key }) => ({
      segmentId: newId(),
      version: 1,
      filter: fillTemplate({ key, parameters: {} }).definition,
      contacts: { kind: 'ids' as const, ids: [newId()] },
    }));
    const plan = await db.transaction(async (tx) => {
      const seen: Statement[] = [];
      await hurry(tx);
      const asked = { workspaceId: newId(), timezone: 'UTC', now: new Date(), evaluations };
      await evaluateMemberships(recording(tx, seen), asked);
      const lines: string[] = [];
      for (const { text, values } of seen) {
        const rows = await many<{ 'QUERY PLAN': string }>(tx, {
          text: `explain (costs off) ${text}`,
          ...(values === undefined ? {} : { values }),
        });
        lines.push(...rows.map((row) => row['QUERY PLAN']));
      }
      return lines;
    });
    expect(plan.filter((line) => /Index Scan using contact_pkey/.test(line)).length).toBeGreaterThan(10);
    expect(plan.filter((line) => /Seq Scan/.test(line))).toEqual([]);
    expect(plan.filter((line) => /Index.* on contact\b/.test(line) && !/contact_pkey/.test(line))).toEqual([]);
    expect(
      plan.filter((line) => /Index.* on segment_membership\b/.test(line) && !/segment_membership_pkey/.test(line)),
    ).toEqual([]);
    expect(plan.filter((line) => /Index.* on bus_event\b/.test(line) && !/by_contact/.test(line))).toEqual([]);
  },
);
