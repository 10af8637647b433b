import { AskedReplay, AskReplay, ReplayList } from '@growthos/contracts/http/replays.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { recordAudit } from '#access/index.ts';
import { ConflictError, GrowthError, messageOf, NotFoundError } from '#base/errors.ts';
import { askReplay, replayEvents, type ReplayDeps } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import { replays } from '#view/index.ts';

const tags = ['Events'];
const config = { role: 'admin' as const };

/** `/api/replays`: events of the workspace once more, to a listener of the bus. Admins only, audited. */
export const replayRoutes =
  (deps: ReplayDeps): FastifyPluginAsyncZod =>
  async (app) => {
    const offered = deps.consumers.flatMap(({ name, replay }) => (replay ? [{ name, ...replay }] : []));
    app.get(
      '/api/replays',
      { config, schema: { tags, summary: 'Replays, and who can be told again', response: { 200: ReplayList } } },
      async ({ access }) => ({
        listeners: offered,
        replays: (await replays(deps, access)).map((row) => ({
          ...row,
          title: offered.find(({ name }) => name === row.listener)?.title ?? row.listener,
        })),
      }),
    );
    app.post(
      '/api/replays',
      {
        config,
        schema: {
          tags,
          summary: 'Replay some events, or all since a time',
          body: AskReplay,
          response: { 200: AskedReplay },
        },
      },
      async ({ access, body }) => {
        const { listener: consumer, since, eventIds = [] } = body;
        if (!offered.some(({ name }) => name === consumer)) {
          throw new NotFoundError(
            `There is no such listener. There are: ${offered.map(({ name }) => name).join(', ')}.`,
          );
        }
        const what = since === undefined ? `${eventIds.length} events` : `all events since ${since}`;
        const note = { access, action: 'bus.replayed', subject: consumer, text: `Replayed ${what} to ${consumer}` };
        const alsoThen = (tx: Tx): Promise<void> => recordAudit({ ...deps, db: tx }, note);
        const input = { consumer, workspaceId: access.workspaceId, alsoThen };
        if (since !== undefined) {
          return { id: await askReplay(deps, { ...input, since: new Date(since) }), handledCount: null };
        }
        try {
          return { id: null, handledCount: await replayEvents(deps, { ...input, eventIds }) };
        } catch (error) {
          if (error instanceof GrowthError) throw error;
          throw new ConflictError(`It failed again: ${messageOf(error)}`, { cause: error });
        }
      },
    );
  };
