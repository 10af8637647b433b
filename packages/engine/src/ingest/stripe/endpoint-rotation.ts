/**
 * A new signing secret for an endpoint. Stripe gives a secret only when an endpoint is made, so changing it means a
 * second endpoint, then the switch. In: a person's wish. Out: it is stored with its line in the audit log; the care of
 * endpoints carries it out, at once where no other process has that duty. May happen twice: the wish; one that waits, or
 * a change that is not over yet, is left as it is.
 *
 * | live endpoint's row             | older row  | who moves it on                                       |
 * |---------------------------------|------------|-------------------------------------------------------|
 * | no wish                         | none       | `askForRotation`: to the next line                    |
 * | wish                            | none       | care: makes the second endpoint; the first is older now |
 * | no wish (the second endpoint)   | `retiring` | care, `RETIRE_AFTER_MS` later, or once it is gone at Stripe |
 *
 * A death after Stripe made the second endpoint and before we stored it leaves the wish, and an endpoint whose secret
 * nobody knows: care deletes that one, and makes another. Until then the first has heard everything.
 */
import { recordAudit, type Access } from '#access/index.ts';
import { addMs, type Clock } from '#base/clock.ts';
import { ConflictError } from '#base/errors.ts';
import type { Db, Queryable } from '#db/db.ts';
import { makeDutyDue } from './duty.ts';
import { askRotation, readRetiringEndpoints, type EndpointScope } from './endpoint-store.ts';

/** A replaced endpoint still has deliveries to try again; after a day it is deleted. The ledger drops what comes twice. */
export const RETIRE_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Stores the wish, and makes the look due that carries it out. Two wishes at once are one. Asked again while the secret
 * of before is still believed, it changes nothing: each wish would leave one more endpoint, of the 16 that Stripe allows.
 * @throws ConflictError when a change is not over yet, or there is no endpoint to change.
 */
export async function askForRotation(
  deps: { db: Db; clock: Clock },
  input: EndpointScope & { access: Access; dutyName: string },
): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const asked = await askRotation(tx, { ...input, now });
    if (asked === 'refused') throw refusal(await oldSecretEndsAt(tx, input));
    if (asked === 'waits already') return;
    await makeDutyDue(tx, { name: input.dutyName, now });
    const whose =
      input.stripeAccountId === null ? 'the webhook endpoint of all connected accounts' : 'a webhook endpoint';
    await recordAudit(
      { db: tx, clock: deps.clock },
      {
        access: input.access,
        action: 'endpoint.secret_changed',
        subject: input.stripeAccountId,
        text: `Asked for a new signing secret for ${whose}; the old one ends a day after the change`,
      },
    );
  });
}

function refusal(endsAt: Date | null): ConflictError {
  if (endsAt === null) return new ConflictError('There is no webhook endpoint yet. Press Check the endpoint.');
  return new ConflictError(
    `The signing secret was changed a short while ago, and the one of before is accepted until ${endsAt.toUTCString()}. ` +
      'To end it now, delete the older of our two webhook endpoints at Stripe, then press Check the endpoint.',
  );
}

/** Until when the secret of before is believed; null while there is only one. */
export async function oldSecretEndsAt(db: Queryable, scope: EndpointScope): Promise<Date | null> {
  const [first] = await readRetiringEndpoints(db, scope);
  return first?.retiredAt == null ? null : addMs(first.retiredAt, RETIRE_AFTER_MS);
}
