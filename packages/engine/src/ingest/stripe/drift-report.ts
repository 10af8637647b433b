import type { DriftReport } from '@growthos/contracts/http/connections.ts';
import { fromEpochS } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { json, many, type Queryable, type Tx } from '#db/db.ts';
import type { ConnectionRow } from './connection-store.ts';

export interface NewDriftReport {
  readonly connection: ConnectionRow;
  readonly kind: 'events' | 'full';
  readonly fromS: number;
  readonly toS: number;
  readonly startedAt: Date;
  readonly now: Date;
  readonly seen: number;
  readonly missing: number;
  readonly undelivered: number;
  readonly byType: Readonly<Record<string, number>>;
  /** The full re-list that this gap made necessary. */
  readonly runId: string | null;
}

export async function insertDriftReport(tx: Tx, input: NewDriftReport): Promise<string> {
  const id = newId();
  await tx.query({
    text: `insert into drift_report (id, workspace_id, stripe_account_id, kind, started_at, finished_at, from_s, to_s,
             events_seen, events_missing, events_undelivered, missing_by_type, backfill_run_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13)`,
    values: [
      id,
      input.connection.workspaceId,
      input.connection.id,
      input.kind,
      input.startedAt,
      input.now,
      input.fromS,
      input.toS,
      input.seen,
      input.missing,
      input.undelivered,
      json(input.byType),
      input.runId,
    ],
  });
  return id;
}

interface Row {
  readonly id: string;
  readonly kind: 'events' | 'full';
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly fromS: number;
  readonly toS: number;
  readonly seen: number;
  readonly missing: number;
  readonly undelivered: number;
  readonly byType: Record<string, number>;
}

/** Newest first. */
export async function readDriftReports(
  db: Queryable,
  input: { connectionId: string; limit: number; id?: string },
): Promise<DriftReport[]> {
  const rows = await many<Row>(db, {
    text: `select id, kind, started_at as "startedAt", finished_at as "finishedAt", from_s::float8 as "fromS",
             to_s::float8 as "toS", events_seen as seen, events_missing as missing,
             events_undelivered as undelivered, missing_by_type as "byType"
           from drift_report where stripe_account_id = $1 and ($3::uuid is null or id = $3)
           order by started_at desc, id desc limit $2`,
    values: [input.connectionId, input.limit, input.id ?? null],
  });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    startedAt: row.startedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    from: fromEpochS(row.fromS).toISOString(),
    to: fromEpochS(row.toS).toISOString(),
    eventsSeen: row.seen,
    eventsMissing: row.missing,
    eventsUndelivered: row.undelivered,
    missingByType: row.byType,
    sentence: sentenceOf(row),
  }));
}

function sentenceOf(row: Row): string {
  const compared = `Compared ${count(row.seen, 'event')} with Stripe`;
  const repaired =
    row.missing === 0
      ? 'nothing was missing.'
      : `${count(row.missing, 'event')} ${row.missing === 1 ? 'was' : 'were'} missing and ${row.missing === 1 ? 'was' : 'were'} added${
          row.undelivered === 0 ? '' : ` (${row.undelivered} that Stripe could not deliver)`
        }.`;
  const full =
    row.kind === 'full' ? ' The gap is older than Stripe’s 30 days of events, so everything is read again.' : '';
  return `${compared}; ${repaired}${full}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
