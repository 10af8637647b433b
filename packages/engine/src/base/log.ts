import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Names under which secrets or personal data could reach a log line: they are cut, wherever they stand. */
const REDACTED = ['secret', 'token', 'password', 'apiKey', 'authorization', 'cookie', 'email', 'payload', 'rawBody'];

/** JSON lines on standard output. Ids may be logged; e-mail addresses, payloads and secrets never are. */
export function createLog(options: { level: string; destination?: { write(line: string): void } }): Log {
  const settings = {
    level: options.level,
    base: null,
    redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[cut]' },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}

export const silentLog: Log = pino({ level: 'silent' });
