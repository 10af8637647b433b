import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Role } from '#access/access.ts';
import { many, type Db } from '#db/db.ts';
import { answerError } from '#http/errors.ts';
import { sequenceRoutes } from '#http/routes/sequences.ts';
import { openTestDb } from '../world/database.ts';
import { startSequenceWorld, type SequenceWorld } from './sequence-world.ts';

let db: Db;
let world: SequenceWorld;
let app: FastifyInstance;
let role: Role = 'owner';
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await startSequenceWorld({ db });
  role = 'owner';
  app = fastify() as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.decorateRequest('access');
  app.addHook('onRequest', async (request) => {
    request.access = { workspaceId: world.workspaceId, personId: null, role, via: 'api_key' };
  });
  await app.register(sequenceRoutes({ sequences: world.define, send: world.send }));
});

async function call<T = Record<string, unknown>>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: unknown,
): Promise<{ status: number; body: T }> {
  const response = await app.inject({
    method,
    url: `/api/sequences${url}`,
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return { status: response.statusCode, body: response.json<T>() };
}

const mail = (id: string, subject = id): Record<string, unknown> => ({
  id,
  kind: 'email',
  content: { format: 'plain', subject, text: 'Hi {{ contact.name }}' },
});
const wait = (id: string, days: number): Record<string, unknown> => ({ id, kind: 'wait_for', duration: { days } });
const definition = (steps: unknown[], over: Record<string, unknown> = {}): SequenceDefinition =>
  SequenceDefinition.parse({
    name: 'Onboarding',
    trigger: { kind: 'event', type: 'start' },
    exits: { goals: [{ type: 'bought' }] },
    category: 'product',
    isExemptFromCaps: true,
    quietHours: null,
    steps,
    ...over,
  });

test('the gallery shows four templates in words; installing one twice is one draft, and switching it on lets people in', async () => {
  const gallery = await call<{ rows: { key: string; steps: string[]; exits: string[] }[] }>('GET', '/templates');
  expect(gallery.body.rows.map((row) => row.key)).toEqual([
    'failed_payment_recovery',
    'trial_expiry',
    'upgrade_celebration',
    'cancellation_win_back',
  ]);
  expect(gallery.body.rows[0]?.steps).toHaveLength(4);
  expect(gallery.body.rows[0]?.exits[0]).toBe('A payment goes through, for the same invoice');
  const first = await call<{ id: string }>('POST', '/templates/failed_payment_recovery');
  const second = await call<{ id: string; status: string }>('POST', '/templates/failed_payment_recovery');
  expect(second.body).toMatchObject({ id: first.body.id, status: 'draft' });
  const on = await call('POST', `/${first.body.id}/switch-on`, {});
  expect(on.body).toMatchObject({ status: 'live', statusLabel: 'On', stepCount: 4 });
});

test('an edit says beforehand what it does to the people inside, and does just that', async () => {
  const steps = [mail('one'), wait('pause', 3), mail('two'), wait('long', 5), mail('three')];
  const { body } = await call<{ id: string }>('POST', '', { definition: definition(steps) });
  await call('POST', `/${body.id}/switch-on`, {});
  await world.publish({ type: 'start', contactId: await world.contact() });
  await world.settle();
  await world.advance({ days: 3 });
  await world.publish(
    { type: 'start', contactId: await world.contact() },
    { type: 'start', contactId: await world.contact() },
  );
  await world.settle();
  const edited = definition([
    mail('one'),
    mail('extra'),
    wait('pause', 1),
    mail('two'),
    mail('three', 'Three, shorter'),
  ]);
  const preview = await call<{ steps: unknown[]; sentences: string[] }>('POST', `/${body.id}/edit-preview`, {
    definition: edited,
  });
  expect(preview.body.sentences).toEqual(['1 wait at “Wait 5 days”: 1 move on.', '2 wait at “Wait 3 days”: 2 stay.']);
  await call('PUT', `/${body.id}`, { definition: edited });
  expect((await call('GET', `/${body.id}`)).body).toMatchObject({
    hasUnpublishedChanges: true,
    liveVersion: 1,
    version: 2,
  });
  await call('POST', `/${body.id}/switch-on`, {});
  await world.settle();
  expect((await world.captured()).map((one) => one.subject)).toEqual(['one', 'two', 'one', 'one', 'Three, shorter']);
  await world.advance({ days: 1 });
  const subjects = (await world.captured()).map((one) => one.subject);
  expect(subjects.filter((subject) => subject === 'extra')).toEqual([]);
  expect(subjects.filter((subject) => subject === 'Three, shorter')).toHaveLength(3);
});

test('whose step is taken out with nothing behind it leaves, and the timeline says why', async () => {
  const { body } = await call<{ id: string }>('POST', '', { definition: definition([mail('one'), wait('end', 3)]) });
  await call('POST', `/${body.id}/switch-on`, {});
  await world.publish({ type: 'start', contactId: await world.contact() });
  await world.settle();
  const preview = await call<{ sentences: string[] }>('POST', `/${body.id}/edit-preview`, {
    definition: definition([mail('one')]),
  });
  expect(preview.body.sentences).toEqual(['1 wait at “Wait 3 days”: 1 leave, because no step is left behind it.']);
  await call('PUT', `/${body.id}`, { definition: definition([mail('one')]) });
  await call('POST', `/${body.id}/switch-on`, {});
  expect(await world.events('sequence_exited')).toMatchObject([{ reason: 'edited' }]);
});

test('a rehearsal over past events says what would have gone to whom and what would have stopped it, and sends nothing', async () => {
  const steps = [mail('one'), wait('pause', 2), mail('two')];
  const people = [await world.contact(), await world.contact(), await world.contact({ email: null })];
  for (const person of people) await world.publish({ type: 'start', contactId: person });
  await world.advance({ days: 1 });
  await world.publish({ type: 'bought', contactId: people[0] ?? null });
  await world.advance({ days: 4 });
  const result = await call<{
    sentence: string;
    wouldSend: { stepId: string; count: number }[];
    stopped: { reason: string; count: number }[];
  }>('POST', '/dry-run?days=30', { definition: definition(steps) });
  expect(result.body.sentence).toBe('In the last 30 days: 3 messages to 2 people; 1 run would have ended early.');
  expect(result.body.wouldSend).toMatchObject([
    { stepId: 'one', count: 2 },
    { stepId: 'two', count: 1 },
  ]);
  expect(result.body.stopped).toMatchObject([
    { reason: 'no_address', count: 2 },
    { reason: 'ended_early', count: 1 },
  ]);
  expect(await world.messages()).toEqual([]);
});

test('the rehearsal and the real run agree on what is sent', async () => {
  const steps = [
    mail('one'),
    {
      id: 'signal',
      kind: 'wait_for_event',
      event: { type: 'signal' },
      timeout: { days: 2 },
      onEvent: [mail('heard')],
      onTimeout: [mail('silent')],
    },
    wait('pause', 1),
    mail('last'),
  ];
  const sequence = definition(steps);
  await world.live(sequence);
  const people = [await world.contact(), await world.contact(), await world.contact()];
  for (const person of people) await world.publish({ type: 'start', contactId: person });
  await world.advance({ days: 1 });
  await world.publish({ type: 'signal', contactId: people[0] ?? null });
  await world.publish({ type: 'bought', contactId: people[1] ?? null });
  await world.advance({ days: 10 });
  const real = await many<{ stepId: string; count: number }>(db, {
    text: `select step_id as "stepId", count(*)::int as count from message where status = 'sent' group by 1 order by 1`,
  });
  const rehearsed = await call<{ wouldSend: { stepId: string; count: number }[] }>('POST', '/dry-run', {
    definition: sequence,
  });
  const counts = rehearsed.body.wouldSend.map(({ stepId, count }) => ({ stepId, count }));
  expect(counts.toSorted((a, b) => a.stepId.localeCompare(b.stepId))).toEqual(real);
});

test('a preview shows a step as a contact would get it and what would block it; a test mail says what it is and counts nowhere', async () => {
  const sequence = definition([mail('one', 'Hello {{ contact.name }}')]);
  const ada = await world.contact({ name: 'Ada' });
  const preview = await call('POST', '/preview', { definition: sequence, stepId: 'one', contactId: ada });
  expect(preview.body).toMatchObject({ subject: 'Hello Ada', blockedBy: [], contact: { name: 'Ada' } });
  const nobody = await world.contact({ name: null, email: null });
  const blocked = await call<{ blockedBy: string[] }>('POST', '/preview', {
    definition: sequence,
    stepId: 'one',
    contactId: nobody,
  });
  expect(blocked.body.blockedBy).toHaveLength(2);
  expect((await call('POST', '/preview', { definition: sequence, stepId: 'one' })).body).toMatchObject({
    subject: 'Hello Ada Lovelace',
  });
  const sent = await call('POST', '/test-send', {
    definition: sequence,
    stepId: 'one',
    contactId: ada,
    to: 'me@example.test',
  });
  expect(sent.body).toMatchObject({ isCaptured: true });
  expect(await world.captured()).toMatchObject([{ to: 'me@example.test', subject: '[Test] Hello Ada' }]);
  expect(await world.events('message_sent')).toEqual([]);
});

test('planned sends of the next days name who gets what and when, and can be paused together', async () => {
  await world.live(definition([mail('one'), wait('pause', 3), mail('two', 'Second')]));
  await world.publish({ type: 'start', contactId: await world.contact({ name: 'Ada' }) });
  await world.settle();
  const planned = await call<{ rows: { runId: string; action: string; dueAt: string }[] }>('GET', '/planned?days=7');
  expect(planned.body.rows).toMatchObject([
    { action: 'E-mail “Second”', dueAt: '2026-11-27T10:00:00.000Z', contact: { name: 'Ada' } },
  ]);
  const runIds = planned.body.rows.map((row) => row.runId);
  expect((await call('POST', '/planned/pause', { runIds })).body).toEqual({ paused: 1 });
  await world.advance({ days: 5 });
  expect(await world.captured()).toHaveLength(1);
  expect((await call('POST', `/runs/${runIds[0]}/resume`)).body).toMatchObject({ status: 'active' });
  await world.settle();
  expect(await world.captured()).toHaveLength(2);
  expect((await call<{ steps: unknown[]; messages: unknown[] }>('GET', `/runs/${runIds[0]}`)).body).toMatchObject({
    steps: [{ outcome: 'requested' }, { outcome: 'waited' }, { outcome: 'requested' }],
    messages: [{ status: 'sent' }, { status: 'sent' }],
  });
});

test('what is wrong with a definition is one sentence that names the place; a viewer changes nothing; YAML goes in and out', async () => {
  const broken = await call<{ error: { message: string } }>('POST', '', {
    definition: {
      name: 'x',
      trigger: { kind: 'event', type: 'start' },
      category: 'product',
      steps: [{ id: 'a', kind: 'wait_for' }],
    },
  });
  expect(broken.status).toBe(400);
  expect(JSON.stringify(broken.body)).toContain('steps.0.duration');
  const twice = await call('POST', '', { definition: { ...definition([mail('a')]), steps: [mail('a'), mail('a')] } });
  expect(JSON.stringify(twice.body)).toContain('used twice');
  const liquid = await call('POST', '', { definition: definition([mail('a', '{% if %}')]) });
  expect(JSON.stringify(liquid.body)).toContain('not valid Liquid');
  role = 'viewer';
  expect((await call('POST', '', { definition: definition([mail('a')]) })).status).toBe(403);
  role = 'editor';
  const made = await call<{ id: string }>('POST', '', { definition: definition([mail('a')]) });
  const detail = await call<{ yaml: string }>('GET', `/${made.body.id}`);
  const again = await call<{ id: string }>('POST', '', { yaml: detail.body.yaml });
  expect(again.status).toBe(200);
  expect((await call('GET', `/${again.body.id}`)).body['definition']).toEqual(
    (await call('GET', `/${made.body.id}`)).body['definition'],
  );
  expect((await call('PUT', '/sending-rules', {})).status).toBe(403);
});

test('another workspace sees nothing of it', async () => {
  const { body } = await call<{ id: string }>('POST', '', { definition: definition([mail('a')]) });
  expect((await call('GET', `/${body.id}`)).status).toBe(200);
  world = { ...world, workspaceId: '00000000-0000-4000-8000-00000000abcd' };
  expect((await call('GET', `/${body.id}`)).status).toBe(404);
  expect((await call('POST', `/${body.id}/switch-on`, {})).status).toBe(404);
});
