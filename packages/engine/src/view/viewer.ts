import type { Clock } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { one, type Queryable } from '#db/db.ts';
import type { Viewer } from './date-text.ts';

/** Now, in the zone that the viewer's browser named, else in the workspace's. @throws InvalidInputError for no zone. */
export async function viewerOf(
  deps: { db: Queryable; clock: Clock },
  input: { workspaceId: string; timezone?: string | undefined },
): Promise<Viewer> {
  const now = deps.clock.now();
  if (input.timezone !== undefined) {
    if (!isKnown(input.timezone)) {
      throw new InvalidInputError('timezone: give an IANA name such as Europe/Berlin.', { field: 'timezone' });
    }
    return { now, timezone: input.timezone };
  }
  const row = await one<{ timezone: string }>(deps.db, {
    name: 'view_timezone',
    text: 'select timezone from workspace where id = $1',
    values: [input.workspaceId],
  });
  const timezone = row?.timezone ?? 'UTC';
  return { now, timezone: isKnown(timezone) ? timezone : 'UTC' };
}

function isKnown(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}
