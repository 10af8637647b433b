import { parseFilter } from '@growthos/contracts/filter/parse-filter.ts';
import fc from 'fast-check';
import { newId } from '#base/ids.ts';
import { many, type Db } from '#db/db.ts';
import { sql } from '#db/sql.ts';
import { compileFilter, compileTruth, populationSql } from '../../src/respond/segments/compile.ts';
import { anyNode, anyNow, anyPerson, TIMEZONES } from './segment-arbitraries.ts';
import { addPeople, addWorkspace } from './segment-people.ts';
import { belongs, criticalInstants } from './segment-reference.ts';

const anyCase = fc.record({ nowMs: anyNow, timezone: fc.constantFrom(...TIMEZONES), where: anyNode }).chain((base) =>
  fc.record({
    base: fc.constant(base),
    people: fc.uniqueArray(anyPerson(base.nowMs), { minLength: 4, maxLength: 12, selector: (p) => p.id }),
  }),
);

export interface Seen {
  decided: number;
  members: number;
  /** Contacts whose membership time alone would change. */
  flips: number;
  /** Next flips that named the very instant of the change. */
  exactFlips: number;
}

/** Runs the property on `db`, whose tables it fills and empties; throws with the smallest counterexample found. */
export async function checkCompiler(input: { db: Db; numRuns: number; seed?: number }): Promise<Seen> {
  const { db } = input;
  const seen: Seen = { decided: 0, members: 0, flips: 0, exactFlips: 0 };
  await fc.assert(
    fc.asyncProperty(anyCase, async ({ base, people }) => {
      const { nowMs, timezone, where } = base;
      const parsed = parseFilter({ version: 1, where });
      if (!parsed.ok) throw new Error(`refused a good tree: ${parsed.message}`);
      const workspaceId = newId();
      await addWorkspace(db, { id: workspaceId, timezone });
      await addPeople(db, { workspaceId, people });
      await addVip(db, { workspaceId, members: people.filter((p) => p.memberOf.includes('vip')).map((p) => p.id) });
      const context = { workspaceId, timezone, now: new Date(nowMs) };
      const compiled = compileFilter(parsed.filter, context);
      const rows = await many<{ id: string; is_member: boolean; flip: Date | null }>(
        db,
        sql`select c.id, ${compiled.isMember} as is_member, ${compiled.nextFlipAt} as flip
          from ${compiled.from} where ${populationSql(workspaceId)}`,
      );
      const plain = compileTruth(parsed.filter, context);
      const counted = await many<{ id: string }>(
        db,
        sql`select c.id from contact c ${plain.joins} where ${populationSql(workspaceId)} and ${plain.isMember}`,
      );
      await emptyWorkspace(db, workspaceId);
      const found = new Map(rows.map((row) => [row.id, row]));
      const inWhere = new Set(counted.map((row) => row.id));
      for (const person of people) {
        const row = found.get(person.id);
        const expected = belongs(where, person, { nowMs, timezone });
        seen.decided += 1;
        seen.members += expected ? 1 : 0;
        if (row?.is_member !== expected)
          throw new Error(`SQL says ${row?.is_member}, the reference ${expected}: ${JSON.stringify(person)}`);
        if (inWhere.has(person.id) !== expected)
          throw new Error(`where says ${!expected}, the reference ${expected}: ${JSON.stringify(person)}`);
        const flipMs = row.flip?.getTime() ?? null;
        if (flipMs !== null && flipMs <= nowMs)
          throw new Error(`next flip ${row.flip?.toISOString()} is not after now`);
        const change = criticalInstants(where, person, { nowMs, timezone }).find(
          (at) => belongs(where, person, { nowMs: at, timezone }) !== expected,
        );
        if (change === undefined) continue;
        seen.flips += 1;
        seen.exactFlips += flipMs === change ? 1 : 0;
        if (flipMs === null || flipMs > change) {
          throw new Error(
            `changes at ${new Date(change).toISOString()}, but the next flip is ${row.flip?.toISOString() ?? 'never'}: ${JSON.stringify(person)}`,
          );
        }
      }
    }),
    { numRuns: input.numRuns, ...(input.seed === undefined ? {} : { seed: input.seed }) },
  );
  return seen;
}

async function addVip(db: Db, input: { workspaceId: string; members: readonly string[] }): Promise<void> {
  await db.query({
    text: `with vip as (
        insert into segment (id, workspace_id, key, name, status, definition, version, depends_on, timezone, created_at, updated_at)
        values ($1, $2, 'vip', 'VIP', 'active', '{}', 3, '{}', 'UTC', now(), now()) returning id)
      insert into segment_membership (segment_id, version, contact_id, is_member, since)
      select vip.id, 3, m.id, true, now() from vip cross join unnest($3::uuid[]) as m (id)`,
    values: [newId(), input.workspaceId, input.members],
  });
}

async function emptyWorkspace(db: Db, workspaceId: string): Promise<void> {
  for (const text of [
    'delete from segment_membership where segment_id in (select id from segment where workspace_id = $1)',
    'delete from segment where workspace_id = $1',
    'delete from company_membership where workspace_id = $1',
    'delete from company where workspace_id = $1',
    'delete from bus_event where workspace_id = $1',
    'delete from contact where workspace_id = $1',
    'delete from workspace where id = $1',
  ]) {
    await db.query({ text, values: [workspaceId] });
  }
}
