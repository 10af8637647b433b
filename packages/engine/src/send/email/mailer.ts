/**
 * Handing mail to an SMTP server. Three moments matter: before the last byte is sent nothing has happened; from then
 * until the answer nobody knows; after the answer it is accepted. `beforeLastByte` runs between the first two: it stores
 * that the mail is about to be handed over, and may refuse, which breaks the transaction off.
 */
import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { messageRef, returnPath } from '../reports/message-ref.ts';
import { providerHeaders } from './provider-headers.ts';

export interface OutgoingMail {
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo: string | null;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export type MailOutcome =
  | { readonly kind: 'accepted'; readonly response: string }
  /** Nothing was taken: the server is away, or says "later" (4xx). */
  | { readonly kind: 'later'; readonly isServerDown: boolean; readonly response: string }
  /** Refused for good (5xx). `isAddressBad`: it is the address, not the message. */
  | { readonly kind: 'refused'; readonly isAddressBad: boolean; readonly response: string }
  /** The connection broke between the last byte and the answer. */
  | { readonly kind: 'unknown'; readonly response: string }
  /** `beforeLastByte` said no. */
  | { readonly kind: 'called_off' };

export interface Mailer {
  /** `captured`: mail is kept in the captured inbox and `send` is never called. */
  readonly kind: 'smtp' | 'captured';
  send(mail: OutgoingMail, beforeLastByte: () => Promise<boolean>): Promise<MailOutcome>;
  close(): void;
}

/** Mail stays here: the default, so that nothing leaves a fresh machine. */
export const capturingMailer: Mailer = {
  kind: 'captured',
  send: () => Promise.reject(new Error('captured mail is stored by the outbox, never sent')),
  close: () => undefined,
};

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/**
 * Mail goes to `url` (smtp:// or smtps://, with user and password in it where the server wants them). With a bounce address
 * every mail has an envelope sender of its own below it, so that a report names the mail by where it is sent; without one
 * reports go to the sender.
 */
export function smtpMailer(input: { url: string; bounceAddress?: string | undefined }): Mailer {
  const options = smtpOptions(input.url);
  return {
    kind: 'smtp',
    async send(mail, beforeLastByte) {
      const transport = createTransport({ ...options, ...TIMEOUTS });
      const state: GateState = { isHandedOver: false, isCalledOff: false, failure: null };
      transport.use('stream', (outgoing, callback) => {
        outgoing.message.processFunc((message) => gate(message, { state, beforeLastByte }));
        callback();
      });
      try {
        const info = await transport.sendMail({
          messageId: mail.messageId,
          from: mail.from,
          ...(mail.replyTo === null ? {} : { replyTo: mail.replyTo }),
          to: { name: '', address: mail.to },
          subject: mail.subject,
          text: mail.text,
          ...(mail.html === null ? {} : { html: mail.html }),
          ...tracing(mail, { host: options.host, bounceAddress: input.bounceAddress }),
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        return { kind: 'accepted', response: info.response };
      } catch (error) {
        // Storing the hand-over failed: whether it is stored nobody knows here, so the lease decides.
        if (state.failure !== null) throw state.failure;
        return state.isCalledOff ? { kind: 'called_off' } : outcomeOf(error, state.isHandedOver);
      } finally {
        transport.close();
      }
    },
    close: () => undefined,
  };
}

/** What lets a later report about the mail find it. */
function tracing(
  mail: OutgoingMail,
  input: { host: string; bounceAddress: string | undefined },
): { headers: Record<string, string>; envelope?: { from: string; to: string } } {
  const messageId = messageRef(mail.messageId);
  if (messageId === null) return { headers: { ...mail.headers } };
  const headers = { ...mail.headers, ...providerHeaders({ host: input.host, messageId }) };
  if (input.bounceAddress === undefined) return { headers };
  return { headers, envelope: { from: returnPath(input.bounceAddress, messageId), to: mail.to } };
}

interface GateState {
  isHandedOver: boolean;
  isCalledOff: boolean;
  failure: Error | null;
}

/**
 * Lets the message through, and holds its end until `beforeLastByte` has agreed. It is pulled, never pushed: nothing runs
 * before the server has said that it wants the message (354), however slowly it came to that.
 */
function gate(
  message: AsyncIterable<Buffer>,
  input: { state: GateState; beforeLastByte: () => Promise<boolean> },
): Readable {
  const { state, beforeLastByte } = input;
  const guarded = async function* (): AsyncGenerator<Buffer> {
    yield* message;
    try {
      state.isHandedOver = await beforeLastByte();
    } catch (error) {
      state.failure = error instanceof Error ? error : new Error(String(error));
      throw state.failure;
    }
    state.isCalledOff = !state.isHandedOver;
    if (state.isCalledOff) throw new Error('called off');
  };
  return Readable.from(guarded(), { objectMode: false });
}

function smtpOptions(url: string): {
  host: string;
  port: number;
  secure: boolean;
  auth?: { user: string; pass: string };
} {
  const parsed = new URL(url);
  const secure = parsed.protocol === 'smtps:';
  const port = parsed.port === '' ? (secure ? 465 : 587) : Number(parsed.port);
  const base = { host: parsed.hostname, port, secure };
  if (parsed.username === '') return base;
  return { ...base, auth: { user: decodeURIComponent(parsed.username), pass: decodeURIComponent(parsed.password) } };
}

/** Codes of nodemailer for a server that cannot be reached or does not talk. */
const DOWN = new Set([
  'ECONNECTION',
  'ETIMEDOUT',
  'ESOCKET',
  'EDNS',
  'ETLS',
  'EPROTOCOL',
  'ECONNREFUSED',
  'ECONNRESET',
]);

function outcomeOf(error: unknown, isHandedOver: boolean): MailOutcome {
  const details = error !== null && typeof error === 'object' ? error : {};
  const responseCode =
    'responseCode' in details && typeof details.responseCode === 'number' ? details.responseCode : null;
  const code = 'code' in details && typeof details.code === 'string' ? details.code : '';
  const command = 'command' in details && typeof details.command === 'string' ? details.command : '';
  const response = error instanceof Error ? error.message : 'the server did not answer';
  if (responseCode !== null && responseCode >= 500) {
    // 5xx on RCPT TO is about the address. A refused sign-in is ours to repair, so the mail waits.
    if (code === 'EAUTH') return { kind: 'later', isServerDown: true, response };
    return { kind: 'refused', isAddressBad: command === 'RCPT TO', response };
  }
  if (responseCode !== null) return { kind: 'later', isServerDown: false, response };
  if (isHandedOver) return { kind: 'unknown', response };
  return { kind: 'later', isServerDown: DOWN.has(code) || code === '', response };
}
