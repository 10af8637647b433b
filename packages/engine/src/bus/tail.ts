/**
 * The end of the log, as it grows, for live pages. In: wake-ups of the bus. Out: a small hint for each new event of a
 * workspace that somebody watches, in the order of the log. Nothing is promised: a page that was away must read again.
 * One reader per process, whatever the number of pages; without pages it reads nothing.
 */
import type { Log } from '#base/log.ts';
import { many, one, type Db } from '#db/db.ts';
import { BUS_CHANNEL } from './publish.ts';

export interface BusHint {
  readonly position: bigint;
  readonly id: string;
  readonly workspaceId: string;
  readonly type: string;
  readonly contactId: string | null;
  readonly time: Date;
}

export interface BusTail {
  /** Hears what is committed from now on. Returns how to stop. */
  subscribe(workspaceId: string, onHint: (hint: BusHint) => void): () => void;
  close(): Promise<void>;
}

const BATCH_SIZE_MAX = 1_000;

export async function openBusTail(deps: { db: Db; log: Log }): Promise<BusTail> {
  const listeners = new Map<string, Set<(hint: BusHint) => void>>();
  /** Null while nobody watches: then it starts from the log's end. */
  let position: bigint | null = null;
  let running: Promise<void> | undefined;
  let isAskedAgain = false;

  const readOn = async (): Promise<void> => {
    if (listeners.size === 0) {
      position = null;
      return;
    }
    position ??= await endOfLog(deps.db);
    for (;;) {
      const hints = await readHints(deps.db, { after: position, workspaceIds: [...listeners.keys()] });
      for (const hint of hints) {
        for (const listener of listeners.get(hint.workspaceId) ?? []) listener(hint);
      }
      position = hints.at(-1)?.position ?? position;
      if (hints.length < BATCH_SIZE_MAX) return;
    }
  };
  const wake = (): void => {
    isAskedAgain = true;
    running ??= (async () => {
      while (isAskedAgain) {
        isAskedAgain = false;
        await readOn().catch((error: unknown) => deps.log.warn({ err: error }, 'the live tail could not read the log'));
      }
      running = undefined;
    })();
  };
  const stopListening = await deps.db.listen(BUS_CHANNEL, wake);
  return {
    subscribe(workspaceId, onHint) {
      const own = listeners.get(workspaceId) ?? new Set();
      listeners.set(workspaceId, own.add(onHint));
      wake();
      return () => {
        own.delete(onHint);
        if (own.size === 0 && listeners.get(workspaceId) === own) listeners.delete(workspaceId);
      };
    },
    async close() {
      listeners.clear();
      await stopListening();
      await running;
    },
  };
}

async function endOfLog(db: Db): Promise<bigint> {
  const row = await one<{ position: bigint }>(db, {
    text: 'select coalesce(max(position), 0)::int8 as position from bus_event',
  });
  return row?.position ?? 0n;
}

function readHints(db: Db, input: { after: bigint; workspaceIds: readonly string[] }): Promise<BusHint[]> {
  return many<BusHint>(db, {
    name: 'bus_tail_read',
    text: `select position, id, workspace_id as "workspaceId", type, contact_id as "contactId", time from bus_event
           where position > $1 and workspace_id = any($2::uuid[]) order by position limit ${BATCH_SIZE_MAX}`,
    values: [input.after, input.workspaceIds],
  });
}
