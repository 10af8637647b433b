import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, startBench } from './world.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await startBench({ company: true, readOnlyKeys: true });
});

afterAll(() => bench.close());

async function page(query = ''): Promise<string> {
  const answer = await fetch(`${bench.sim.url}/${query}`);
  expect(answer.headers.get('content-type')).toContain('text/html');
  return answer.text();
}

async function press(fields: Record<string, string>): Promise<URL> {
  const answer = await fetch(`${bench.sim.url}/_sim/page`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(fields),
  });
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location') ?? '', bench.sim.url);
}

async function idOf(email: string): Promise<string> {
  return (await bench.stripe.customers.list({ email })).data[0]?.id ?? '';
}

test('the page shows the known people with what can be done, and no button that a state does not allow', async () => {
  const html = await page();
  expect(html).toContain('Fail Ada&#39;s next payment');
  expect(html).toContain('Upgrade to Pro');
  expect(html).toContain('Advance 7 days');
  expect(html).toContain('rel="icon"');
  expect(html.slice(html.indexOf('Ada Lovelace'), html.indexOf('Grace Hopper'))).not.toContain('Pay now');
});

test('failing, renewing and paying by the buttons goes through the story and says each step', async () => {
  const customer = await idOf('ada@analytical.example');
  expect((await press({ action: 'fail', customer })).searchParams.get('notice')).toContain('declines');
  await press({ action: 'renew', customer });
  const failed = await page();
  const ada = failed.slice(failed.indexOf('Ada Lovelace'), failed.indexOf('Grace Hopper'));
  expect(ada).toContain('past due');
  expect(ada).toContain('Pay now');
  expect((await press({ action: 'pay', customer })).searchParams.get('notice')).toContain('is paid');
  expect((await bench.stripe.subscriptions.list({ customer })).data[0]?.status).toBe('active');
});

test('upgrading, canceling and advancing work, and a refusal is shown as one', async () => {
  const customer = await idOf('katherine@trajectory.example');
  await press({ action: 'upgrade', customer });
  await press({ action: 'cancel', customer });
  const [row] = (await bench.stripe.subscriptions.list({ customer })).data;
  expect([row?.items.data[0]?.price.lookup_key, row?.cancel_at_period_end]).toEqual(['pro_monthly', true]);
  const before = bench.sim.clock.nowS();
  await press({ action: 'advance', hours: '72' });
  expect(bench.sim.clock.nowS() - before).toBe(72 * 3_600);
  const refused = await press({ action: 'pay', customer });
  expect(refused.searchParams.get('bad')).toBe('1');
  expect(refused.searchParams.get('notice')).toContain('no open invoice');
  expect(bench.sim.violations()).toEqual([]);
});

test('what a customer is called cannot become markup', async () => {
  await bench.sim.createCustomer({ email: 'x@x.example', name: '<script>alert(1)</script>', card: null });
  expect(await page('?q=x%40x.example')).not.toContain('<script>');
});
