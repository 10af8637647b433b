import { z } from 'zod';
import { sha256 } from '#access/keys.ts';
import type { SecretBox } from '#access/secrets.ts';
import { addMs } from '#base/clock.ts';
import { ConfigurationError } from '#base/errors.ts';
import { newToken } from '#base/ids.ts';
import { json, one, type Queryable } from '#db/db.ts';

/** From pressing Connect to coming back, milliseconds. Stripe's own code lives for five minutes after that. */
const STATE_TTL_MS = 10 * 60 * 1000;

export interface ConnectState {
  readonly tokenHash: string;
  readonly workspaceId: string;
  readonly personId: string;
  readonly method: 'connect' | 'app';
}

/** How a connect ended: kept beside the state, so that a second callback is told the same. */
export const ConnectOutcome = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('connected'), connectionId: z.string() }),
  z.object({ outcome: z.literal('failed'), sentence: z.string() }),
]);
export type ConnectOutcome = z.infer<typeof ConnectOutcome>;

/** The state for one press on Connect: random, sealed by our key (so nobody else can make one), stored by its hash. */
export async function createState(
  deps: { db: Queryable; secretBox: SecretBox },
  input: { workspaceId: string; personId: string; method: 'connect' | 'app'; now: Date },
): Promise<string> {
  const token = newToken();
  await deps.db.query({
    text: `insert into connect_state (token_hash, workspace_id, person_id, method, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6)`,
    values: [sha256(token), input.workspaceId, input.personId, input.method, input.now, addMs(input.now, STATE_TTL_MS)],
  });
  return deps.secretBox.seal(token);
}

export type TakenState =
  | { readonly kind: 'fresh'; readonly state: ConnectState }
  /** It was used before; `outcome` is null while that is still going on. */
  | { readonly kind: 'used'; readonly outcome: ConnectOutcome | null }
  | { readonly kind: 'refused'; readonly sentence: string };

/**
 * Uses a state up. Committed before the code is exchanged, so that no accident in between can exchange a code twice.
 * Whoever comes back must be the person who started: else a stranger's account could be slipped into this workspace.
 */
export async function takeState(
  deps: { db: Queryable; secretBox: SecretBox },
  input: { sealed: string; personId: string | null; now: Date },
): Promise<TakenState> {
  const tokenHash = openState(deps.secretBox, input.sealed);
  if (tokenHash === null) return { kind: 'refused', sentence: 'This link was not made by us. Press Connect again.' };
  const row = await one<ConnectState & { expiresAt: Date; usedAt: Date | null; outcome: unknown }>(deps.db, {
    text: `select token_hash as "tokenHash", workspace_id as "workspaceId", person_id as "personId", method,
             expires_at as "expiresAt", used_at as "usedAt", outcome
           from connect_state where token_hash = $1`,
    values: [tokenHash],
  });
  if (row === undefined) return { kind: 'refused', sentence: 'This link is unknown here. Press Connect again.' };
  if (row.personId !== input.personId) {
    return {
      kind: 'refused',
      sentence: 'Somebody else started this connection. Sign in as the one who pressed Connect, or press it yourself.',
    };
  }
  if (row.usedAt !== null) return { kind: 'used', outcome: ConnectOutcome.nullable().parse(row.outcome) };
  if (row.expiresAt <= input.now) {
    return { kind: 'refused', sentence: 'That took longer than ten minutes. Press Connect again.' };
  }
  const taken = await one(deps.db, {
    text: `update connect_state set used_at = $2 where token_hash = $1 and used_at is null returning token_hash`,
    values: [tokenHash, input.now],
  });
  if (taken === undefined) return { kind: 'used', outcome: null };
  const { workspaceId, personId, method } = row;
  return { kind: 'fresh', state: { tokenHash, workspaceId, personId, method } };
}

export async function recordOutcome(
  db: Queryable,
  input: { tokenHash: string; outcome: ConnectOutcome },
): Promise<void> {
  await db.query({
    text: 'update connect_state set outcome = $2::jsonb where token_hash = $1',
    values: [input.tokenHash, json(input.outcome)],
  });
}

/** Null for anything that we did not seal. */
export function openState(secretBox: SecretBox, sealed: string): string | null {
  try {
    return sha256(secretBox.open(sealed));
  } catch (error) {
    if (error instanceof ConfigurationError) return null;
    throw error;
  }
}
