/**
 * The one place where an error becomes an answer. In: anything thrown while a request was handled. Out: a status, and a
 * body that names the code, one sentence and the wrong field. What we didn't foresee says nothing of itself: its text is
 * in the log, under the request's id.
 */
import type { ErrorBody } from '@growthos/contracts/http/error-body.ts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import {
  GrowthError,
  InvalidInputError,
  RateLimitedError,
  unreachable,
  UpstreamUnavailableError,
} from '#base/errors.ts';
import { sqlState } from '#db/db.ts';

export interface MappedError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly retryAfterS?: number;
}

/** HTTP status of each code. The switch is exhaustive: a new code does not compile until it has one. */
export function statusOf(error: GrowthError): number {
  switch (error.code) {
    case 'invalid_input':
    case 'signature_invalid':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'forbidden':
    case 'write_refused':
      return 403;
    case 'not_found':
      return 404;
    case 'conflict':
    case 'stripe_account_gone':
      return 409;
    case 'too_large':
      return 413;
    case 'stripe_permission':
      return 422;
    case 'rate_limited':
      return 429;
    case 'crashed':
      return 500;
    case 'upstream_unavailable':
      return error instanceof UpstreamUnavailableError && error.upstream !== 'database' ? 502 : 503;
    case 'configuration':
    case 'storage_locked':
      return 503;
    default:
      return unreachable(error.code);
  }
}

export function mapError(error: unknown): MappedError {
  if (error instanceof GrowthError) {
    return {
      status: statusOf(error),
      code: error.code,
      message: error.message,
      ...(error instanceof InvalidInputError && error.field !== undefined ? { field: error.field } : {}),
      ...(error instanceof RateLimitedError ? { retryAfterS: Math.ceil(error.retryAfterMs / 1000) } : {}),
    };
  }
  if (hasZodFastifySchemaValidationErrors(error)) return mapValidation(error);
  if (isDatabaseDown(error)) {
    return {
      status: 503,
      code: 'upstream_unavailable',
      message: 'The database does not answer at the moment. Try again in a few seconds.',
      retryAfterS: 5,
    };
  }
  const status = statusGiven(error);
  if (status !== null && status < 500) {
    return { status, code: CODE_OF_STATUS[status] ?? 'invalid_input', message: sentenceOf(error, status) };
  }
  return {
    status: 500,
    code: 'internal',
    message: 'Something went wrong on our side. The log has the details under the request id.',
  };
}

const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
};

/** Fastify's own refusals (a body too large, JSON that is none) carry their status. */
function statusGiven(error: unknown): number | null {
  const status = error !== null && typeof error === 'object' && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : null;
}

function sentenceOf(error: unknown, status: number): string {
  if (status === 413) return 'The body is too large.';
  return error instanceof Error ? error.message : 'The request cannot be taken.';
}

type ValidationError = FastifyError & { validation: { instancePath: string; message?: string | undefined }[] };

function mapValidation(error: unknown): MappedError {
  const { validation, validationContext } = error as ValidationError;
  const [first] = validation;
  const path = (first?.instancePath ?? '').split('/').filter((part) => part !== '');
  const field = path.length > 0 ? path.join('.') : (validationContext ?? 'body');
  return { status: 400, code: 'invalid_input', message: `${field}: ${first?.message ?? 'is not valid'}`, field };
}

/** Node's codes for a server that cannot be reached. */
const NETWORK_DOWN = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EPIPE', 'EHOSTUNREACH']);
/** SQLSTATE: classes 08 (connection) and 57P (shut down), and 53300 (too many connections). Source: PostgreSQL appendix A. */
const SQLSTATE_DOWN = /^(08...|57P..|53300)$/;
/** What the driver says without any code when a connection is lost or none is to be had. Source: pg 8.23, pg-pool 3. */
const DRIVER_DOWN =
  /^(Connection terminated|timeout exceeded when trying to connect|the embedded database has stopped)/;

export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = sqlState(error);
  if (state !== undefined && SQLSTATE_DOWN.test(state)) return true;
  const code = 'code' in error ? error.code : undefined;
  return (typeof code === 'string' && NETWORK_DOWN.has(code)) || DRIVER_DOWN.test(error.message);
}

/** Fastify's error handler: answers, and logs what is our fault. Personal data is never in an error that we make. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const mapped = mapError(error);
  if (mapped.status >= 500) request.log.error({ err: error, requestId: request.id }, `answered ${mapped.status}`);
  if (mapped.retryAfterS !== undefined) void reply.header('retry-after', String(mapped.retryAfterS));
  const body: ErrorBody = {
    error: {
      code: mapped.code,
      message: mapped.message,
      ...(mapped.field === undefined ? {} : { field: mapped.field }),
      requestId: request.id,
    },
  };
  // Not through the route's own schema: an error looks the same everywhere.
  void reply.code(mapped.status).serializer(JSON.stringify).type('application/json; charset=utf-8').send(body);
}
