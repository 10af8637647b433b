import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import swagger from '@fastify/swagger';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Db } from '#db/db.ts';
import { startSegmentWorld, type SegmentWorld } from '../../../test/properties/segment-harness.ts';
import { openTestDb } from '../../../test/world/database.ts';
import { segmentsCommand } from '../../cli/segments.ts';
import { answerError } from '../errors.ts';
import { segmentRoutes } from './segments.ts';

let db: Db;
let world: SegmentWorld;
let app: FastifyInstance;
beforeAll(async () => {
  db = await openTestDb();
  world = await startSegmentWorld({ db, now: '2026-11-24T09:00:00Z' });
  app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.decorateRequest('access', {
    getter: () => ({ workspaceId: world.workspaceId, personId: null, role: 'editor', via: 'api_key' }) as const,
  });
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 't', version: '1' } },
    transform: jsonSchemaTransform,
  });
  await app.register(segmentRoutes({ db, clock: world.clock }));
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await db.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: unknown) => {
  const response = await app.inject({
    method,
    url: `/api/segments${url}`,
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
  const isJson = String(response.headers['content-type']).includes('json');
  return { status: response.statusCode, body: isJson ? (response.json() as unknown) : response.body };
};
const pro = { version: 1, where: { op: 'text', property: 'tier', is: 'is', values: ['pro'] } };

test('a segment is made, read, explained, exported, changed and archived over HTTP', async () => {
  const ada = await world.addContact({ tier: 'pro', email: 'ada@analytical.example' });
  expect(await call('POST', '/preview', { definition: pro })).toMatchObject({
    status: 200,
    body: { count: 1, isEstimate: false },
  });
  const made = await call('POST', '', { name: 'Pro users', definition: pro });
  expect(made).toMatchObject({ status: 201, body: { key: 'pro_users', status: 'computing', definition: pro } });
  const { id } = made.body as { id: string };
  await world.settle();
  expect(await call('GET', '')).toMatchObject({
    status: 200,
    body: { segments: [{ id, memberCount: 1, sentence: 'People for whom plan tier is "pro".' }] },
  });
  expect(await call('GET', `/${id}/members`)).toMatchObject({
    body: { members: [{ contactId: ada }], nextCursor: null },
  });
  expect(await call('GET', `/${id}/explain?contactId=${ada}`)).toMatchObject({
    body: { isMember: true, tree: { actual: '"pro"' } },
  });
  expect((await call('GET', `/${id}/members.csv`)).body).toContain('ada@analytical.example');
  const bad = { definition: { version: 1, where: { op: 'number', property: 'tier', is: 'equals', value: 1 } } };
  expect(await call('PATCH', `/${id}`, bad)).toMatchObject({
    status: 400,
    body: {
      error: {
        code: 'invalid_input',
        message: 'At where: "tier" is text, so it cannot be tested as a number.',
        field: 'definition.where',
      },
    },
  });
  expect(await call('PATCH', `/${id}`, { name: 'Pro people' })).toMatchObject({
    status: 200,
    body: { name: 'Pro people', key: 'pro_users' },
  });
  expect(await call('DELETE', `/${id}`)).toMatchObject({ status: 200 });
  expect(await call('GET', `/${id}`)).toMatchObject({ status: 404 });
});

test('the gallery and the catalogue answer, and a template is filled in without saving', async () => {
  expect(await call('GET', '/templates')).toMatchObject({ status: 200, body: { templates: { length: 12 } } });
  expect(await call('GET', '/catalogue')).toMatchObject({ status: 200 });
  expect(await call('POST', '/templates/trial_expiring', { parameters: { days: 7 } })).toMatchObject({
    body: { key: 'trial_expiring_7_days', name: 'Trial expiring in 7 days' },
  });
});

test('the routes describe themselves as OpenAPI', () => {
  const paths = Object.keys(app.swagger().paths ?? {});
  expect(paths).toEqual(
    expect.arrayContaining(['/api/segments', '/api/segments/{id}/explain', '/api/segments/file/apply']),
  );
});

test('growthos segments: diff shows changes and exits 1, apply makes them, diff then exits 0, a bad file exits 2', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'segments-'));
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => void said.push(String(line)));
  vi.spyOn(console, 'error').mockImplementation((line: unknown) => void said.push(String(line)));
  try {
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const file = join(folder, 'segments.yaml');
    writeFileSync(join(folder, 'key'), 'gos_test\n');
    writeFileSync(
      file,
      'version: 1\nsegments:\n  - key: pro\n    name: Pro\n    where: { op: text, property: tier, is: is, values: [pro] }\n',
    );
    const run = async (...words: string[]): Promise<unknown> => {
      said.length = 0;
      await runCommand(segmentsCommand, { rawArgs: [...words, '--url', url, '--key-file', join(folder, 'key')] });
      return process.exitCode;
    };
    expect(await run('diff', file)).toBe(1);
    expect(said).toEqual(['create   pro', '  + People for whom plan tier is "pro".', '1 of 1 segments.']);
    expect(await run('apply', file)).toBe(0);
    expect(await run('diff', file)).toBe(0);
    expect(said).toEqual(['Nothing to change.']);
    expect(await run('export')).toBe(0);
    expect(said[0]).toContain('key: pro');
    writeFileSync(
      file,
      'version: 1\nsegments:\n  - key: pro\n    name: Pro\n    where: { op: text, property: tear, is: is, values: [pro] }\n',
    );
    expect(await run('apply', file)).toBe(2);
    expect(said).toEqual([
      'In segment "pro": At where.property: there is no property called "tear"; did you mean "tier"?',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
