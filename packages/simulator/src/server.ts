/**
 * The simulator's door. In: options with the time to start at. Out: an HTTP server that speaks as Stripe does, and a
 * handle with the scenario actions. Nothing here reads the environment; `main.ts` does. Webhooks may be delivered more
 * than once and in any order; the API answers in the order in which calls arrive.
 */
import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';
import { parse } from 'qs';
import { restoreTimers } from '#billing/due.ts';
import { MovableClock } from './clock.ts';
import { buildCompany } from '#company/build.ts';
import { buildCatalogue } from '#company/catalogue.ts';
import { HISTORY_DAYS } from '#company/people.ts';
import { advanceState } from '#control/advance.ts';
import { scopeFor } from '#control/find.ts';
import { actionsOf } from '#control/handle.ts';
import { Pace } from '#control/pace.ts';
import { StripeFault } from './errors.ts';
import { createApi } from '#http/api.ts';
import { errorBody } from '#http/error-body.ts';
import { Idempotency } from '#http/idempotency.ts';
import { RateLimit } from '#http/rate-limit.ts';
import { LATEST_VERSION } from '#render/version.ts';
import { EVENTS_KEPT_S } from '#routes/events.ts';
import { registerRoutes } from '#routes/register.ts';
import type { Simulator, SimulatorOptions } from './simulator.ts';
import { populate } from '#store/genesis.ts';
import { readSnapshot, restoreSnapshot, saveSnapshot } from '#store/snapshot.ts';
import { World } from '#store/world.ts';

export type * from './simulator.ts';
export type { Faults } from '#webhooks/faults.ts';

/** Nested form fields as Stripe's clients write them. */
const FORM = { depth: 12, arrayLimit: 1_000, parameterLimit: 10_000 } as const;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const world = await createWorld(options);
  if (options.onClock) world.onClock = options.onClock;
  const actions = actionsOf(world, options);
  const app = createApp(world);
  registerRoutes(
    {
      app,
      world,
      api: createApi({ app, world, idempotency: new Idempotency(), rateLimit: new RateLimit(world) }),
      actions,
    },
    { grantReadOnlyScope: options.grantReadOnlyScope ?? false },
  );
  const pace = new Pace(world, options);
  pace.start();
  const host = options.host ?? '127.0.0.1';
  await app.listen({ port: options.port ?? 0, host });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : (options.port ?? 0);
  options.log?.(`Stripe simulator on http://${host}:${port}, its clock at ${world.clock.now().toISOString()}`);
  return {
    ...actions,
    url: `http://${host}:${port}`,
    host,
    port,
    save: () => pace.save(),
    async close() {
      await pace.stop();
      await app.close();
      if (options.dataDir !== undefined) await saveSnapshot(world, options.dataDir);
    },
  };
}

/** A world from the snapshot when there is one, else a new one with its accounts, catalogue and perhaps its customers. */
async function createWorld(options: SimulatorOptions): Promise<World> {
  const snapshot = options.dataDir === undefined ? undefined : await readSnapshot(options.dataDir);
  const seed = options.seed ?? 1;
  const start = snapshot ? new Date(snapshot.nowMs) : new Date(options.now.getTime() - HISTORY_DAYS * 86_400_000);
  const world = new World(new MovableClock(start), seed);
  if (snapshot) {
    restoreSnapshot(world, snapshot);
    restoreTimers(world);
    // A running simulator that was off for a while lives through that while now; a frozen one has stood still.
    if (options.clock === 'running') advanceState(world, options.now.getTime());
  } else {
    populate(world, options.apiVersion ?? LATEST_VERSION);
    settle(world, options);
  }
  if (options.clock === 'running') world.clock.run();
  world.isReadOnly = options.readOnlyKeys ?? false;
  world.faults.rateLimitPerSecond = options.rateLimitPerSecond ?? world.faults.rateLimitPerSecond;
  return world;
}

/** The past is lived through, not painted: the company's customers sign up, pay, fail and leave on this same clock. */
function settle(world: World, options: SimulatorOptions): void {
  world.recordEventsFromS = Math.floor(options.now.getTime() / 1000) - EVENTS_KEPT_S;
  for (const livemode of [false, true]) buildCatalogue(scopeFor(world, { livemode }));
  if (options.company) buildCompany(world, { seed: options.seed ?? 1, now: options.now });
  advanceState(world, options.now.getTime());
  world.recordEventsFromS = 0;
}

function createApp(world: World): FastifyInstance {
  const app = Fastify({
    logger: false,
    routerOptions: { querystringParser: (text) => parse(text, FORM) as Record<string, unknown> },
    bodyLimit: 5_000_000,
  });
  void app.register(formbody, { parser: (text) => parse(text, FORM) as Record<string, unknown> });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const fault = new StripeFault({
      status: 404,
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${request.method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    });
    return reply
      .status(404)
      .type('application/json')
      .send(errorBody(world, fault, world.trafficId('req')));
  });
  app.setErrorHandler((error, _request, reply) => {
    const message = error instanceof Error ? error.message : String(error);
    const fault = new StripeFault({ status: 400, type: 'invalid_request_error', message });
    return reply
      .status(400)
      .type('application/json')
      .send(errorBody(world, fault, world.trafficId('req')));
  });
  return app;
}
