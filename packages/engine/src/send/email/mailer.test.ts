import { afterEach, expect, test } from 'vitest';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { smtpMailer, type OutgoingMail } from './mailer.ts';

const servers: SMTPServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function startSmtp(options: SMTPServerOptions = {}): Promise<{ url: string; log: string[]; server: SMTPServer }> {
  const log: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onMailFrom: (_address, _session, callback) => {
      log.push('MAIL');
      callback();
    },
    onData(stream, _session, callback) {
      log.push('DATA');
      stream.on('data', () => undefined);
      stream.on('end', () => {
        log.push('END');
        callback();
      });
    },
    ...options,
  });
  servers.push(server);
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, log, server };
}

const mail: OutgoingMail = {
  messageId: '<one@growthos>',
  from: { name: 'Founder', address: 'founder@example.test' },
  replyTo: null,
  to: 'ada@example.test',
  subject: 'Hello',
  text: 'Hi Ada',
  html: null,
  headers: { 'X-Test': '1' },
};

test('the last byte goes only after it was stored that it will, and that only when the server wants the message', async () => {
  const { url, log } = await startSmtp({
    onRcptTo: (_address, _session, callback) => void setTimeout(callback, 80),
  });
  const outcome = await smtpMailer({ url }).send(mail, async () => {
    log.push('asked');
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  });
  expect(outcome.kind).toBe('accepted');
  expect(log).toEqual(['MAIL', 'DATA', 'asked', 'END']);
});

test('a mail that was called off at the last moment is not accepted by the server', async () => {
  const { url, log } = await startSmtp();
  const outcome = await smtpMailer({ url }).send(mail, async () => false);
  expect(outcome).toEqual({ kind: 'called_off' });
  expect(log).not.toContain('END');
});

test('a server that is away means later, and nothing was handed over', async () => {
  let asked = 0;
  const outcome = await smtpMailer({ url: 'smtp://127.0.0.1:1' }).send(mail, async () => {
    asked += 1;
    return true;
  });
  expect(outcome).toMatchObject({ kind: 'later', isServerDown: true });
  expect(asked).toBe(0);
});

test('a refused address is told from a refused message', async () => {
  const { url } = await startSmtp({
    onRcptTo: (_address, _session, callback) =>
      callback(Object.assign(new Error('no such user'), { responseCode: 550 })),
  });
  expect(await smtpMailer({ url }).send(mail, async () => true)).toMatchObject({ kind: 'refused', isAddressBad: true });
  const other = await startSmtp({
    onData: (stream, _session, callback) => {
      stream.on('data', () => undefined);
      stream.on('end', () => callback(Object.assign(new Error('looks like spam'), { responseCode: 554 })));
    },
  });
  expect(await smtpMailer({ url: other.url }).send(mail, async () => true)).toMatchObject({
    kind: 'refused',
    isAddressBad: false,
  });
});

test('a busy server means later', async () => {
  const { url } = await startSmtp({
    onRcptTo: (_address, _session, callback) => callback(Object.assign(new Error('try later'), { responseCode: 451 })),
  });
  expect(await smtpMailer({ url }).send(mail, async () => true)).toMatchObject({ kind: 'later', isServerDown: false });
});

test('a connection that breaks after the last byte leaves the fate unknown', async () => {
  const { url } = await startSmtp({
    onData: (stream, session) => {
      stream.on('data', () => undefined);
      stream.on('end', () => {
        for (const connection of servers.flatMap((server) => [...server.connections])) {
          if (session) (connection as { _socket: { destroy(): void } })._socket.destroy();
        }
      });
    },
  });
  expect(await smtpMailer({ url }).send(mail, async () => true)).toMatchObject({ kind: 'unknown' });
});
