import type { FastifyInstance } from 'fastify';
import type { Actions } from '#control/handle.ts';
import { Input } from '#http/input.ts';
import { homePage } from '#page/home-page.ts';
import { overviewOf } from '#page/overview.ts';
import { FAVICON } from '#page/style.ts';
import type { World } from '#store/world.ts';

/** The page for people at `/`, and the forms on it. */
export function pageRoutes(app: FastifyInstance, world: World, actions: Actions): void {
  app.get('/', async (request, reply) => {
    const input = new Input(request.query);
    const account = input.text('account') ?? actions.companyAccount;
    const query = input.text('q') ?? '';
    const text = input.text('notice');
    const notice = text === undefined ? null : { text, isBad: input.text('bad') === '1' };
    const overview = overviewOf(world, world.state(account, false), query);
    return reply.type('text/html; charset=utf-8').send(homePage({ overview, query, account, notice }));
  });
  app.get('/favicon.ico', async (_request, reply) =>
    reply.type('image/svg+xml').send(decodeURIComponent(FAVICON.slice(FAVICON.indexOf(',') + 1))),
  );
  app.post('/_sim/page', async (request, reply) => {
    const input = new Input(request.body);
    const back = new URLSearchParams({ account: input.text('account') ?? actions.companyAccount });
    const query = input.text('q');
    if (query !== undefined) back.set('q', query);
    try {
      back.set('notice', await act(actions, input));
    } catch (error) {
      back.set('notice', error instanceof Error ? error.message : String(error));
      back.set('bad', '1');
    }
    return reply.redirect(`/?${back.toString()}`, 303);
  });
}

/** Does it and says in one sentence what was done. */
async function act(actions: Actions, input: Input): Promise<string> {
  const action = input.required('action');
  if (action === 'advance') {
    const hours = input.integer('hours') ?? 1;
    await actions.advance({ hours });
    return `The clock went forward by ${hours === 1 ? '1 hour' : hours < 48 ? `${hours} hours` : `${hours / 24} days`}.`;
  }
  const who = { customer: input.required('customer'), account: input.text('account') ?? actions.companyAccount };
  switch (action) {
    case 'fail':
      await actions.failNextPayment(who);
      return 'The card declines from now on. Renew now, or advance the clock past the next payment.';
    case 'fix':
      await actions.fixPaymentMethod(who);
      return 'The card works again; the next attempt will succeed.';
    case 'renew':
      await actions.renewNow(who);
      return 'The period ended now and its invoice was collected.';
    case 'pay': {
      const invoice = await actions.payOpenInvoice(who);
      return `Invoice ${typeof invoice['number'] === 'string' ? invoice['number'] : invoice.id} is paid.`;
    }
    case 'upgrade':
      await actions.changePlan({ ...who, price: 'pro_monthly' });
      return 'The subscription is on Pro now.';
    case 'cancel':
      await actions.cancel({ ...who, when: 'period_end' });
      return 'The subscription will end with its period.';
    default:
      throw new Error(`The page has no action ${action}.`);
  }
}
