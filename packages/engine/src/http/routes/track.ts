import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { TRACK_LIMITS, TRACK_MESSAGES, TrackResponse, type TrackMessageType } from '@growthos/contracts/http/track.ts';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { InvalidInputError, TooLargeError } from '#base/errors.ts';

export interface TrackRoutesDeps {
  receiveTracked(input: {
    kind: TrackMessageType | 'batch';
    writeKey: string | null;
    body: unknown;
  }): Promise<TrackResponse>;
}

const inflate = promisify(gunzip);

/** Above the largest batch, so that one slightly too large is answered by us, with the limit in the message. */
const BODY_BYTES_MAX = 2 * TRACK_LIMITS.batchBytesMax;
/** Seconds a browser may keep the answer to its preflight. Source: Chromium caps it at two hours. */
const PREFLIGHT_MAX_AGE_S = 7_200;

/**
 * `/v1/*`: product events by write key, from servers and from browsers of any origin (no cookies are read here, so any
 * origin may). Bodies are JSON whatever their content type says, because `sendBeacon` can only say `text/plain`.
 */
export const trackRoutes =
  (deps: TrackRoutesDeps): FastifyPluginAsync =>
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => {
      done(null, body);
    });
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('access-control-allow-origin', '*');
    });
    app.options('/v1/*', async (_request, reply) => preflight(reply));
    for (const path of PATHS) {
      const kind = path === 'import' ? 'batch' : path;
      const schema: FastifySchema = {
        tags: ['Product events'],
        summary: SUMMARIES[kind],
        response: { 200: TrackResponse },
      };
      app.post(`/v1/${path}`, { schema }, async (request, reply) => {
        const answer = await deps.receiveTracked({
          kind,
          writeKey: writeKeyOf(request),
          body: await readBody(request),
        });
        const isNothingTaken = answer.accepted + answer.duplicates === 0;
        return reply.code(isNothingTaken ? 400 : 200).send(answer);
      });
    }
  };

const SUMMARIES: Readonly<Record<TrackMessageType | 'batch', string>> = {
  identify: 'Say who somebody is, and what is known of them',
  track: 'Something that somebody did',
  page: 'A page that somebody looked at',
  screen: 'A screen that somebody looked at; kept as a page',
  group: 'The company that somebody belongs to',
  alias: 'Join an anonymous history to a user',
  batch: 'Up to 2,500 messages; each is taken or rejected by itself',
};
/** `/v1/import` is Segment's older name of `/v1/batch`. */
const PATHS = [...(Object.keys(TRACK_MESSAGES) as TrackMessageType[]), 'batch', 'import'] as const;

async function preflight(reply: FastifyReply): Promise<FastifyReply> {
  return reply
    .header('access-control-allow-methods', 'POST, OPTIONS')
    .header('access-control-allow-headers', 'authorization, content-type, content-encoding, x-write-key')
    .header('access-control-max-age', String(PREFLIGHT_MAX_AGE_S))
    .code(204)
    .send();
}

/** HTTP Basic with the key as user name (Segment's libraries), Bearer, else `X-Write-Key`; null leaves it to the body. */
function writeKeyOf(request: FastifyRequest): string | null {
  const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() === 'basic') {
    const [user = ''] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
    if (user !== '') return user;
  }
  if (scheme.toLowerCase() === 'bearer' && credentials !== '') return credentials;
  const header = request.headers['x-write-key'];
  return typeof header === 'string' && header !== '' ? header : null;
}

async function readBody(request: FastifyRequest): Promise<unknown> {
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const bytes = request.headers['content-encoding'] === 'gzip' ? await unzip(raw) : raw;
  if (bytes.length > TRACK_LIMITS.batchBytesMax) throw tooLarge();
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw new InvalidInputError('The body is not JSON.', { field: 'body', cause: error });
  }
}

async function unzip(raw: Buffer): Promise<Buffer> {
  try {
    return await inflate(raw, { maxOutputLength: TRACK_LIMITS.batchBytesMax });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new InvalidInputError('The body says that it is gzip, but it is not.', { field: 'body', cause: error });
  }
}

function tooLarge(): TooLargeError {
  return new TooLargeError(
    `The body is larger than ${TRACK_LIMITS.batchBytesMax} bytes. Send fewer messages at a time.`,
  );
}
