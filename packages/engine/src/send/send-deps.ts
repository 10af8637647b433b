import type { Clock } from '#base/clock.ts';
import type { CrashPoints } from '#base/crash-points.ts';
import type { Log } from '#base/log.ts';
import type { Publisher } from '#bus/index.ts';
import type { Db, Queryable } from '#db/db.ts';
import type { UnsubscribeTokens } from './consent/token.ts';
import type { Mailer } from './email/mailer.ts';
import type { Sender } from './sending-rules.ts';
import type { PostJson } from './webhooks/post-json.ts';

/**
 * What a run says against sending for it, at the last moment: `createCheckRuns` of respond/sequences, handed over by
 * `main.ts`. Runs that are not in the answer may speak.
 */
export type CheckRuns = (
  db: Queryable,
  asked: readonly { enrolmentId: string; requestedAt: Date }[],
) => Promise<ReadonlyMap<string, { kind: 'hold' | 'skip'; reason: string; sentence: string }>>;

/** Seals what must not be readable in a copy of the database; `createSecretBox` of `access` is one. */
export interface Sealer {
  seal(plain: string): string;
  open(sealed: string): string;
}

export interface SendDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly mailer: Mailer;
  readonly secrets: Sealer;
  readonly tokens: UnsubscribeTokens;
  readonly checkRuns: CheckRuns;
  readonly postJson: PostJson;
  /** Where links in messages lead: no slash at its end. */
  readonly baseUrl: string;
  /** MAIL_FROM of the server, where a workspace has no address of its own. */
  readonly serverFrom: Sender;
  readonly crashes?: CrashPoints;
}
