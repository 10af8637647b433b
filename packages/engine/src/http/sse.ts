import type { FastifyInstance, FastifyReply } from 'fastify';

/** A comment so often keeps proxies from cutting a silent stream. Most cut after 30 to 60 seconds. */
const HEARTBEAT_MS = 20_000;
/** What the browser waits before it reconnects by itself. */
const RECONNECT_MS = 3_000;
/** A reader that has let so much pile up does not read: it is cut off, and comes again. */
const BACKLOG_BYTES_MAX = 512 * 1024;

export interface EventStream {
  /** `id` comes back as Last-Event-ID. The data is written as JSON on one line. */
  send(input: { event?: string; id?: string; data: unknown }): void;
  onClose(work: () => void): void;
  onBeat(work: () => void): void;
  end(): void;
}

/**
 * Server-sent events for the routes of one plugin. Opens a stream on a reply; all are beaten by one timer, and ended
 * before the server closes, which would otherwise wait for them.
 */
export function eventStreams(app: FastifyInstance): (reply: FastifyReply) => EventStream {
  const open = new Set<{ readonly beat: () => void; readonly end: () => void }>();
  const timer = setInterval(() => {
    for (const stream of open) stream.beat();
  }, HEARTBEAT_MS);
  timer.unref();
  app.addHook('preClose', async () => {
    clearInterval(timer);
    for (const stream of open) stream.end();
  });
  return (reply) => {
    const { raw } = reply;
    const closers: (() => void)[] = [];
    const beats: (() => void)[] = [];
    const headers = reply.getHeaders() as Record<string, string | string[]>;
    reply.hijack();
    raw.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    const write = (text: string): void => {
      if (raw.writableEnded || raw.destroyed) return;
      raw.write(text);
      if (raw.writableLength > BACKLOG_BYTES_MAX) raw.destroy();
    };
    const entry = {
      beat() {
        write(':\n\n');
        for (const work of beats) work();
      },
      end: () => void raw.end(),
    };
    open.add(entry);
    raw.once('close', () => {
      open.delete(entry);
      for (const work of closers) work();
    });
    write(`retry: ${RECONNECT_MS}\n\n`);
    return {
      send({ event, id, data }) {
        const lines = [event && `event: ${event}`, id && `id: ${id}`, `data: ${JSON.stringify(data)}`];
        write(`${lines.filter(Boolean).join('\n')}\n\n`);
      },
      onClose: (work) => void closers.push(work),
      onBeat: (work) => void beats.push(work),
      end: entry.end,
    };
  };
}
