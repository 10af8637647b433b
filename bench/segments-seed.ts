import { randomUUID } from 'node:crypto';
import { dependsOn } from '@growthos/engine/respond/segments/depends-on.ts';
import { compileFilter, populationSql } from '@growthos/engine/respond/segments/compile.ts';
import { newId } from '@growthos/engine/base/ids.ts';
import { silentLog } from '@growthos/engine/base/log.ts';
import { openServerDb } from '@growthos/engine/db/client/server.ts';
import { json, many, type Db } from '@growthos/engine/db/db.ts';
import { migrate } from '@growthos/engine/db/migrate.ts';
import { sql } from '@growthos/engine/db/sql.ts';
import type { BenchSegment } from './segments-fifty.ts';

export async function openBenchDatabase(url: string): Promise<{ db: Db; drop: () => Promise<void> }> {
  const name = `growthos_bench_segments_${randomUUID().slice(0, 8)}`;
  const admin = openServerDb({ log: silentLog }, { url, poolSizeMax: 1 });
  await admin.execute(`create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const db = openServerDb({ log: silentLog }, { url: own.toString(), poolSizeMax: 10 });
  await migrate(db);
  return {
    db,
    async drop() {
      await db.close();
      await admin.execute(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}

export interface SeededWorkspace {
  readonly id: string;
  readonly now: Date;
  readonly memberships: number;
  /** The contact that the n-th change is about: spread over the whole table. */
  contactId(n: number): string;
}

const NOW = new Date('2026-11-24T09:00:00Z');

/** A workspace with its contacts, about half a login event per contact, and segments that are computed already. */
export async function seedWorkspace(
  db: Db,
  input: { contacts: number; segments: readonly BenchSegment[] },
): Promise<SeededWorkspace> {
  const { contacts } = input;
  const id = newId();
  const prefix = `${id.slice(0, 8)}-${id.slice(9, 13)}-7000-8000-`;
  const idOf = (i: number): string => `${prefix}${i.toString(16).padStart(12, '0')}`;
  await db.query({
    text: `insert into workspace (id, name, mode, timezone, created_at) values ($1, 'Bench', 'live', 'Europe/Berlin', $2)`,
    values: [id, NOW],
  });
  await seedContacts(db, { id, prefix, contacts });
  await db.execute('vacuum analyze contact');
  await db.execute('vacuum analyze bus_event');
  const memberships = await seedMemberships(db, { id, segments: input.segments });
  await db.query({
    text: `insert into bus_consumer (name, position, updated_at) select 'segments', coalesce(max(position), 0), $1 from bus_event
           on conflict (name) do update set position = excluded.position`,
    values: [NOW],
  });
  await db.execute('vacuum analyze segment_membership');
  await db.execute('checkpoint');
  const step = 7919 % contacts;
  return { id, now: NOW, memberships, contactId: (n) => idOf(1 + ((n * step) % contacts)) };
}

async function seedContacts(db: Db, input: { id: string; prefix: string; contacts: number }): Promise<void> {
  const { id, prefix, contacts } = input;
  await db.query({
    text: `insert into contact (id, workspace_id, email, name, country, traits, created_at, updated_at, last_seen_at, billing_status,
        plan, tier, mrr_minor, mrr_currency, trial_end_date, subscription_start_date, payment_method_expires_at, renews_at,
        first_paid_at, engagement_score, nps_score)
      select ($1 || lpad(to_hex(i), 12, '0'))::uuid, $2, 'person' || i || '@analytical.example', 'Person ' || i,
        (array['DE','US','FR','GB','JP','NL','ES','IT','SE','PL'])[1 + (random() * 9.99)::int % 10],
        jsonb_build_object('role', (array['dev','founder','marketer','ops','sales'])[1 + (random() * 4.99)::int % 5]),
        $3::timestamptz - random() * interval '700 days', $3, $3::timestamptz - random() * random() * interval '120 days',
        (array['active','active','active','active','trialing','canceled','none','none','none','none'])[1 + i % 10],
        'price_' || i % 7, (array['starter','pro','team', null])[1 + i % 4], ((random() * 20)::int * 1000), 'usd',
        case when i % 10 = 4 then $3::timestamptz + (random() * 30 - 10) * interval '1 day' end,
        $3::timestamptz - random() * interval '600 days', $3::timestamptz + random() * interval '700 days',
        $3::timestamptz + random() * interval '30 days', $3::timestamptz - random() * interval '600 days',
        (random() * 100)::int, case when i % 3 = 0 then (random() * 10)::int end
      from generate_series(1, $4::int) i`,
    values: [prefix, id, NOW, contacts],
  });
  await db.query({
    text: `insert into bus_event (id, workspace_id, contact_id, origin_contact_id, source, type, time, recorded_at, data)
      select gen_random_uuid(), $2, c.id, c.id, 'app', 'login', $3::timestamptz - random() * interval '60 days', $3, '{}'
      from (select ($1 || lpad(to_hex(1 + (random() * ($4::int - 1))::int), 12, '0'))::uuid as id from generate_series(1, $4::int / 2)) c`,
    values: [prefix, id, NOW, contacts],
  });
}

/** Computes all segments in one pass each, with the indexes off meanwhile: what the background worker does in ranges. */
async function seedMemberships(db: Db, input: { id: string; segments: readonly BenchSegment[] }): Promise<number> {
  const indexes = await many<{ name: string; def: string }>(db, {
    text: `select indexname as name, indexdef as def from pg_indexes where tablename = 'segment_membership' and indexname <> 'segment_membership_pkey'`,
  });
  for (const { name } of indexes) await db.execute(`drop index ${name}`);
  let total = 0;
  for (const segment of input.segments) {
    const segmentId = newId();
    const compiled = compileFilter(segment.definition, { workspaceId: input.id, timezone: 'Europe/Berlin', now: NOW });
    const { rowCount } = await db.query(
      sql`insert into segment_membership (segment_id, version, contact_id, is_member, since, next_flip_at)
        select ${segmentId}::uuid, 1, q.id, q.is_member, ${NOW}::timestamptz, q.flip from (
          select c.id, ${compiled.isMember} as is_member, ${compiled.nextFlipAt} as flip
          from ${compiled.from} where ${populationSql(input.id)}) q
        where q.is_member or q.flip is not null`,
    );
    total += rowCount;
    await db.query({
      text: `insert into segment (id, workspace_id, key, name, status, definition, version, depends_on, timezone, member_count, created_at, updated_at)
             select $1, $2, $3, $4, 'active', $5::jsonb, 1, $6::text[], 'Europe/Berlin', count(*), $7, $7
             from segment_membership where segment_id = $1 and is_member`,
      values: [
        segmentId,
        input.id,
        segment.key,
        segment.name,
        json(segment.definition),
        dependsOn(segment.definition),
        NOW,
      ],
    });
  }
  for (const { def } of indexes) await db.execute(def);
  return total;
}
