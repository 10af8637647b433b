export type StripeErrorType = 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';

export interface ErrorDetail {
  readonly status: number;
  readonly type: StripeErrorType;
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly declineCode?: string;
  /** For card errors: ids that Stripe puts beside the message. */
  readonly charge?: string;
  readonly paymentIntent?: string;
}

/** An answer other than 2xx, in Stripe's shape; routes throw it, the server writes it. */
export class StripeFault extends Error {
  override readonly name = 'StripeFault';
  readonly detail: ErrorDetail;

  constructor(detail: ErrorDetail) {
    super(detail.message);
    this.detail = detail;
  }
}

export function invalid(message: string, param?: string, code?: string): StripeFault {
  return new StripeFault({
    status: 400,
    type: 'invalid_request_error',
    message,
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  });
}

/** 404 for the object in the path, 400 for one named in a parameter, both `resource_missing`, as Stripe does. */
export function missing(what: string, id: string, param = 'id'): StripeFault {
  return new StripeFault({
    status: param === 'id' ? 404 : 400,
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param,
  });
}

/** OAuth endpoints answer `{error, error_description}` instead of Stripe's usual error object. */
export class OAuthFault extends Error {
  override readonly name = 'OAuthFault';
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}
