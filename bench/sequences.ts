/**
 * `npm run -s bench -- sequences [sleeping] [--json]`: due steps per second, and what a million sleeping runs cost. On
 * PostgreSQL (DATABASE_URL, else the local server), in a database of its own that is dropped at the end.
 *
 * Figures: runs moved over a step a second (each stores its place, its done step, a message request on the bus); messages a
 * second from request to the captured inbox; CPU of the idle worker loop and of the database's sessions while everybody
 * sleeps; and, at 100 steps falling due a second, how late each is done.
 */
import { readFileSync } from 'node:fs';
import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { systemClock } from '@growthos/engine/base/clock.ts';
import { newId } from '@growthos/engine/base/ids.ts';
import { silentLog } from '@growthos/engine/base/log.ts';
import { startLoop } from '@growthos/engine/base/worker.ts';
import { consumerWorker, createPublisher } from '@growthos/engine/bus/index.ts';
import { openServerDb } from '@growthos/engine/db/client/server.ts';
import { many, one, type Db } from '@growthos/engine/db/db.ts';
import { migrate } from '@growthos/engine/db/migrate.ts';
import {
  advanceWorker,
  createCheckRuns,
  createMatchContacts,
  createSequence,
  switchOn,
} from '@growthos/engine/respond/sequences/index.ts';
import {
  capturingMailer,
  createPostJson,
  createUnsubscribeTokens,
  messageRequestsConsumer,
  outboxWorker,
  type SendDeps,
} from '@growthos/engine/send/index.ts';
import { createBenchDatabase } from './tools/bench-database.ts';

const CONTACTS = 20_000;
const DUE = 20_000;
const RATE_PER_S = 100;
const RATE_DURATION_S = 20;
const IDLE_S = 15;
/** As in production: how long a loop rests when nothing is due and nobody wakes it. */
const LOOP_IDLE_MS = 500;
/** USER_HZ of Linux on every platform that Node runs on. */
const TICKS_PER_S = 100;

interface Figures {
  readonly sleeping: number;
  readonly stepsPerS: number;
  readonly messagesPerS: number;
  readonly idle: { nodePercent: number; databasePercent: number };
  readonly delayMs: { p50: number; p99: number; max: number };
}

export async function run(args: readonly string[]): Promise<number> {
  const sleeping = Number(args.find((word) => /^\d+$/.test(word)) ?? 1_000_000);
  const isJson = args.includes('--json');
  const bench = await createBenchDatabase('sequences');
  const db = openServerDb({ log: silentLog }, { url: bench.url, poolSizeMax: 5 });
  try {
    await migrate(db);
    const world = await seed(db, sleeping);
    const steps = await measureSteps(db, world);
    const messagesPerS = await measureMessages(db, world);
    const idle = await measureIdle(db, world);
    const delayMs = await measureDelay(db, world);
    const figures: Figures = { sleeping, stepsPerS: steps, messagesPerS, idle, delayMs };
    console.log(isJson ? JSON.stringify(figures) : reportText(figures));
    return 0;
  } finally {
    await db.close();
    await bench.drop();
  }
}

interface World {
  readonly workspaceId: string;
  readonly sequenceId: string;
  readonly deps: Parameters<typeof advanceWorker>[0];
}

/** A sequence of a wait, a mail and a wait; `sleeping` runs in the first wait for a year, all over the same contacts. */
async function seed(db: Db, sleeping: number): Promise<World> {
  const workspaceId = newId();
  const publisher = createPublisher({ clock: systemClock });
  const matchContacts = createMatchContacts({ clock: systemClock });
  const deps = { db, clock: systemClock, log: silentLog, publisher, matchContacts, setTraits: async () => undefined };
  await db.query({
    text: `insert into workspace (id, name, mode, created_at) values ($1, 'Bench', 'test', now())`,
    values: [workspaceId],
  });
  await db.query({
    text: `insert into contact (id, workspace_id, email, name, created_at, updated_at)
           select gen_random_uuid(), $1, 'p' || n || '@example.test', 'Person ' || n, now(), now() from generate_series(1, $2::int) n`,
    values: [workspaceId, CONTACTS],
  });
  const definition = SequenceDefinition.parse({
    name: 'Bench',
    trigger: { kind: 'event', type: 'start' },
    reentry: { rule: 'once_per', field: 'ref' },
    exits: { goals: [{ type: 'bought', match: [{ field: 'ref', equals: 'ref' }] }] },
    category: 'transactional',
    quietHours: null,
    steps: [
      { id: 'wait', kind: 'wait_for', duration: { days: 1 } },
      {
        id: 'mail',
        kind: 'email',
        content: { format: 'plain', subject: 'Hello', text: 'Hi {{ contact.name | first_name }}' },
      },
      { id: 'rest', kind: 'wait_for', duration: { days: 300 } },
    ],
  });
  const { id } = await createSequence(deps, { workspaceId, definition, by: null });
  await switchOn(deps, { workspaceId, sequenceId: id, includeNow: false, cause: { kind: 'person', id: null } });
  const world = { workspaceId, sequenceId: id, deps };
  await addRuns(db, world, {
    count: sleeping,
    due: `now() + interval '1 day' * (1 + 364 * random())`,
    prefix: 'sleep',
  });
  await db.execute('analyze');
  return world;
}

async function addRuns(db: Db, world: World, input: { count: number; due: string; prefix: string }): Promise<void> {
  await db.query({
    text: `with people as (select id, (row_number() over () - 1)::int as nth from contact where workspace_id = $1)
           insert into enrolment (id, workspace_id, sequence_id, version, contact_id, status, is_holdout, entry_key,
             trigger_type, trigger_position, trigger_data, step_id, step_number, step_count, step_entered_at, next_due_at, entered_at)
           select gen_random_uuid(), $1, $2, 1, p.id, 'active', false, $3 || n, 'start', 0, jsonb_build_object('ref', $3 || n),
             'wait', 1, 3, now() - interval '2 days', ${input.due}, now() - interval '2 days'
           from generate_series(1, $4::int) n join people p on p.nth = n % $5::int`,
    values: [world.workspaceId, world.sequenceId, input.prefix, input.count, CONTACTS],
  });
}

async function measureSteps(db: Db, world: World): Promise<number> {
  const worker = advanceWorker(world.deps);
  await addRuns(db, world, { count: 1_000, due: 'now()', prefix: 'warm' });
  while ((await worker.runOnce()) > 0);
  await addRuns(db, world, { count: DUE, due: 'now()', prefix: 'due' });
  const startedMs = performance.now();
  let moved = 0;
  for (let handled = await worker.runOnce(); handled > 0; handled = await worker.runOnce()) moved += handled;
  return Math.round(moved / ((performance.now() - startedMs) / 1000));
}

async function measureMessages(db: Db, world: World): Promise<number> {
  const { deps } = world;
  const send: SendDeps = {
    ...deps,
    mailer: capturingMailer,
    secrets: { seal: (text) => text, open: (text) => text },
    tokens: createUnsubscribeTokens(Buffer.alloc(32, 1).toString('base64')),
    checkRuns: createCheckRuns(deps),
    postJson: createPostJson({ allowsPrivate: false }),
    baseUrl: 'https://growthos.example.test',
    serverFrom: { name: 'Bench', email: 'bench@example.test', replyTo: null },
  };
  await db.query({
    text: `insert into bus_consumer (name, position, updated_at) values ('send-requests', 0, now())`,
  });
  const startedMs = performance.now();
  const consumer = consumerWorker(deps, messageRequestsConsumer(deps));
  while ((await consumer.runOnce()) > 0);
  const outbox = outboxWorker(send);
  const untilMs = performance.now() + 20_000;
  while (performance.now() < untilMs && (await outbox.runOnce()) > 0);
  const sent = await one<{ count: number }>(db, { text: 'select count(*)::int as count from captured_email' });
  return Math.round((sent?.count ?? 0) / ((performance.now() - startedMs) / 1000));
}

/** CPU of this process and of the database's sessions while the loop finds nothing, in percent of one core. */
async function measureIdle(db: Db, world: World): Promise<Figures['idle']> {
  const loop = startLoop(
    { log: silentLog, clock: systemClock },
    { worker: advanceWorker(world.deps), idleMs: LOOP_IDLE_MS },
  );
  await rest(1_000);
  const before = { node: process.cpuUsage(), ticks: await sessionTicks(db), atMs: performance.now() };
  await rest(IDLE_S * 1000);
  const seconds = (performance.now() - before.atMs) / 1000;
  const node = process.cpuUsage(before.node);
  const ticks = (await sessionTicks(db)) - before.ticks;
  await loop.stop();
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    nodePercent: round((node.user + node.system) / 1e4 / seconds),
    databasePercent: round((ticks / TICKS_PER_S / seconds) * 100),
  };
}

/** Clock ticks that the sessions of this database have used; NaN where the server is on another machine. */
async function sessionTicks(db: Db): Promise<number> {
  const rows = await many<{ pid: number }>(db, {
    text: 'select pid from pg_stat_activity where datname = current_database()',
  });
  return rows.reduce((sum, { pid }) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return sum + Number(fields[11]) + Number(fields[12]);
    } catch {
      return Number.NaN;
    }
  }, 0);
}

async function measureDelay(db: Db, world: World): Promise<Figures['delayMs']> {
  const count = RATE_PER_S * RATE_DURATION_S;
  const due = `now() + interval '1 second' * (1 + n::float / ${RATE_PER_S})`;
  await addRuns(db, world, { count, due, prefix: 'timed' });
  const planned = await many<{ id: string; due: Date }>(db, {
    text: `select id, next_due_at as due from enrolment where entry_key like 'timed%'`,
  });
  const loop = startLoop(
    { log: silentLog, clock: systemClock },
    { worker: advanceWorker(world.deps), idleMs: LOOP_IDLE_MS },
  );
  await rest((RATE_DURATION_S + 4) * 1000);
  await loop.stop();
  const done = await many<{ id: string; at: Date }>(db, {
    text: `select (b.data ->> 'enrolment_id')::uuid as id, b.recorded_at as at from bus_event b
           where b.workspace_id = $1 and b.type = 'sequence_step_done' and b.data ->> 'step_id' = 'wait'
             and (b.data ->> 'enrolment_id')::uuid = any($2::uuid[])`,
    values: [world.workspaceId, planned.map((one) => one.id)],
  });
  const dueOf = new Map(planned.map((one) => [one.id, one.due.getTime()]));
  const delays = done.map((one) => one.at.getTime() - (dueOf.get(one.id) ?? 0)).sort((a, b) => a - b);
  if (delays.length !== count) throw new Error(`${count - delays.length} of ${count} due steps were not done`);
  const at = (share: number): number => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function reportText(figures: Figures): string {
  const { idle, delayMs } = figures;
  return [
    `due steps per second                       ${figures.stepsPerS.toLocaleString('en')}   (aim: 2,000)`,
    `messages per second, request to inbox      ${figures.messagesPerS.toLocaleString('en')}`,
    `idle with ${figures.sleeping.toLocaleString('en')} sleeping runs            ${idle.nodePercent} % of a core here, ${idle.databasePercent} % in the database   (aim: under 1 %)`,
    `delay of a due step at ${RATE_PER_S} a second         p50 ${delayMs.p50} ms, p99 ${delayMs.p99} ms, max ${delayMs.max} ms   (aim: p99 under 1,000 ms)`,
  ].join('\n');
}
