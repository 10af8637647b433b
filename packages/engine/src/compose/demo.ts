/**
 * What the demo adds to an engine: the customer app's page, a clock that follows the simulated Stripe's, and a call that
 * waits until all work is done. Only with DEMO set, and only for callers on this machine.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { ensureDemo, insertWriteKey } from '#access/index.ts';
import { parseInstant, ShiftedClock, systemClock } from '#base/clock.ts';
import { ForbiddenError, InvalidInputError } from '#base/errors.ts';
import { one } from '#db/db.ts';
import { isFromThisMachine } from '#http/auth.ts';
import { demoAppRoutes } from '#http/routes/demo-app.ts';
import { emailHashOf, readIdentitySecret, userHashOf } from '#send/in-app/identity-secret.ts';
import type { Config } from '#config.ts';
import type { Overrides, Parts } from '#main.ts';

/** Whom a visitor of the demo app can be: the three people of the stories, as the simulator's company has them. */
export const DEMO_PEOPLE = [
  {
    userId: 'user_0001',
    name: 'Ada Lovelace',
    email: 'ada@analytical.example',
    role: 'Founder',
    company: { name: 'Analytical Society', domain: 'analytical.example' },
  },
  {
    userId: 'user_0002',
    name: 'Grace Hopper',
    email: 'grace@harborline.example',
    role: 'CTO',
    company: { name: 'Harborline Computing', domain: 'harborline.example' },
  },
  {
    userId: 'user_0003',
    name: 'Katherine Johnson',
    email: 'katherine@trajectory.example',
    role: 'Data Analyst',
    company: { name: 'Trajectory Partners', domain: 'trajectory.example' },
  },
] as const;

/** `settle` comes from the running engine, which is made of these: so it is asked for when it is needed. */
export function demoOverrides(config: Config, input: { settle: () => Promise<void> }): Overrides {
  const clock = new ShiftedClock();
  const links =
    config.STRIPE_API_BASE === undefined ? [] : [{ label: 'Simulated Stripe', url: config.STRIPE_API_BASE }];
  return {
    clock,
    // The simulator's limit is off in the demo, and a visitor is waiting.
    stripeRequestsPerSecond: null,
    routes: (parts) => [
      demoAppRoutes({
        people: DEMO_PEOPLE,
        links: [{ label: 'Dashboard', url: `${parts.baseUrl}/` }, ...links],
        writeKey: async () => demoWriteKey(parts),
        userHash: async (userId) =>
          userHashOf(await readIdentitySecret(parts, { workspaceId: await workspaceOf(parts) }), userId),
        emailHash: async (person) =>
          emailHashOf(await readIdentitySecret(parts, { workspaceId: await workspaceOf(parts) }), person),
      }),
      clockRoutes({ clock, settle: input.settle }),
    ],
  };
}

/** The simulated account is connected in test mode, so everything is in the test workspace of the pair. */
async function workspaceOf(parts: Parts): Promise<string> {
  return (await ensureDemo(parts, { secret: parts.secretKey })).testId;
}

async function demoWriteKey(parts: Parts): Promise<string> {
  const workspaceId = await workspaceOf(parts);
  const known = await one<{ key: string }>(parts.db, {
    text: 'select key from write_key where workspace_id = $1 and revoked_at is null order by created_at limit 1',
    values: [workspaceId],
  });
  return known?.key ?? (await insertWriteKey(parts, { workspaceId, name: 'Demo app' })).key;
}

/**
 * POST /demo/clock { now }: the simulated Stripe's clock was moved; ours follows, and all work of that moment is done
 * before the answer. POST /demo/settle: the same without moving.
 */
function clockRoutes(deps: { clock: ShiftedClock; settle: () => Promise<void> }): FastifyPluginAsync {
  const guard = (request: FastifyRequest): void => {
    if (!isFromThisMachine(request)) throw new ForbiddenError('The demo is moved from this machine only.');
  };
  return async (app: FastifyInstance) => {
    app.post('/demo/settle', { schema: { hide: true } }, async (request) => {
      guard(request);
      await deps.settle();
      return { settled: true };
    });
    app.post<{ Body: { now?: unknown } | null }>('/demo/clock', { schema: { hide: true } }, async (request) => {
      guard(request);
      const now = typeof request.body?.now === 'string' ? parseInstant(request.body.now) : null;
      if (now === null) throw new InvalidInputError('now: send an ISO 8601 instant', { field: 'now' });
      // Whatever was due before is done at its own time, before the clock moves on.
      await deps.settle();
      deps.clock.setShiftMs(now.getTime() - systemClock.now().getTime());
      await deps.settle();
      return { now: deps.clock.now().toISOString() };
    });
  };
}
