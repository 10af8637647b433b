/**
 * Who is who does not depend on the order in which it becomes known: people, shared browsers, addresses that two claim,
 * Stripe customers, in any order and any batches, end in the same contacts with the same identities, the same values, the
 * same first touch, the same events, and the same questions for a person.
 * `IDENTITY_HISTORIES=1000 npx vitest run packages/engine/test/properties/identity` (the default is 60).
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MovableClock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { createPublisher } from '#bus/index.ts';
import { json, many, type Db } from '#db/db.ts';
import { applyStripeEvents, applyTrackEvents } from '#project/index.ts';
import { openTestDb } from '../world/database.ts';
import { type Happening, identityHistory } from './identity-histories.ts';

const HISTORIES = Number(process.env['IDENTITY_HISTORIES'] ?? 60);
const HISTORIES_PER_RUN = 20;
const START = new Date('2026-11-01T09:00:00Z');
const ACCOUNT = 'acct_1';
let db: Db;

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());

async function play(input: { happenings: readonly Happening[]; batchSizes: readonly number[] }): Promise<unknown> {
  const workspaceId = newId();
  const clock = new MovableClock(new Date('2026-12-24T09:00:00Z'));
  const publisher = createPublisher({ clock });
  await db.execute(
    'truncate workspace, contact, contact_identity, identity_edge, stripe_object, charge_waiting, failure_waiting, bus_event, inbox_event, identity_conflict, contact_merge, company, contact_engagement cascade',
  );
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'W', 'test', $2)`,
    values: [workspaceId, START],
  });
  let rest = [...input.happenings];
  for (let round = 0; rest.length > 0; round++) {
    const size = 1 + ((input.batchSizes[round % input.batchSizes.length] ?? 0) % 50);
    const batch = rest.slice(0, size);
    rest = rest.slice(size);
    await deliver({ workspaceId, clock, publisher, batch });
  }
  return readGraph();
}

async function deliver(input: {
  workspaceId: string;
  clock: MovableClock;
  publisher: ReturnType<typeof createPublisher>;
  batch: readonly Happening[];
}): Promise<void> {
  const { workspaceId, batch } = input;
  const rows = batch.map((one) => {
    if (one.kind === 'track')
      return { ...one, origin: workspaceId, type: String(one.message['type']), payload: one.message };
    const data = { object: one.object, ...(one.previous ? { previous_attributes: one.previous } : {}) };
    const payload = { id: one.id, object: 'event', type: one.type, created: one.atS, data };
    return { ...one, origin: ACCOUNT, payload };
  });
  await db.query({
    text: `insert into inbox_event (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, received_at, payload)
           select $1, e.source, e.origin, e.id, e.type, e.subject, false, e.created_s, 'api', $2, e.payload
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[])
             as e (source, origin, id, type, subject, created_s, payload)`,
    values: [
      workspaceId,
      input.clock.now(),
      rows.map((row) => row.kind),
      rows.map((row) => row.origin),
      rows.map((row) => row.id),
      rows.map((row) => row.type),
      rows.map((row) => (row.kind === 'stripe' ? String(row.object['customer'] ?? row.object['id']) : row.id)),
      rows.map((row) => row.atS),
      rows.map((row) => json(row.payload)),
    ],
  });
  await db.transaction(async (tx) => {
    const events = rows.map((row) => ({ ...row, workspaceId, eventId: row.id, livemode: false, createdS: row.atS }));
    await applyStripeEvents(input, { tx, events: events.filter((event) => event.kind === 'stripe') });
    await applyTrackEvents(input, { tx, events: events.filter((event) => event.kind === 'track') });
  });
}

async function count(from: string): Promise<number> {
  const [row] = await many<{ count: number }>(db, { text: `select count(*)::int as count from ${from}` });
  return row?.count ?? 0;
}

/** The graph without ids: contacts are named by their identities. */
async function readGraph(): Promise<unknown> {
  const contacts = await many<{ name: string }>(db, {
    text: `select string_agg(kind || ':' || value, ' ' order by kind, value) as name, c.email, c.user_id, c.name as "fullName",
             c.traits, c.first_touch, c.last_touch_before_payment, c.acquisition_channel, c.property_sources,
             (select array_agg(k.group_id order by k.group_id) from company_membership m join company k on k.id = m.company_id
               where m.contact_id = c.id) as companies
           from contact c join contact_identity i on i.contact_id = c.id where merged_into is null
           group by c.id order by 1`,
  });
  const events = await many(db, {
    text: `select b.dedupe_key, n.name from bus_event b
             left join (select contact_id, string_agg(kind || ':' || value, ' ' order by kind, value) as name
               from contact_identity group by 1) n using (contact_id)
           where b.dedupe_key is not null order by 1`,
  });
  const conflicts = await many(db, {
    // As people are asked: what has solved itself, because its claimants are one contact, is no question.
    text: `select identity_kind, identity_value, claimants from identity_conflict c where resolved_at is null and (
             select count(distinct i.contact_id) from jsonb_array_elements_text(c.claimants) k join contact_identity i
               on i.kind || ':' || i.value = k) > 1 order by 1, 2`,
  });
  const [orphans] = await many(db, {
    text: `select count(*)::int as count from contact c where merged_into is null
             and not exists (select 1 from contact_identity i where i.contact_id = c.id)`,
  });
  return { contacts, events, conflicts, orphans };
}

function shuffled(happenings: readonly Happening[], keys: readonly number[]): Happening[] {
  return happenings
    .map((happening, index) => ({
      happening,
      key: ((keys[index % keys.length] ?? 0) * 2654435761 + index * 40503) % 1_000_003,
    }))
    .sort((left, right) => left.key - right.key)
    .map(({ happening }) => happening);
}

test('the graph that many histories leave does not depend on the order in which they arrive', async () => {
  let histories = 0;
  const seen = { splits: 0, conflicts: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(1_000_000_000), { minLength: 2, maxLength: 14 }), {
        minLength: HISTORIES_PER_RUN,
        maxLength: HISTORIES_PER_RUN,
      }),
      fc.array(fc.nat(1_000_000), { minLength: 5, maxLength: 97 }),
      fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 7 }),
      async (allDraws, keys, batchSizes) => {
        const startS = START.getTime() / 1000;
        const all = allDraws.flatMap((draws, index) => identityHistory({ index, startS: startS + index, draws }));
        histories += allDraws.length;
        const inOrder = await play({ happenings: all, batchSizes: [37] });
        const outOfOrder = await play({ happenings: shuffled(all, keys), batchSizes });
        expect(outOfOrder).toEqual(inOrder);
        seen.splits += await count("bus_event where type = 'contact_split'");
        seen.conflicts += await count('identity_conflict');
      },
    ),
    { numRuns: Math.ceil(HISTORIES / HISTORIES_PER_RUN), endOnFailure: true },
  );
  expect(histories).toBeGreaterThanOrEqual(HISTORIES);
  // Late evidence really took something away from somebody, and people really claimed the same.
  expect(seen.splits).toBeGreaterThan(0);
  expect(seen.conflicts).toBeGreaterThan(0);
}, 600_000);
