import { Alive, HealthPage, Ready } from '@growthos/contracts/http/health.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Gauge, Histogram, type Registry } from 'prom-client';
import { lagFigures } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const tags = ['Operation'];

/** `/health`, `/ready`, `/metrics` for machines, and `/api/health` for pages. None of them names a person. */
export function operationRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const figures = httpFigures(deps);
    app.get('/health', { schema: { tags, response: { 200: Alive } } }, async () => ({ status: 'ok' as const }));
    app.get('/ready', { schema: { tags, response: { 200: Ready, 503: Ready } } }, async (_request, reply) => {
      const ready = await readiness(deps);
      return reply.code(ready.status === 'unavailable' ? 503 : 200).send(ready);
    });
    app.get('/api/health', { schema: { tags, response: { 200: HealthPage } } }, async () => ({
      ...(await readiness(deps)),
      at: deps.clock.now().toISOString(),
      version: deps.options.version,
    }));
    app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
      await figures.refresh();
      void reply.type(deps.metrics.contentType);
      return deps.metrics.metrics();
    });
  };
}

async function readiness(deps: AppDeps): Promise<Ready> {
  try {
    const lags = await lagFigures(deps);
    const isBehind = lags.some((figure) => figure.lagS > figure.boundS);
    return { status: isBehind ? 'behind' : 'ok', database: 'ok', lags };
  } catch (error) {
    deps.log.warn({ err: error }, 'not ready: the database does not answer');
    return { status: 'unavailable', database: 'unavailable', lags: [] };
  }
}

function httpFigures(deps: AppDeps): { refresh(): Promise<void> } {
  const registers: Registry[] = [deps.metrics];
  const up = new Gauge({ name: 'growthos_database_up', help: '1 while the database answers.', registers });
  const lag = new Gauge({
    name: 'growthos_queue_lag_seconds',
    help: 'Age of the oldest that waits, 0 where nothing waits.',
    labelNames: ['queue'],
    registers,
  });
  const waiting = new Gauge({
    name: 'growthos_queue_waiting',
    help: 'How many wait; counting stops at 10000.',
    labelNames: ['queue'],
    registers,
  });
  return {
    async refresh() {
      const ready = await readiness(deps);
      up.set(ready.database === 'ok' ? 1 : 0);
      lag.reset();
      waiting.reset();
      for (const figure of ready.lags) {
        lag.set({ queue: figure.name }, figure.lagS);
        waiting.set({ queue: figure.name }, figure.waitingCount);
      }
    },
  };
}

/** Seconds that requests took, by method, route pattern and status class. */
export function requestHistogram(metrics: Registry): Histogram {
  return new Histogram({
    name: 'growthos_http_request_seconds',
    help: 'Time to answer, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  });
}
