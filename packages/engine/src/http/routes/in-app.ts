import {
  InAppMessages,
  InAppOutcomeRequest,
  InAppOutcomeResponse,
  InAppSession,
  InAppSessionRequest,
  InAppTokenQuery,
} from '@growthos/contracts/http/in-app.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { InvalidInputError } from '#base/errors.ts';
import { eventStreams } from '../sse.ts';

/** As `send/in-app/in-app.ts` has it. */
export interface InAppRoutesDeps {
  readonly inApp: {
    openSession(input: InAppSessionRequest): Promise<InAppSession>;
    listMessages(input: { token: string }): Promise<InAppMessages>;
    openStream(input: {
      token: string;
      onMessages: (list: InAppMessages) => void;
    }): Promise<{ tick(): Promise<boolean>; close(): void }>;
    recordOutcome(input: InAppOutcomeRequest): Promise<InAppOutcomeResponse>;
  };
}

const BODY_BYTES_MAX = 8 * 1024;

/**
 * `/in-app/*`: nudges for a proven user, from pages of any origin. No cookie is read: who may see what stands in the
 * user hash and in the token. Bodies are JSON whatever their content type says, so that a browser sends them unasked.
 */
export const inAppRoutes =
  (deps: InAppRoutesDeps): FastifyPluginAsync =>
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => {
      try {
        done(null, JSON.parse(String(body)));
      } catch (error) {
        done(new InvalidInputError('The body is not JSON.', { field: 'body', cause: error }));
      }
    });
    app.addHook('onRequest', async (_request, reply) => {
      void reply.header('access-control-allow-origin', '*').header('cache-control', 'no-store');
    });
    app.options('/in-app/*', async (_request, reply) =>
      reply
        .header('access-control-allow-methods', 'GET, POST, OPTIONS')
        .header('access-control-allow-headers', 'content-type')
        .header('access-control-max-age', '7200')
        .code(204)
        .send(),
    );
    addCalls(app.withTypeProvider<ZodTypeProvider>(), deps);
    addStream(app.withTypeProvider<ZodTypeProvider>(), deps);
  };

type ZodApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

function addCalls(app: ZodApp, { inApp }: InAppRoutesDeps): void {
  const tags = ['Nudges'];
  app.post(
    '/in-app/session',
    { schema: { tags, summary: 'Prove a user', body: InAppSessionRequest, response: { 200: InAppSession } } },
    (request) => inApp.openSession(request.body),
  );
  app.get(
    '/in-app/messages',
    { schema: { tags, summary: 'What may be shown', querystring: InAppTokenQuery, response: { 200: InAppMessages } } },
    (request) => inApp.listMessages(request.query),
  );
  app.post(
    '/in-app/outcome',
    { schema: { tags, summary: 'What was done', body: InAppOutcomeRequest, response: { 200: InAppOutcomeResponse } } },
    (request) => inApp.recordOutcome(request.body),
  );
}

function addStream(app: ZodApp, { inApp }: InAppRoutesDeps): void {
  const openEventStream = eventStreams(app);
  const summary = 'Server-sent events: the whole list of what may be shown, at once and after each change';
  app.get(
    '/in-app/stream',
    { schema: { tags: ['Nudges'], summary, querystring: InAppTokenQuery } },
    async (request, reply) => {
      // The first list is there before the stream is: the status of the answer waits until the token is proven.
      let list: InAppMessages | undefined;
      let send = (next: InAppMessages): void => void (list = next);
      const stream = await inApp.openStream({ ...request.query, onMessages: (next) => send(next) });
      if (reply.raw.destroyed) return stream.close();
      const events = openEventStream(reply);
      events.onClose(() => stream.close());
      events.onBeat(() => void stream.tick().then((isOver) => (isOver ? events.end() : undefined)));
      send = (next) => events.send({ event: 'messages', data: next });
      if (list) send(list);
      return undefined;
    },
  );
}
