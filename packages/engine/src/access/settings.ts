import type { Clock } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { json, many, type Db, type Tx } from '#db/db.ts';
import type { Access } from './access.ts';
import { recordAudit } from './audit.ts';
import { isTimezone } from './workspaces.ts';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
}

/** Renames the organisation (both of its workspaces) and sets the time zone in which its days are counted. */
export async function saveWorkspace(
  deps: Deps,
  input: { access: Access; name: string; timezone: string },
): Promise<void> {
  if (!isTimezone(input.timezone)) {
    throw new InvalidInputError(`"${input.timezone}" is no time zone. Give an IANA name such as Europe/Berlin.`, {
      field: 'timezone',
    });
  }
  await deps.db.transaction(async (tx) => {
    await tx.query({
      text: 'update workspace set name = $2, timezone = $3 where id = $1 or twin_id = $1',
      values: [input.access.workspaceId, input.name, input.timezone],
    });
    await audit(deps, { tx, access: input.access, key: 'workspace' });
  });
}

/**
 * Stores one key of a workspace's settings, a whole value that its schema has already taken. `also` runs in the same
 * transaction: what must follow from the change is stored with it.
 */
export async function saveSetting(
  deps: Deps,
  input: { access: Access; key: string; value: unknown; also?: (tx: Tx) => Promise<void> },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await many(tx, {
      text: `update workspace set settings = jsonb_set(settings, array[$2::text], $3::jsonb) where id = $1`,
      values: [input.access.workspaceId, input.key, json(input.value)],
    });
    await audit(deps, { tx, access: input.access, key: input.key });
    await input.also?.(tx);
  });
}

async function audit(deps: Deps, input: { tx: Tx; access: Access; key: string }): Promise<void> {
  await recordAudit(
    { db: input.tx, clock: deps.clock },
    {
      access: input.access,
      action: 'settings.changed',
      subject: input.key,
      text: `Changed the ${input.key} settings`,
    },
  );
}
