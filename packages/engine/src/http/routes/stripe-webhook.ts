import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RouteShorthandOptions,
} from 'fastify';
import type { ReceivedWebhook, ReceiveOutcome } from '#ingest/index.ts';

/** Stripe's events are some kilobytes; what is larger is refused with 413 before it is read. */
const BODY_BYTES_MAX = 1024 * 1024;

/** Made once: this route answers some ten thousand times a second. */
const ANSWERS: Readonly<Record<ReceiveOutcome, string>> = {
  accepted: '{"outcome":"accepted"}',
  duplicate: '{"outcome":"duplicate"}',
  unclaimed: '{"outcome":"unclaimed"}',
};

/**
 * POST /webhooks/stripe, for all connected accounts, and /webhooks/stripe/:urlKey, for the endpoint in one account.
 * The body stays bytes, in this plugin only, because the signature is made over them. Errors go on to the server's error
 * handler: 400 for a wrong signature or a body that is no event, 413 too large, 5xx when the database does not take it.
 */
export function stripeWebhookRoutes(deps: {
  receive(input: ReceivedWebhook): Promise<ReceiveOutcome>;
}): FastifyPluginAsync {
  const answer = async (request: FastifyRequest, reply: FastifyReply, urlKey: string | null): Promise<string> => {
    const header = request.headers['stripe-signature'];
    const outcome = await deps.receive({
      rawBody: request.body instanceof Buffer ? request.body : Buffer.alloc(0),
      signatureHeader: Array.isArray(header) ? header.join(',') : header,
      urlKey,
    });
    void reply.header('content-type', 'application/json; charset=utf-8');
    return ANSWERS[outcome];
  };
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    const options = quietRoute();
    app.post('/webhooks/stripe', options, (request, reply) => answer(request, reply, null));
    app.post<{ Params: { urlKey: string } }>('/webhooks/stripe/:urlKey', options, (request, reply) =>
      answer(request, reply, request.params.urlKey),
    );
  };
}

/** No line per event, and one logger for all of them: a logger per request costs as much as checking its signature. */
function quietRoute(): RouteShorthandOptions {
  let logger: FastifyBaseLogger | undefined;
  return {
    schema: { hide: true },
    childLoggerFactory: (parent) => {
      logger ??= parent.child({ route: '/webhooks/stripe' }, { level: 'warn' });
      return logger;
    },
  };
}
