/**
 * A workspace's way in for reports: a secret address, made on first use, and what each provider signs with. Shown to
 * people who may change settings, and to nobody else.
 */
import { createHash } from 'node:crypto';
import type { MailReportProvider } from '@growthos/contracts/http/mail-reports.ts';
import type { Clock } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { newToken } from '#base/ids.ts';
import { json, many, one, type Db, type Queryable } from '#db/db.ts';
import type { Sealer } from '../send-deps.ts';
import type { ReportProvider } from './provider.ts';
import type { Recorded } from './record-report.ts';

interface Deps {
  readonly db: Queryable;
  readonly clock: Clock;
  readonly secrets: Sealer;
}

export interface Inlet {
  readonly workspaceId: string;
  /** What each provider signs with, as far as somebody pasted it. */
  readonly keys: Readonly<Partial<Record<MailReportProvider, string>>>;
}

export type CountedOutcome = Recorded | 'ignored' | 'refused';
export type OutcomeCounts = Readonly<Partial<Record<CountedOutcome, number>>>;

interface Row {
  readonly workspace_id: string;
  readonly sealed_token: string;
  readonly sealed_keys: Partial<Record<MailReportProvider, string>>;
}

/** Whose address `token` is; null for one that we did not make, or made and took back. */
export async function findInlet(deps: Deps, token: string): Promise<Inlet | null> {
  const row = await one<Row>(deps.db, {
    name: 'mail_report_inlet',
    text: 'select workspace_id, sealed_token, sealed_keys from mail_report_inlet where token_hash = $1',
    values: [hashOf(token)],
  });
  if (!row) return null;
  const keys = Object.entries(row.sealed_keys).map(([provider, sealed]) => [provider, deps.secrets.open(sealed)]);
  return { workspaceId: row.workspace_id, keys: Object.fromEntries(keys) };
}

/** The token of a workspace, and for which providers a key was pasted. */
export async function readInlet(
  deps: Deps,
  input: { workspaceId: string },
): Promise<{ token: string; hasKey: ReadonlySet<string> }> {
  await insertInlet(deps, input);
  const row = await one<Row>(deps.db, {
    text: 'select workspace_id, sealed_token, sealed_keys from mail_report_inlet where workspace_id = $1',
    values: [input.workspaceId],
  });
  if (!row) throw new Error('the way in for reports was not stored');
  return { token: deps.secrets.open(row.sealed_token), hasKey: new Set(Object.keys(row.sealed_keys)) };
}

async function insertInlet(deps: Deps, input: { workspaceId: string }): Promise<void> {
  const token = newToken();
  await deps.db.query({
    text: `insert into mail_report_inlet (workspace_id, token_hash, sealed_token, created_at) values ($1, $2, $3, $4)
           on conflict (workspace_id) do nothing`,
    values: [input.workspaceId, hashOf(token), deps.secrets.seal(token), deps.clock.now()],
  });
}

/** A new address. Calls to the old one are refused from now on; keys stay. */
export async function rotateInlet(deps: Deps, input: { workspaceId: string }): Promise<void> {
  const token = newToken();
  await deps.db.query({
    text: `insert into mail_report_inlet (workspace_id, token_hash, sealed_token, created_at) values ($1, $2, $3, $4)
           on conflict (workspace_id) do update set token_hash = excluded.token_hash, sealed_token = excluded.sealed_token,
             created_at = excluded.created_at`,
    values: [input.workspaceId, hashOf(token), deps.secrets.seal(token), deps.clock.now()],
  });
}

/** Stores what a provider signs with; null takes it away. @throws InvalidInputError for a provider that has no such key. */
export async function setReportKey(
  deps: Deps,
  input: { workspaceId: string; provider: MailReportProvider; spec: ReportProvider; key: string | null },
): Promise<void> {
  const { spec, provider, key } = input;
  if (spec.signing !== 'required' && spec.signing !== 'optional') {
    throw new InvalidInputError(`${spec.name} needs no key here.`, { field: 'provider' });
  }
  await insertInlet(deps, input);
  await deps.db.query(
    key === null
      ? {
          text: 'update mail_report_inlet set sealed_keys = sealed_keys - $2::text where workspace_id = $1',
          values: [input.workspaceId, provider],
        }
      : {
          text: 'update mail_report_inlet set sealed_keys = sealed_keys || $2::jsonb where workspace_id = $1',
          values: [input.workspaceId, json({ [provider]: deps.secrets.seal(key) })],
        },
  );
}

/** Adds to what came in, so that a person sees whether the way in works. */
export async function countReports(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; provider: MailReportProvider; counts: OutcomeCounts },
): Promise<void> {
  const counted = Object.entries(input.counts).filter(([, count]) => count > 0);
  if (counted.length === 0) return;
  await deps.db.query({
    text: `insert into mail_report_count as c (workspace_id, provider, outcome, count, last_at)
           select $1, $2, outcome, count, $5 from unnest($3::text[], $4::bigint[]) as u (outcome, count)
           on conflict (workspace_id, provider, outcome)
             do update set count = c.count + excluded.count, last_at = excluded.last_at`,
    values: [
      input.workspaceId,
      input.provider,
      counted.map(([outcome]) => outcome),
      counted.map(([, count]) => count),
      deps.clock.now(),
    ],
  });
}

export interface CountRow {
  readonly provider: string;
  readonly outcome: CountedOutcome;
  readonly count: number;
  readonly lastAt: Date;
}

export async function readCounts(db: Queryable, input: { workspaceId: string }): Promise<CountRow[]> {
  const rows = await many<{ provider: string; outcome: CountedOutcome; count: bigint; last_at: Date }>(db, {
    text: 'select provider, outcome, count, last_at from mail_report_count where workspace_id = $1',
    values: [input.workspaceId],
  });
  return rows.map((row) => ({
    provider: row.provider,
    outcome: row.outcome,
    count: Number(row.count),
    lastAt: row.last_at,
  }));
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
