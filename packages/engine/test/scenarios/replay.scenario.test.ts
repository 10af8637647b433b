import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AskedReplay, ReplayList } from '@growthos/contracts/http/replays.ts';
import { many } from '#db/db.ts';
import { orderReplay } from '../../src/cli/bus-replay.ts';
import { startWorld, type World } from '../world/world.ts';

let world: World;
let receiver: Server;
/** `path id` of each delivery. */
const delivered: string[] = [];
const since = '2026-11-24T00:00:00Z';
const LISTENERS = ['segments', 'sequences', 'send-requests', 'send-webhooks'];

beforeAll(async () => {
  world = await startWorld();
  receiver = createServer((request, response) => {
    delivered.push(`${request.url} ${String(request.headers['webhook-id'])}`);
    request.resume().on('end', () => response.end('ok'));
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  for (const name of ['ada', 'bob']) {
    await world.stripe.createCustomer({ email: `${name}@example.test`, name, metadata: { user_id: `u_${name}` } });
  }
  await world.stripe.subscribe({ email: 'ada@example.test', price: 'team_monthly' });
  await world.connect();
  await world.switchOn('failed_payment_recovery');
  const team = await world.api<{ id: string }>('POST', '/api/sequences/team-destinations', {
    name: 'Team',
    kind: 'email',
    address: 'team@example.test',
  });
  const { id } = await world.api<{ id: string }>('POST', '/api/sequences', { definition: helpWithExports(team.id) });
  await world.api('POST', `/api/sequences/${id}/switch-on`, { includeNow: false });
  await endpoint('/first');
  await world.settle();
}, 120_000);
afterAll(async () => {
  await world.close();
  receiver.close();
});

/** May be entered again and again: nothing but what happened keeps a replay from entering it once more. */
const helpWithExports = (teamId: string): object => ({
  name: 'Help with exports',
  trigger: { kind: 'event', type: 'Exported' },
  reentry: { rule: 'always' },
  category: 'transactional',
  isExemptFromCaps: true,
  quietHours: null,
  steps: [
    { id: 'pause', kind: 'wait_for', duration: { hours: 1 } },
    mail('help', 'Was the export all right?'),
    { id: 'team', kind: 'notify_team', destination: teamId, title: 'An export', text: 'Somebody was asked.' },
    {
      id: 'answer',
      kind: 'wait_for_event',
      event: { type: 'Answered' },
      timeout: { days: 60 },
      onEvent: [mail('thanks', 'Thank you for the answer')],
      onTimeout: [],
    },
  ],
});

function mail(id: string, subject: string): object {
  return { id, kind: 'email', content: { format: 'plain', subject, text: 'Hi {{ contact.name }}' } };
}

async function endpoint(path: string): Promise<void> {
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;
  const eventTypes = ['invoice.payment_failed', 'sequence_entered', 'segment_entered'];
  await world.api('POST', '/api/sequences/webhook-endpoints', { name: path, url, eventTypes });
}

const replay = (body: object): Promise<AskedReplay> => world.api('POST', '/api/replays', body);

/** Everything that a replay might repeat. */
async function effects(): Promise<object> {
  const rows = (text: string): Promise<unknown[]> => many(world.db, { text });
  return {
    mails: (await world.mails()).map(({ to, subject }) => `${to}: ${subject}`),
    messages: await rows('select key, status, attempts, sent_at from message order by key'),
    runs: await rows(
      'select id, contact_id, status, step_id, waits_for, next_due_at, ended_at from enrolment order by id',
    ),
    members: await rows('select segment_id, contact_id, is_member, since from segment_membership order by 1, 2'),
    log: await rows('select count(*)::int as events from bus_event'),
    delivered: [...delivered].sort(),
  };
}

test('replayed from before, to everybody who listens: no second mail, run, entry, notice to the team or webhook', async () => {
  await world.track('Answered', 'u_ada');
  await world.track('Exported', 'u_ada');
  await world.settle();
  await world.advance({ minutes: 10 });
  await world.track('Exported', 'u_ada');
  await world.stripe.failNextPayment({ email: 'ada@example.test', declineCode: 'insufficient_funds', renewNow: true });
  await world.advance({ days: 6 });
  const before = await effects();
  expect(before).toMatchObject({
    mails: expect.arrayContaining([
      'ada@example.test: Was the export all right?',
      'ada@example.test: A quick question about your payment',
      'team@example.test: An export',
    ]),
    runs: [{ status: 'active' }, {}],
  });
  expect(delivered.length).toBeGreaterThan(3);

  for (const listener of LISTENERS) await replay({ listener, since });
  await world.settle();
  expect(await effects()).toEqual(before);
  const events = await many<{ id: string }>(world.db, {
    text: `select id from bus_event where workspace_id = $1 order by position desc limit 200`,
    values: [world.workspaceId],
  });
  const eventIds = events.map(({ id }) => id);
  for (const listener of LISTENERS) {
    const { handledCount } = await replay({ listener, eventIds });
    expect(handledCount).toBeGreaterThan(0);
  }
  await world.settle();
  expect(await effects()).toEqual(before);

  const { replays, listeners } = await world.api<ReplayList>('GET', '/api/replays');
  expect(listeners.map(({ name }) => name)).toEqual(LISTENERS);
  expect(replays).toHaveLength(4);
  for (const one of replays) {
    expect(one.progress).toBe(1);
    expect(one.endedAt).not.toBeNull();
    expect(one.handledCount).toBeGreaterThan(0);
  }
  const audit = await world.api<unknown>('GET', '/api/audit');
  expect(JSON.stringify(audit)).toContain(`Replayed all events since ${since} to segments`);

  await world.track('Answered', 'u_ada');
  await world.settle();
  await world.track('Exported', 'u_ada');
  await world.settle();
  for (const listener of LISTENERS) await replay({ listener, since });
  await world.advance({ hours: 2 });
  const subjects = (await world.mails()).map(({ subject }) => subject);
  expect(subjects.filter((subject) => subject === 'Thank you for the answer')).toHaveLength(1);
  expect(subjects.filter((subject) => subject === 'Was the export all right?')).toHaveLength(2);
}, 120_000);

test('what was lost is made good: a run that never started starts once, and only an endpoint that is new gets old events', async () => {
  await world.track('Exported', 'u_bob');
  await world.settle();
  const bob = await world.contact('bob@example.test');
  const runsOfBob = { text: 'select status from enrolment where contact_id = $1', values: [bob.id] };
  expect(await many(world.db, runsOfBob)).toHaveLength(1);
  // As if the consumer had been deaf.
  await world.db.query({ text: 'delete from enrolment where contact_id = $1', values: [bob.id] });
  await endpoint('/second');
  const old = delivered.length;
  const sent = (await world.mails()).length;
  const order = { workspace: world.workspaceId, since, all: false };
  for (const consumer of LISTENERS) await orderReplay(world.engine, { ...order, consumer });
  await world.settle();
  expect(await many(world.db, runsOfBob)).toEqual([{ status: 'active' }]);
  const fresh = delivered.slice(old);
  const entered = fresh.filter((line) => line.startsWith('/first'));
  expect(entered).toHaveLength(1);
  expect(fresh.filter((line) => line.startsWith('/second')).length).toBeGreaterThan(entered.length + 3);
  await world.advance({ hours: 2 });
  const mails = (await world.mails()).slice(sent);
  expect(mails.map(({ to, subject }) => `${to}: ${subject}`).sort()).toEqual([
    'bob@example.test: Was the export all right?',
    'team@example.test: An export',
  ]);
}, 120_000);
