import { ConflictError, NotFoundError } from '#base/errors.ts';
import { one } from '#db/db.ts';
import type { SendDeps } from '../send-deps.ts';

/**
 * Sends a message again that failed, or of which nobody knows whether it was taken: a person takes the risk that it
 * arrives twice. It is decided anew when it goes, so what stopped being true meanwhile is not sent. Asked twice, it goes
 * once more only once: the second call finds it waiting, or sent.
 * @throws NotFoundError; ConflictError where nothing of it failed.
 */
export async function sendAgain(
  deps: Pick<SendDeps, 'db' | 'clock'>,
  input: { workspaceId: string; messageId: string },
): Promise<void> {
  const row = await one(deps.db, {
    text: `update message set status = 'requested', not_before = $3, ended_at = null, handed_over_at = null, attempts = 0,
             requested_at = $3, reason = null, reason_sentence = null
           where id = $1 and workspace_id = $2 and status in ('failed', 'uncertain') returning 1`,
    values: [input.messageId, input.workspaceId, deps.clock.now()],
  });
  if (row) return;
  const known = await one(deps.db, {
    text: 'select 1 from message where id = $1 and workspace_id = $2',
    values: [input.messageId, input.workspaceId],
  });
  if (!known) throw new NotFoundError('There is no such message.');
  throw new ConflictError('It did not fail, or somebody has sent it again already. Look at its state.');
}
