/**
 * The one place that talks HTTP. Shapes come from `@growthos/contracts/http/*` as types alone: the server already
 * checks every answer against the same schemas before it leaves, so the browser need not carry the checker.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  constructor(input: { status: number; code: string; message: string }) {
    super(input.message);
    this.status = input.status;
    this.code = input.code;
  }
}

const OFFLINE = 'The server does not answer. Check your connection; this page tries again by itself.';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The sentence of an error answer: `{ error: { code, message } }` or `{ code, message }`. */
function readError(status: number, body: unknown): ApiError {
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : body;
  const message = isRecord(error) && typeof error['message'] === 'string' ? error['message'] : null;
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : `http_${status}`;
  return new ApiError({ status, code, message: message ?? `The server answered with an error (${status}).` });
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Asks and reads the answer. `T` is what the contract promises for this path. Throws ApiError with a sentence. */
export async function api<T>(path: string, call: Call = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, {
      method: call.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError({ status: 0, code: 'offline', message: OFFLINE });
  }
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const body: unknown = isJson && text !== '' ? JSON.parse(text) : null;
  if (!response.ok) throw readError(response.status, body);
  return asPromised<T>(body);
}

/** The one cast of the dashboard: the server's serializer holds every answer to the contract's schema. */
function asPromised<T>(body: unknown): T {
  return body as T;
}

/** `?a=1&b=x` from what is set; empty for nothing. */
export function queryString(values: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
