/**
 * A process that sends mail and nothing else, for the test that kills it: the consumer of requests and the outbox, in the
 * loops of production, over `SMTP_URL`. It is started ahead, says `ready`, and begins when it is told the time of the
 * test's clock, which goes on from there: so the next process can live after the lease of the one that was killed.
 */
import { createSecretBox } from '#access/secrets.ts';
import { addMs, type Clock, systemClock } from '#base/clock.ts';
import { createLog } from '#base/log.ts';
import { startLoop } from '#base/worker.ts';
import { consumerWorker, createPublisher } from '#bus/index.ts';
import { openServerDb } from '#db/client/server.ts';
import { createCheckRuns, createMatchContacts } from '#respond/sequences/index.ts';
import {
  createPostJson,
  createUnsubscribeTokens,
  messageRequestsConsumer,
  outboxWorker,
  parseSender,
  type SendDeps,
  smtpMailer,
} from '#send/index.ts';

const { DATABASE_URL = '', SMTP_URL = '', SECRET_KEY = '', LOG_LEVEL = 'silent' } = process.env;
const log = createLog({ level: LOG_LEVEL });
const db = openServerDb({ log }, { url: DATABASE_URL, poolSizeMax: 8 });

function begin(startMs: number): void {
  const begunMs = systemClock.now().getTime();
  const clock: Clock = { now: () => addMs(systemClock.now(), startMs - begunMs) };
  const publisher = createPublisher({ clock });
  const sending: SendDeps = {
    db,
    clock,
    log,
    publisher,
    mailer: smtpMailer({ url: SMTP_URL }),
    secrets: createSecretBox(SECRET_KEY),
    tokens: createUnsubscribeTokens(SECRET_KEY),
    checkRuns: createCheckRuns({ matchContacts: createMatchContacts({ clock }) }),
    postJson: createPostJson({ allowsPrivate: false }),
    baseUrl: 'https://growthos.example.test',
    serverFrom: parseSender('GrowthOS <growthos@analytical.example>'),
  };
  const requests = consumerWorker({ db, clock, log }, messageRequestsConsumer({ clock, publisher }));
  for (const worker of [requests, outboxWorker(sending)]) startLoop({ clock, log }, { worker, idleMs: 20 });
}

process.on('message', (startMs) => begin(Number(startMs)));
process.on('disconnect', () => process.exit(1));
process.send?.('ready');
