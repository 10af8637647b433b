import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import { messageOf } from '#base/errors.ts';
import { BUS_CHANNEL } from '#bus/index.ts';
import { liveEvents } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

/** A comment now and then keeps proxies from closing a quiet stream. Source: common proxy idle time-outs are 30 to 60 s. */
const HEARTBEAT_MS = 25_000;
/** Then the browser connects anew, which asks the guard again: whoever was removed is gone within this time. */
const STREAM_MS = 10 * 60_000;

/**
 * `GET /api/live`: what happens in the workspace, as server-sent events. One NOTIFY listener serves all open pages; a page
 * that comes back says where it was (Last-Event-ID) and hears what it missed.
 */
export function liveRoutes(deps: AppDeps): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    const streams = new Set<Stream>();
    let unlisten: Promise<() => Promise<void>> | null = null;
    const listen = (): Promise<() => Promise<void>> =>
      deps.db.listen(BUS_CHANNEL, () => {
        for (const stream of streams) stream.wake();
      });
    app.addHook('preClose', async () => {
      for (const stream of streams) stream.end();
    });
    app.addHook('onClose', async () => (await unlisten)?.());
    app.get('/api/live', { schema: { hide: true } }, async (request, reply) => {
      unlisten ??= listen();
      await unlisten;
      const last = request.headers['last-event-id'];
      // Gone while we waited: its end was told already, and nobody would ever take it off the list.
      if (reply.raw.destroyed) return reply.hijack();
      const stream = openStream(deps, {
        reply,
        workspaceId: request.access.workspaceId,
        after: typeof last === 'string' && /^\d{1,18}$/.test(last) ? last : null,
        onEnd: () => streams.delete(stream),
      });
      streams.add(stream);
      stream.wake();
    });
  };
}

interface Stream {
  wake(): void;
  end(): void;
}

function openStream(
  deps: AppDeps,
  input: { reply: FastifyReply; workspaceId: string; after: string | null; onEnd: () => void },
): Stream {
  const { reply } = input;
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  let after = input.after;
  let isReading = false;
  let isWoken = false;
  const heartbeat = setInterval(() => reply.raw.write(':\n\n'), HEARTBEAT_MS);
  const lifetime = setTimeout(() => reply.raw.end(), STREAM_MS);
  reply.raw.on('close', () => {
    clearInterval(heartbeat);
    clearTimeout(lifetime);
    input.onEnd();
  });
  /** One reader at a time; a wake-up meanwhile makes it look once more. */
  const read = async (): Promise<void> => {
    isWoken = true;
    if (isReading) return;
    isReading = true;
    try {
      while (isWoken && !reply.raw.writableEnded) {
        isWoken = false;
        const isFirst = after === null;
        const news = await liveEvents(deps, { workspaceId: input.workspaceId, after });
        if (isFirst) reply.raw.write(': ready\n\n');
        after = news.position;
        for (const { position, ...event } of news.events) {
          reply.raw.write(`id: ${position}\ndata: ${JSON.stringify(event)}\n\n`);
        }
        if (news.events.length > 0) isWoken = true;
      }
    } finally {
      isReading = false;
    }
  };
  return {
    wake: () => {
      read().catch((error: unknown) => {
        deps.log.warn({ err: messageOf(error) }, 'a live stream could not be read; its page connects anew');
        reply.raw.end();
      });
    },
    end: () => reply.raw.end(),
  };
}
