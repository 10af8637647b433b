/** Replays that a workspace asked for, newest first, with how far each has come. */
import { many, type Db } from '#db/db.ts';

const SHOWN_MAX = 20;

export interface ReplayProgress {
  readonly id: string;
  readonly listener: string;
  readonly since: string;
  readonly askedAt: string;
  readonly endedAt: string | null;
  readonly handledCount: number;
  readonly progress: number;
}

interface Row {
  id: string;
  consumer: string;
  since: Date;
  asked_at: Date;
  ended_at: Date | null;
  handled: bigint;
  gone: bigint;
  all: bigint;
}

export async function replays(deps: { db: Db }, input: { workspaceId: string }): Promise<ReplayProgress[]> {
  const rows = await many<Row>(deps.db, {
    text: `select id, consumer, since, asked_at, ended_at, handled, position - begins_after as gone,
             coalesce(held_to, (select max(position) from bus_event), 0) - begins_after as all
           from bus_replay where workspace_id = $1 order by asked_at desc, id desc limit ${SHOWN_MAX}`,
    values: [input.workspaceId],
  });
  return rows.map((row) => ({
    id: row.id,
    listener: row.consumer,
    since: row.since.toISOString(),
    askedAt: row.asked_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    handledCount: Number(row.handled),
    progress: row.ended_at !== null || row.all <= 0n ? 1 : Math.min(1, Number(row.gone) / Number(row.all)),
  }));
}
