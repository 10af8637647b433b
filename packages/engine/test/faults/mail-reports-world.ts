import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import fastify, { type FastifyInstance } from 'fastify';
import { SMTPServer } from 'smtp-server';
import { one } from '#db/db.ts';
import { answerError } from '#http/errors.ts';
import { mailReportRoutes } from '#http/routes/mail-reports.ts';
import { createMailReports, type MailReports, readInlet } from '#send/index.ts';
import type { SequenceWorld } from '../properties/sequence-world.ts';
import type { Posted } from '../world/mail-payloads.ts';
import { SNS_CERTIFICATE, SNS_CERTIFICATE_URL } from '../world/sns.ts';

/** Two mails of one run, a day apart, then a third step: what a bounce of the first does is seen in the others. */
export const TWO_MAILS = SequenceDefinition.parse({
  name: 'Welcome',
  trigger: { kind: 'event', type: 'start' },
  reentry: { rule: 'always' },
  category: 'product',
  isExemptFromCaps: true,
  quietHours: null,
  steps: [
    { id: 'first', kind: 'email', content: { format: 'plain', subject: 'Hello', text: 'Hi {{ contact.name }}' } },
    { id: 'wait', kind: 'wait_for', duration: { days: 1 } },
    { id: 'second', kind: 'email', content: { format: 'plain', subject: 'Again', text: 'Hi {{ contact.name }}' } },
  ],
});

export interface ReportWorld {
  readonly app: FastifyInstance;
  readonly reports: MailReports;
  readonly token: string;
  post(provider: string, posted: Posted, token?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  postMail(mime: string): Promise<{ status: number; body: Record<string, unknown> }>;
  suppressions(): Promise<{ address: string; reason: string; detail: string | null }[]>;
  contactMessage(): Promise<{ id: string; status: string }>;
}

/** The way in, beside a world of sequences: the real route without a port. Amazon is played from a table. */
export async function openReportWorld(world: SequenceWorld): Promise<ReportWorld> {
  const reports = createMailReports(world.send, {
    fetchText: (url) =>
      url === SNS_CERTIFICATE_URL ? Promise.resolve(SNS_CERTIFICATE) : Promise.reject(new Error('answered 404')),
  });
  const app = fastify() as unknown as FastifyInstance;
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  await app.register(mailReportRoutes({ reports }));
  const { token } = await readInlet(world.send, { workspaceId: world.workspaceId });
  const post: ReportWorld['post'] = async (provider, posted, to = token) => {
    const url = `/webhooks/email/${provider}/${to}`;
    const response = await app.inject({ method: 'POST', url, payload: posted.body, headers: posted.headers });
    return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
  };
  return {
    app,
    reports,
    token,
    post,
    postMail: (mime) => post('mime', { body: mime, headers: { 'content-type': 'message/rfc822' } }),
    async suppressions() {
      const rows = await world.db.query<{ address: string; reason: string; detail: string | null }>({
        text: 'select address, reason, detail from suppression where workspace_id = $1 order by address',
        values: [world.workspaceId],
      });
      return [...rows.rows];
    },
    async contactMessage() {
      const row = await one<{ id: string; status: string }>(world.db, {
        text: `select id, status from message where workspace_id = $1 order by requested_at, id limit 1`,
        values: [world.workspaceId],
      });
      if (!row) throw new Error('no message was made');
      return row;
    },
  };
}

export interface RawInbox {
  readonly url: string;
  readonly mails: { readonly raw: string; readonly envelopeFrom: string }[];
  close(): Promise<void>;
}

/** A mail server on this machine that keeps mails as they came, and under which envelope sender. */
export async function startRawInbox(): Promise<RawInbox> {
  const mails: RawInbox['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, callback) {
      const receive = async (): Promise<void> => {
        const raw = (await buffer(stream)).toString('utf8');
        const from = session.envelope.mailFrom;
        mails.push({ raw, envelopeFrom: from === false ? '' : from.address });
        callback();
      };
      void receive();
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export function headersOf(raw: string): string {
  return raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll('\r\n', '\n');
}

/** A file with `text` in a folder of its own. */
export function temporaryFile(text: string): { path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mail-report-'));
  const path = join(folder, 'address');
  writeFileSync(path, text);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
