import { NotFoundError } from '#base/errors.ts';
import { many, type Db } from '#db/db.ts';
import { suppressedWords } from './suppressed-words.ts';

export interface SuppressionView {
  readonly address: string;
  /** A part of a sentence: "mail to it came back". */
  readonly reason: string;
  readonly detail: string | null;
  readonly at: string;
}

export async function listSuppressions(db: Db, input: { workspaceId: string }): Promise<SuppressionView[]> {
  const rows = await many<{ address: string; reason: string; detail: string | null; at: Date }>(db, {
    text: `select address, reason, detail, suppressed_at as at from suppression where workspace_id = $1
           order by suppressed_at desc, address limit 500`,
    values: [input.workspaceId],
  });
  return rows.map((row) => ({ ...row, reason: suppressedWords(row.reason), at: row.at.toISOString() }));
}

export async function liftSuppression(db: Db, input: { workspaceId: string; address: string }): Promise<void> {
  const rows = await many(db, {
    text: 'delete from suppression where workspace_id = $1 and address = lower($2) returning 1',
    values: [input.workspaceId, input.address],
  });
  if (rows.length === 0) throw new NotFoundError('That address is not blocked.');
}
