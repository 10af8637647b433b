/**
 * Fills the demo as a person would, over HTTP: signs in, connects the simulated Stripe account, names the plan tiers, sends
 * the company's product events, and switches the sequences on. Does nothing where an account is connected already.
 */
import { companyPeople } from '../../packages/simulator/src/company/people.ts';
import { activityOf } from './activity.ts';

const BATCH_SIZE = 400;
const WAIT_MS = 250;
/** A first start reads some 6,000 objects; a slow machine may need a few minutes. */
const BACKFILL_TIMEOUT_MS = 300_000;

/** Sequences that the demo switches on, and whether those who are in the segment already start at once. */
const SEQUENCES: readonly { readonly key: string; readonly includeNow: boolean }[] = [
  { key: 'trial_expiry', includeNow: false },
  { key: 'failed_payment_recovery', includeNow: true },
  { key: 'upgrade_celebration', includeNow: false },
  { key: 'cancellation_win_back', includeNow: false },
];

export interface DemoTarget {
  readonly engineUrl: string;
  readonly stripeUrl: string;
  readonly seed: number;
  readonly now: Date;
  /** False leaves Stripe unconnected: the visitor presses the button. Product events are sent all the same. */
  readonly isConnecting: boolean;
  readonly say: (line: string) => void;
}

interface Connections {
  readonly connections: readonly {
    readonly id: string;
    readonly status: string;
    readonly backfill: { readonly state: string } | null;
  }[];
}

export async function seedDemo(target: DemoTarget): Promise<void> {
  const api = await signIn(target.engineUrl);
  const { connections } = await api.get<Connections>('/api/connections');
  if (connections.length > 0) return;
  if (target.isConnecting) {
    target.say('Connecting the simulated Stripe account and reading its history');
    await connect(api, target);
    await backfilled(api);
    await nameTiers(api);
  }
  await sendActivity(api, target);
  await api.post('/demo/settle', {});
  for (const sequence of SEQUENCES) await switchOn(api, sequence);
  await api.post('/demo/settle', {});
}

class Api {
  readonly #url: string;
  readonly #cookie: string;

  constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>(path, { method: 'GET' });
  }

  post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return this.#call<T>(path, { method: 'POST', body: JSON.stringify(body), headers });
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>(path, { method: 'PUT', body: JSON.stringify(body) });
  }

  /** Goes where a browser would be sent, and says where that leads. */
  async visit(url: string): Promise<string> {
    const answer = await fetch(url, { headers: { cookie: this.#cookie }, redirect: 'manual' });
    return answer.headers.get('location') ?? '';
  }

  async #call<T>(path: string, init: { method: string; body?: string; headers?: Record<string, string> }): Promise<T> {
    const answer = await fetch(`${this.#url}${path}`, {
      ...init,
      headers: { cookie: this.#cookie, origin: this.#url, 'content-type': 'application/json', ...init.headers },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${init.method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }
}

async function signIn(engineUrl: string): Promise<Api> {
  const answer = await fetch(`${engineUrl}/api/session/demo`, { method: 'POST', headers: { origin: engineUrl } });
  if (!answer.ok) throw new Error(`the demo could not sign in: ${answer.status} ${await answer.text()}`);
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
  return new Api(engineUrl, cookies.join('; '));
}

async function connect(api: Api, target: DemoTarget): Promise<void> {
  const { url } = await api.post<{ url: string }>('/api/connections/start', { method: 'connect' });
  const asked = new URL(url).searchParams;
  const state = (await (await fetch(`${target.stripeUrl}/_sim/state`)).json()) as { accounts: { company: string } };
  const answer = await fetch(`${target.stripeUrl}/oauth/decide`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      client_id: asked.get('client_id') ?? '',
      redirect_uri: asked.get('redirect_uri') ?? '',
      state: asked.get('state') ?? '',
      scope: asked.get('scope') ?? '',
      livemode: 'false',
      decision: 'connect',
      account: state.accounts.company,
    }),
  });
  const back = answer.headers.get('location');
  if (back === null)
    throw new Error(`the simulated Stripe did not send the browser back: ${answer.status} ${await answer.text()}`);
  const page = await api.visit(back);
  if (!page.includes('connected=')) throw new Error(`connecting failed: ${decodeURIComponent(page)}`);
}

async function backfilled(api: Api): Promise<void> {
  const deadline = Date.now() + BACKFILL_TIMEOUT_MS;
  for (;;) {
    const { connections } = await api.get<Connections>('/api/connections');
    const state = connections[0]?.backfill?.state;
    if (state === 'done' || state === 'finished') return;
    if (state === 'failed') throw new Error('reading the simulated Stripe account failed; the connect page says why');
    if (Date.now() > deadline) throw new Error('reading the simulated Stripe account took too long');
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

/** The demo's products carry their tier's name: Starter, Pro, Team. */
async function nameTiers(api: Api): Promise<void> {
  const settings = await api.get<{ catalogue: readonly { productId: string; name: string }[] }>('/api/settings');
  const products = Object.fromEntries(
    settings.catalogue.map(({ productId, name }) => [productId, name.split(' ')[0] ?? name]),
  );
  await api.put('/api/settings/tiers', { products, prices: {} });
}

async function sendActivity(api: Api, target: DemoTarget): Promise<void> {
  // The company's own server sends these, so with a secret key: what it says of addresses counts.
  const { key } = await api.post<{ key: string }>('/api/keys/api', { name: 'Demo server', scope: 'write' });
  const messages = activityOf(companyPeople(target.seed, target.now), { seed: target.seed, now: target.now });
  target.say(`Sending ${messages.length} product events`);
  for (let start = 0; start < messages.length; start += BATCH_SIZE) {
    await api.post('/v1/batch', { batch: messages.slice(start, start + BATCH_SIZE) }, { 'x-write-key': key });
  }
}

async function switchOn(api: Api, sequence: { key: string; includeNow: boolean }): Promise<void> {
  const { id } = await api.post<{ id: string }>(`/api/sequences/templates/${sequence.key}`, {});
  await api.post(`/api/sequences/${id}/switch-on`, { includeNow: sequence.includeNow });
}
