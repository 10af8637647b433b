/**
 * A whole server whose mail server breaks off at the worst moment: it reads the first mail to its end and is gone before
 * it answers; later mails it takes. For the browser test of sending again. Prints its address and who may sign in, as
 * JSON, then `taken` for each mail that was taken; ends when its input ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { newId } from '#base/ids.ts';
import { readConfig } from '#config.ts';
import { json } from '#db/db.ts';
import { startEngine } from '#main.ts';
import { SendingRules } from '@growthos/contracts/http/sending.ts';
import { createSequence, switchOn } from '#respond/sequences/index.ts';
import { writeSendingRules } from '#send/index.ts';
import { TWO_MAILS } from './mail-reports-world.ts';

const sockets = new Set<Socket>();
let mails = 0;
const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, _session, callback) {
    stream.resume();
    stream.once('end', () => {
      mails += 1;
      if (mails === 1) {
        for (const socket of sockets) socket.destroy();
        return;
      }
      process.stdout.write('taken\n');
      callback();
    });
  },
});
mailServer.on('error', () => undefined);
mailServer.server.on('connection', (socket: Socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
const smtpPort = (mailServer.server.address() as AddressInfo).port;

const dataDir = mkdtempSync(join(tmpdir(), 'growthos-uncertain-'));
const engine = await startEngine(
  readConfig({ PORT: '0', DATA_DIR: dataDir, SMTP_URL: `smtp://127.0.0.1:${smtpPort}`, LOG_LEVEL: 'silent' }),
);
const person = { email: 'ada@analytical.example', password: 'a long enough password' };
const first = await engine.app.inject({
  method: 'POST',
  url: '/api/session/first',
  payload: { ...person, name: 'Ada Lovelace', workspaceName: 'Analytical Engines', timezone: 'UTC' },
});
const workspaceId = first.json<{ workspace: { id: string } }>().workspace.id;

await writeSendingRules(engine.sending, { workspaceId, rules: SendingRules.parse({ isDryRun: false }) });
const sequence = await createSequence(engine.sequences, { workspaceId, definition: TWO_MAILS, by: null });
await switchOn(engine.sequences, {
  workspaceId,
  sequenceId: sequence.id,
  includeNow: false,
  cause: { kind: 'api', id: null },
});
const contactId = newId();
await engine.db.transaction(async (tx) => {
  await tx.query({
    text: `insert into contact (id, workspace_id, email, name, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)`,
    values: [contactId, workspaceId, 'grace@harborline.example', 'Grace Hopper', engine.clock.now()],
  });
  engine.publisher.publish(tx, [
    {
      workspaceId,
      contactId,
      type: 'start',
      source: 'app',
      time: engine.clock.now(),
      data: {},
      cause: { kind: 'api', id: null },
    },
  ]);
});
await engine.settle();
process.stdout.write(`${json({ url: engine.url, contactId, ...person })}\n`);

process.stdin.resume();
process.stdin.once('end', () => {
  void (async () => {
    await engine.stop();
    mailServer.close();
    rmSync(dataDir, { recursive: true, force: true });
    process.exit(0);
  })();
});
