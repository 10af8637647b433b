import type { FastifyPluginAsync } from 'fastify';
import { eventStreams } from '../sse.ts';

export interface LiveHint {
  readonly id: string;
  readonly type: string;
  readonly contactId: string | null;
  readonly time: Date;
}

/** As `bus/tail.ts` has it. */
export interface LiveRoutesDeps {
  readonly tail: { subscribe(workspaceId: string, onHint: (hint: LiveHint) => void): () => void };
}

/** Hints are gathered for so long, so that a backfill is no flood. */
const GATHER_MS = 200;
/** Of one gathering, at most so many go out, the newest: enough for a page to know what to read again. */
const HINTS_MAX = 50;

/**
 * GET /api/live: a hint for each event of the workspace, `{ id, type, contactId, at }`, so that pages read again what they
 * show. Nothing of the event itself. A page that was away reads everything again; nothing is sent later.
 */
export const liveRoutes =
  (deps: LiveRoutesDeps): FastifyPluginAsync =>
  async (app) => {
    const openEventStream = eventStreams(app);
    app.get(
      '/api/live',
      { schema: { tags: ['Live'], summary: 'Server-sent events: what has just happened' } },
      async (request, reply) => {
        const { workspaceId } = request.access;
        const events = openEventStream(reply);
        const gathered = new Map<string, LiveHint>();
        let timer: NodeJS.Timeout | undefined;
        const flush = (): void => {
          timer = undefined;
          for (const hint of [...gathered.values()].slice(-HINTS_MAX)) {
            const { id, type, contactId } = hint;
            events.send({ id, data: { id, type, contactId, at: hint.time.toISOString() } });
          }
          gathered.clear();
        };
        const unsubscribe = deps.tail.subscribe(workspaceId, (hint) => {
          const key = `${hint.type} ${hint.contactId}`;
          gathered.delete(key);
          gathered.set(key, hint);
          timer ??= setTimeout(flush, GATHER_MS);
        });
        events.onClose(() => {
          clearTimeout(timer);
          unsubscribe();
        });
      },
    );
  };
