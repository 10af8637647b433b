/**
 * `npm run -s bus:replay -- --consumer NAME (--since TIME [--workspace ID | --all] | --event ID --workspace ID)`: asks the
 * bus to hand events to a consumer once more. Speaks to the database that the environment names, for who runs the
 * installation; the running workers do the work of `--since`. Exit code 0: asked for, or done; 2: refused, with the reason.
 */
import { defineCommand, runMain } from 'citty';
import { InvalidInputError, messageOf } from '#base/errors.ts';
import { writeAudit } from '#access/index.ts';
import { askReplay, replayEvents, type ReplayDeps } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { readConfig } from '#config.ts';
import { createEngine } from '#main.ts';

export interface ReplayOrder {
  readonly consumer: string;
  readonly since?: string | undefined;
  /** Ids of the bus, with commas between. */
  readonly events?: string | undefined;
  readonly workspace?: string | undefined;
  readonly all: boolean;
}

/** Does what the order says and returns the line that tells it. @throws GrowthError where it cannot be done. */
export async function orderReplay(deps: ReplayDeps, order: ReplayOrder): Promise<string> {
  const { consumer, workspace } = order;
  if (order.all === (workspace !== undefined)) throw new InvalidInputError('Name a --workspace, or say --all.');
  if ((order.since === undefined) === (order.events === undefined)) {
    throw new InvalidInputError('Say --since with a time such as 2026-11-24T09:00:00Z, or --event with ids.');
  }
  const audited = async (tx: Tx): Promise<void> => {
    if (workspace === undefined) return;
    const text = `Replayed ${order.events ?? `all events since ${order.since}`} to ${consumer} from the command line`;
    const who = { workspaceId: workspace, actorKind: 'system' as const, actorId: null };
    await writeAudit({ ...deps, db: tx }, { ...who, action: 'bus.replayed', subject: consumer, text });
  };
  if (order.since !== undefined) {
    const since = new Date(order.since);
    if (Number.isNaN(since.getTime())) throw new InvalidInputError(`${order.since} is not a time.`);
    const id = await askReplay(deps, { consumer, workspaceId: workspace ?? null, since, alsoThen: audited });
    return `Replay ${id} to ${consumer}, since ${since.toISOString()}: the workers go through it.`;
  }
  if (workspace === undefined) throw new InvalidInputError('Events belong to one --workspace.');
  const eventIds = (order.events ?? '').split(',').map((id) => id.trim());
  const handled = await replayEvents(deps, { consumer, workspaceId: workspace, eventIds, alsoThen: audited });
  return `${handled} of ${eventIds.length} events were handed to ${consumer}; the others have their turn to come.`;
}

const command = defineCommand({
  meta: { name: 'bus:replay', description: 'Hand events of the bus to a consumer once more' },
  args: {
    consumer: { type: 'string', description: 'segments, sequences, send-requests or send-webhooks', required: true },
    since: { type: 'string', description: 'Everything recorded since this time' },
    event: { type: 'string', description: 'These events: ids, with commas between' },
    workspace: { type: 'string', description: 'The workspace whose events' },
    all: { type: 'boolean', description: 'Of every workspace', default: false },
  },
  async run({ args }) {
    try {
      const engine = await createEngine(readConfig(process.env));
      try {
        console.log(await orderReplay(engine, { ...args, events: args.event }));
      } finally {
        await engine.stop();
      }
    } catch (error) {
      console.error(messageOf(error));
      process.exitCode = 2;
    }
  },
});

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) await runMain(command);
