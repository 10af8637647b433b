import { MailReportProvider, type ReceivedReports } from '@growthos/contracts/http/mail-reports.ts';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { NotFoundError } from '#base/errors.ts';
import type { MailReports } from '#send/index.ts';

/** A report as mail may return the whole mail; what providers post is smaller. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

interface Params {
  readonly provider: string;
  readonly token: string;
}

/**
 * POST /webhooks/email/:provider/:token: what became of mails, told by whoever carried them. The body stays bytes, in this
 * plugin only, because signatures are made over them. 200 with counts, also for messages that we do not know, so that
 * nobody tries again in vain; 400 naming the field, or for a signature that does not hold; 404 for an address that is none
 * of ours; 502 where Amazon's certificate could not be fetched.
 */
export function mailReportRoutes(deps: { reports: MailReports }): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    app.post<{ Params: Params }>(
      '/webhooks/email/:provider/:token',
      { schema: { hide: true }, bodyLimit: BODY_BYTES_MAX },
      async (request): Promise<ReceivedReports> => {
        const provider = MailReportProvider.safeParse(request.params.provider);
        if (!provider.success) {
          throw new NotFoundError(
            `There is no such provider here; there are ${MailReportProvider.options.join(', ')}.`,
          );
        }
        return deps.reports.receive({
          provider: provider.data,
          token: request.params.token,
          rawBody: request.body instanceof Buffer ? request.body : Buffer.alloc(0),
          headers: headersOf(request),
        });
      },
    );
  };
}

function headersOf(request: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : value]),
  );
}
