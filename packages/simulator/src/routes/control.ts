/**
 * The simulator's own calls, `/_sim/<action>`: JSON in, JSON out, no key. They are the scenario actions by HTTP, for a
 * simulator that runs as its own process, and work in read-only mode.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Actions } from '#control/handle.ts';
import { StripeFault } from '#errors.ts';
import type { World } from '#store/world.ts';

/** Actions that take one JSON object. Dates come as ISO text. */
const ACTIONS = [
  'advance',
  'drainDeliveries',
  'createCustomer',
  'updateCustomer',
  'deleteCustomer',
  'addCheckout',
  'subscribe',
  'changePlan',
  'changeQuantity',
  'cancel',
  'uncancel',
  'pause',
  'resume',
  'applyCoupon',
  'removeDiscount',
  'setTrialEnd',
  'failNextPayment',
  'fixPaymentMethod',
  'payOpenInvoice',
  'renewNow',
  'refund',
  'dispute',
  'closeDispute',
  'chargeOnce',
  'connectAccount',
  'disconnectAccount',
  'addRestrictedKey',
  'addCoupon',
  'setBilling',
  'setFaults',
  'bulkLoad',
] as const satisfies readonly (keyof Actions)[];

/** Fields that are dates in the actions' inputs, where they are not one of the words. */
const DATE_FIELDS = ['when', 'resumesAt', 'trialEnd'] as const;
const WORDS = new Set(['now', 'period_end']);

export function controlRoutes(app: FastifyInstance, world: World, actions: Actions): void {
  for (const name of ACTIONS) {
    app.post(`/_sim/${name}`, async (request, reply) => {
      const act = actions[name] as (input: unknown) => unknown;
      return answer(reply, async () => (await act(withDates(request.body))) ?? { done: true });
    });
  }
  app.post('/_sim/setReadOnly', async (request, reply) =>
    answer(reply, () => {
      actions.setReadOnly((request.body as { on?: boolean } | null)?.on ?? true);
      return { readOnly: world.isReadOnly };
    }),
  );
  app.get('/_sim/state', async (_request, reply) =>
    answer(reply, () => ({
      now: world.clock.now().toISOString(),
      readOnly: world.isReadOnly,
      faults: world.faults,
      keys: actions.keys,
      clientId: actions.clientId,
      appClientId: actions.appClientId,
      accounts: { platform: actions.platformAccount, company: actions.companyAccount, other: actions.otherAccount },
      connections: world.connections.map((row) => ({
        application: row.application,
        account: row.account,
        livemode: row.livemode,
      })),
    })),
  );
  app.get('/_sim/deliveries', async (_request, reply) => answer(reply, () => ({ data: actions.deliveries() })));
  app.get('/_sim/violations', async (_request, reply) => answer(reply, () => ({ data: actions.violations() })));
  app.get('/_sim/requests', async (_request, reply) => answer(reply, () => ({ data: actions.requests() })));
  app.get('/_sim/events', async (request, reply) =>
    answer(reply, () => ({ data: actions.events(request.query as { type?: string; account?: string }) })),
  );
  app.get<{ Params: { kind: string } }>('/_sim/objects/:kind', async (request, reply) =>
    answer(reply, () => ({ data: actions.objects(request.params.kind, request.query as { account?: string }) })),
  );
}

async function answer(reply: FastifyReply, act: () => unknown): Promise<FastifyReply> {
  void reply.type('application/json');
  try {
    return reply.send(JSON.stringify(await act()));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const status = error instanceof StripeFault ? error.detail.status : 400;
    return reply.status(status).send(JSON.stringify({ error: { message } }));
  }
}

function withDates(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return {};
  const out: Record<string, unknown> = { ...body };
  for (const field of DATE_FIELDS) {
    const value = out[field];
    if (typeof value === 'string' && !WORDS.has(value)) out[field] = new Date(value);
  }
  return out;
}
