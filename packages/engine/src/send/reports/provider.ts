/** What each way in must know: how the caller proves itself, and how what it sends is read. */
import type { MailReportSigning } from '@growthos/contracts/http/mail-reports.ts';
import type { z } from 'zod';
import { InvalidInputError, SignatureInvalidError } from '#base/errors.ts';
import type { ReadReports } from './report.ts';

export interface ReceivedCall {
  readonly rawBody: Buffer;
  /** Of the request; names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the provider signs with, as a person pasted it; null: none was. */
  readonly key: string | null;
  readonly now: Date;
}

export interface ReportProvider {
  readonly name: string;
  readonly signing: MailReportSigning;
  /** @throws SignatureInvalidError; InvalidInputError naming the field that cannot be read. */
  read(call: ReceivedCall): Promise<ReadReports> | ReadReports;
}

/** @throws InvalidInputError for bytes that are no JSON. */
export function parseJson(rawBody: Buffer, field = 'body'): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch (error) {
    throw new InvalidInputError(`${field}: this is no JSON`, { field, cause: error });
  }
}

/** @throws InvalidInputError naming the first field that is not as the provider documents it. */
export function readShape<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.join('.');
  throw new InvalidInputError(`${field}: ${issue?.message ?? 'is not valid'}`, { field });
}

/** @throws SignatureInvalidError where no key was pasted in Settings yet. */
export function needKey(call: ReceivedCall, provider: string): string {
  if (call.key !== null) return call.key;
  throw new SignatureInvalidError(`${provider} signs its calls. Paste its signing key in Settings, Sending, first.`);
}
