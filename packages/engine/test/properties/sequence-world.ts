import { randomBytes } from 'node:crypto';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { createSecretBox } from '#access/secrets.ts';
import { MovableClock } from '#base/clock.ts';
import { ArmedCrashes } from '#base/crash-points.ts';
import { CrashedError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import type { Worker } from '#base/worker.ts';
import { consumerWorker, createPublisher, type NewBusEvent } from '#bus/index.ts';
import { json, many, type Db } from '#db/db.ts';
import {
  advanceWorker,
  createCheckRuns,
  createMatchContacts,
  createSequence,
  dateTriggerWorker,
  type SequenceDeps,
  installTemplate,
  sequenceConsumers,
  switchOn,
} from '#respond/sequences/index.ts';
import {
  capturingMailer,
  createPostJson,
  createUnsubscribeTokens,
  type Mailer,
  messageRequestsConsumer,
  outboxWorker,
  type SendDeps,
} from '#send/index.ts';
import { openTestDb } from '../world/database.ts';

export const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

export interface SequenceWorld {
  readonly db: Db;
  readonly clock: MovableClock;
  readonly crashes: ArmedCrashes;
  readonly workspaceId: string;
  readonly define: SequenceDeps;
  readonly send: SendDeps;
  readonly traits: { contactId: string; traits: Readonly<Record<string, unknown>> }[];
  /** Makes a contact; columns of the table as they are. */
  contact(columns?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Sets columns and tells of it, as the graph does. */
  change(contactId: string, columns: Readonly<Record<string, unknown>>): Promise<void>;
  publish(...events: Partial<NewBusEvent>[]): Promise<void>;
  /** Creates and switches on. */
  live(definition: SequenceDefinition): Promise<string>;
  liveTemplate(key: string): Promise<string>;
  /** The two consumers: what a second process would do while this one is busy. */
  readonly listeners: readonly Worker[];
  runAllBut(name: string): Promise<void>;
  /** Runs everything until nothing is due; a crash that was armed is a restart. Bounded. */
  settle(): Promise<void>;
  /** Moves on by steps, settling at every instant at which something falls due. */
  advance(duration: { days?: number; hours?: number; minutes?: number }): Promise<void>;
  captured(): Promise<
    { to: string; from: string; subject: string; text: string; html: string | null; headers: Record<string, string> }[]
  >;
  messages(): Promise<
    {
      id: string;
      stepId: string;
      channel: string;
      status: string;
      reason: string | null;
      sentence: string | null;
      payload: Record<string, unknown> | null;
    }[]
  >;
  events(type: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

const TABLES = `captured_email, consent, suppression, sending_rules, team_destination, webhook_endpoint, message,
  enrolment_step, enrolment, sequence_date_due, sequence_version, sequence, bus_event, bus_consumer, bus_dead_letter,
  company_membership, company, contact_identity, contact, stripe_object`;

/** A world of its own clock and workspace; on a database that is given, which is emptied first. */
export async function startSequenceWorld(
  options: { mailer?: Mailer; db?: Db; batchSize?: number } = {},
): Promise<SequenceWorld> {
  const db = options.db ?? (await openTestDb());
  if (options.db) await db.execute(`truncate ${TABLES} cascade`);
  const clock = new MovableClock(new Date('2026-11-24T10:00:00Z'));
  const crashes = new ArmedCrashes();
  const publisher = createPublisher({ clock });
  const matchContacts = createMatchContacts({ clock });
  const workspaceId = newId();
  await db.query({
    text: `insert into workspace (id, name, mode, timezone, created_at) values ($1, 'Analytical Engines', 'test', 'UTC', $2)`,
    values: [workspaceId, clock.now()],
  });
  // As after somebody has switched rehearsal off: with a mail server it is on by itself.
  await db.query({
    text: `insert into sending_rules (workspace_id, rules, updated_at) values ($1, '{"isDryRun": false}', $2)`,
    values: [workspaceId, clock.now()],
  });
  const traits: SequenceWorld['traits'] = [];
  const define: SequenceDeps = { db, clock, publisher, matchContacts };
  const send: SendDeps = {
    db,
    clock,
    log: silentLog,
    publisher,
    mailer: options.mailer ?? capturingMailer,
    secrets: createSecretBox(randomBytes(32).toString('base64')),
    tokens: createUnsubscribeTokens(SECRET_KEY),
    checkRuns: createCheckRuns({ matchContacts }),
    postJson: createPostJson({ allowsPrivate: true }),
    baseUrl: 'https://growthos.example.test',
    serverFrom: { name: 'GrowthOS', email: 'growthos@analytical.example', replyTo: null },
    crashes,
  };
  const bus = { db, clock, log: silentLog };
  const workers: Worker[] = [
    ...[...sequenceConsumers({ clock, publisher, matchContacts }), messageRequestsConsumer({ clock, publisher })].map(
      (consumer) => consumerWorker(bus, consumer),
    ),
    dateTriggerWorker(define),
    advanceWorker({
      ...define,
      log: silentLog,
      crashes,
      batchSize: options.batchSize ?? 500,
      setTraits: async (_tx, input) => void traits.push(...input),
    }),
    outboxWorker(send),
  ];
  for (const worker of workers.slice(0, 2)) await worker.runOnce();

  const settle = async (but?: string): Promise<void> => {
    for (let round = 0; round < 500; round++) {
      let handled = 0;
      for (const worker of workers.filter((one) => one.name !== but)) {
        try {
          handled += await worker.runOnce();
        } catch (error) {
          if (!(error instanceof CrashedError)) throw error;
          handled += 1;
        }
      }
      if (handled === 0) return;
    }
    throw new Error('did not settle');
  };
  const nextDue = async (): Promise<Date | null> => {
    const due = (await Promise.all(workers.map(async (worker) => (await worker.nextDueAt?.()) ?? null))).filter(
      (at): at is Date => at !== null && at > clock.now(),
    );
    return due.length === 0 ? null : due.reduce((least, at) => (at < least ? at : least));
  };

  return {
    db,
    clock,
    crashes,
    workspaceId,
    define,
    send,
    traits,
    async contact(columns = {}) {
      const id = newId();
      const row = {
        id,
        workspace_id: workspaceId,
        email: `${id.slice(-12)}@example.test`,
        name: 'Ada Lovelace',
        billing_status: 'active',
        created_at: clock.now(),
        updated_at: clock.now(),
        ...columns,
      };
      const names = Object.keys(row);
      await db.query({
        text: `insert into contact (${names.join(', ')}) select ${names.map((name) => `r.${name}`).join(', ')}
               from jsonb_populate_record(null::contact, $1::jsonb) r`,
        values: [json(row)],
      });
      return id;
    },
    async change(contactId, columns) {
      const names = Object.keys(columns);
      await db.transaction(async (tx) => {
        await tx.query({
          text: `update contact c set ${names.map((name) => `${name} = r.${name}`).join(', ')}
                 from jsonb_populate_record(null::contact, $2::jsonb) r where c.id = $1`,
          values: [contactId, json(columns)],
        });
        const changes = names.map((property) => ({ property, old: null, new: columns[property] }));
        publisher.publish(tx, [event({ contactId, type: 'contact_updated', data: { is_new: false, changes } })]);
      });
    },
    async publish(...events) {
      await db.transaction(async (tx) => publisher.publish(tx, events.map(event)));
    },
    async live(definition) {
      const { id } = await createSequence(define, { workspaceId, definition, by: null });
      await switchOn(define, { workspaceId, sequenceId: id, includeNow: false, cause: PERSON });
      return id;
    },
    async liveTemplate(key) {
      const { id } = await installTemplate(define, { workspaceId, key, by: null });
      await switchOn(define, { workspaceId, sequenceId: id, includeNow: false, cause: PERSON });
      return id;
    },
    listeners: workers.slice(0, 2),
    runAllBut: (name) => settle(name),
    settle: () => settle(),
    async advance(duration) {
      const end = new Date(
        clock.now().getTime() +
          (((duration.days ?? 0) * 24 + (duration.hours ?? 0)) * 60 + (duration.minutes ?? 0)) * 60_000,
      );
      await settle();
      for (let round = 0; round < 2_000; round++) {
        const due = await nextDue();
        if (due === null || due > end) break;
        clock.moveTo(due);
        await settle();
      }
      clock.moveTo(end);
      await settle();
    },
    captured: () =>
      many(db, {
        text: `select to_address as "to", from_address as "from", subject, body_text as text, html, headers from captured_email
               order by captured_at, message_id`,
      }),
    messages: () =>
      many(db, {
        text: `select id, step_id as "stepId", channel, status, reason, reason_sentence as sentence, payload from message
               order by requested_at, id`,
      }),
    async events(type) {
      const rows = await many<{ data: Record<string, unknown> }>(db, {
        text: 'select data from bus_event where type = $1 order by position',
        values: [type],
      });
      return rows.map((row) => row.data);
    },
    close: () => db.close(),
  };

  function event(partial: Partial<NewBusEvent>): NewBusEvent {
    return {
      workspaceId,
      contactId: null,
      type: 'x',
      source: 'app',
      time: clock.now(),
      data: {},
      cause: { kind: 'stripe_event', id: 'evt_1' },
      ...partial,
    };
  }
}

export const PERSON = { kind: 'person', id: null } as const;
