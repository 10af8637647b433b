import Stripe from 'stripe';
import {
  GrowthError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  StripeAccountGoneError,
  StripePermissionError,
  UpstreamUnavailableError,
} from '#base/errors.ts';

/** When Stripe asks to slow down and does not say for how long, milliseconds. */
const RETRY_AFTER_DEFAULT_MS = 1_000;

/** Makes a call through a client of `createStripeClient`, and turns what goes wrong into our own errors. */
export async function callStripe<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromStripe(error);
  }
}

function fromStripe(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) {
    return error instanceof GrowthError ? error : new UpstreamUnavailableError('stripe', { cause: error });
  }
  // The package wraps what its connection throws, our refusal of a write among it.
  const inner: unknown = error.detail;
  if (inner instanceof GrowthError) return inner;
  const cause = error;
  const status = error.statusCode ?? 0;
  if (error instanceof Stripe.errors.StripeRateLimitError || status === 429) {
    const reason = header(error, 'stripe-rate-limited-reason');
    return new RateLimitedError(`Stripe asks to slow down${reason === undefined ? '' : ` (${reason})`}.`, {
      retryAfterMs: retryAfterMs(error),
      cause,
    });
  }
  if (error instanceof Stripe.errors.StripeInvalidGrantError) {
    // An app's refresh token that is not good: it was used before, or the app was uninstalled.
    return new StripeAccountGoneError(error.message, { isRevoked: true, cause });
  }
  const isRevoked = error.code === 'account_invalid';
  if (isRevoked || error instanceof Stripe.errors.StripeAuthenticationError || status === 401) {
    return new StripeAccountGoneError(`Stripe no longer lets us in: ${error.message}`, { isRevoked, cause });
  }
  if (error instanceof Stripe.errors.StripePermissionError || status === 403) {
    return new StripePermissionError(error.message, { permission: permissionOf(error.message), cause });
  }
  if (
    error instanceof Stripe.errors.StripeConnectionError ||
    error instanceof Stripe.errors.StripeAPIError ||
    status >= 500
  ) {
    return new UpstreamUnavailableError('stripe', { cause });
  }
  if (status === 404) return new NotFoundError(error.message, { cause });
  return new InvalidInputError(error.message, { cause, ...(error.param === undefined ? {} : { field: error.param }) });
}

/** "... Having the 'rak_plan_read' permission would allow this request to continue." */
function permissionOf(message: string): string | null {
  return /'(rak_[a-z0-9_]+)'/.exec(message)?.[1] ?? null;
}

/** The reason that Stripe gave for a 429, such as `endpoint-rate`; null for any other error. */
export function rateLimitedReason(error: unknown): string | null {
  const cause = error instanceof RateLimitedError ? error.cause : undefined;
  return cause instanceof Stripe.errors.StripeError ? (header(cause, 'stripe-rate-limited-reason') ?? null) : null;
}

function retryAfterMs(error: InstanceType<typeof Stripe.errors.StripeError>): number {
  const seconds = Number(header(error, 'retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds * 1000) : RETRY_AFTER_DEFAULT_MS;
}

function header(error: InstanceType<typeof Stripe.errors.StripeError>, name: string): string | undefined {
  const value: unknown = error.headers?.[name];
  return typeof value === 'string' ? value : undefined;
}
