/** Every error that we raise on purpose. HTTP, CLI and consumers map `code` once each; nobody reads message texts. */
export type GrowthErrorCode =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'rate_limited'
  | 'configuration'
  | 'signature_invalid'
  | 'write_refused'
  | 'storage_locked'
  | 'stripe_permission'
  | 'stripe_account_gone'
  | 'upstream_unavailable'
  | 'crashed';

export abstract class GrowthError extends Error {
  abstract readonly code: GrowthErrorCode;
  /** True where the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean = false;
}

/** A person or program sent something that cannot be taken. `field` names the part; the message says what to send. */
export class InvalidInputError extends GrowthError {
  override readonly name = 'InvalidInputError';
  readonly code = 'invalid_input';
  readonly field: string | undefined;
  constructor(message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.field = options.field;
  }
}

export class UnauthenticatedError extends GrowthError {
  override readonly name = 'UnauthenticatedError';
  readonly code = 'unauthenticated';
}

export class ForbiddenError extends GrowthError {
  override readonly name = 'ForbiddenError';
  readonly code = 'forbidden';
}

export class NotFoundError extends GrowthError {
  override readonly name = 'NotFoundError';
  readonly code = 'not_found';
}

export class ConflictError extends GrowthError {
  override readonly name = 'ConflictError';
  readonly code = 'conflict';
}

export class TooLargeError extends GrowthError {
  override readonly name = 'TooLargeError';
  readonly code = 'too_large';
}

export class RateLimitedError extends GrowthError {
  override readonly name = 'RateLimitedError';
  readonly code = 'rate_limited';
  override readonly retryable = true;
  readonly retryAfterMs: number;
  constructor(message: string, options: { retryAfterMs: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The environment or the settings are wrong: the message names the variable and what it should hold. */
export class ConfigurationError extends GrowthError {
  override readonly name = 'ConfigurationError';
  readonly code = 'configuration';
}

/** A webhook whose signature is missing, wrong or too old. Answered 400. */
export class SignatureInvalidError extends GrowthError {
  override readonly name = 'SignatureInvalidError';
  readonly code = 'signature_invalid';
}

/** A call that would write to a tenant's Stripe account. It never leaves the process. */
export class WriteRefusedError extends GrowthError {
  override readonly name = 'WriteRefusedError';
  readonly code = 'write_refused';
}

/** The embedded data folder is in use by another process. */
export class StorageLockedError extends GrowthError {
  override readonly name = 'StorageLockedError';
  readonly code = 'storage_locked';
}

/** Stripe refused a read for want of a permission; `permission` is its slug, such as `rak_plan_read`. */
export class StripePermissionError extends GrowthError {
  override readonly name = 'StripePermissionError';
  readonly code = 'stripe_permission';
  readonly permission: string | null;
  constructor(message: string, options: { permission: string | null; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.permission = options.permission;
  }
}

/** The Stripe account no longer answers to us: disconnected, or the key was revoked. */
export class StripeAccountGoneError extends GrowthError {
  override readonly name = 'StripeAccountGoneError';
  readonly code = 'stripe_account_gone';
  /** True where Stripe says that it was the account's owner who removed us; false where our own key was refused. */
  readonly isRevoked: boolean;
  constructor(message: string, options: { isRevoked?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.isRevoked = options.isRevoked ?? false;
  }
}

export class UpstreamUnavailableError extends GrowthError {
  override readonly name = 'UpstreamUnavailableError';
  readonly code = 'upstream_unavailable';
  override readonly retryable = true;
  readonly upstream: 'stripe' | 'smtp' | 'nats' | 'webhook' | 'database';
  constructor(upstream: UpstreamUnavailableError['upstream'], options: { cause: unknown; message?: string }) {
    super(options.message ?? `${upstream} did not answer`, { cause: options.cause });
    this.upstream = upstream;
  }
}

/** Thrown by a crash point that a fault test armed: stands for the death of the process at that place. */
export class CrashedError extends GrowthError {
  override readonly name = 'CrashedError';
  readonly code = 'crashed';
}

export function unreachable(value: never): never {
  throw new Error(`impossible value: ${JSON.stringify(value)}`);
}

export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`missing: ${what}`);
  return value;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
