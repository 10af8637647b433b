import { runInNewContext } from 'node:vm';
import { TRACK_MESSAGES, TrackBatch, type TrackMessageType } from '@growthos/contracts/http/track.ts';
import { snippetFor } from '@growthos/contracts/snippet.ts';
import { beforeEach, expect, test } from 'vitest';
import { createClient, type Client } from '../src/client.ts';
import { openStore, type Env } from '../src/env.ts';

interface Sent {
  readonly url: string;
  readonly isLeaving: boolean;
  readonly body: { batch: Record<string, unknown>[]; writeKey: string; sentAt: string };
}

/** A browser that the test moves: no real clock, no network. */
class FakeBrowser {
  readonly kept = new Map<string, string>();
  readonly sent: Sent[] = [];
  readonly warnings: string[] = [];
  readonly users: unknown[] = [];
  timers: { at: number; work: () => void }[] = [];
  nowMs = Date.parse('2026-11-24T09:00:00Z');
  status = 200;
  view = {
    url: 'https://app.example/pricing?utm_source=google&utm_medium=cpc&utm_campaign=brand',
    referrer: 'https://www.google.com/',
    title: 'Pricing',
  };
  #ids = 0;

  readonly env: Env = {
    store: {
      get: (key) => this.kept.get(key) ?? null,
      set: (key, value) => void this.kept.set(key, value),
      remove: (key) => void this.kept.delete(key),
    },
    now: () => this.nowMs,
    random: () => 1,
    newId: () => `id-${++this.#ids}-${this.kept.size}`,
    page: () => this.view,
    post: async (url, body, isLeaving) => {
      this.sent.push({ url, isLeaving, body: JSON.parse(body) });
      return isLeaving ? 0 : this.status;
    },
    after: (ms, work) => {
      const timer = { at: this.nowMs + ms, work };
      this.timers.push(timer);
      return () => void (this.timers = this.timers.filter((other) => other !== timer));
    },
    device: () => ({ locale: 'de-AT', timezone: 'Asia/Kathmandu', userAgent: 'Test' }),
    warn: (text) => void this.warnings.push(text),
  };

  open(): Client {
    return createClient(this.env, {
      host: 'https://growth.example',
      landingUrl: this.view.url,
      hooks: { onLoad: () => undefined, onUser: (user) => void this.users.push(user) },
    });
  }

  async wait(ms: number): Promise<void> {
    this.nowMs += ms;
    const due = this.timers.filter((timer) => timer.at <= this.nowMs);
    this.timers = this.timers.filter((timer) => timer.at > this.nowMs);
    for (const timer of due) timer.work();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  messages(): Record<string, unknown>[] {
    return this.sent.flatMap(({ body }) => body.batch);
  }
}

let browser: FakeBrowser;
beforeEach(() => {
  browser = new FakeBrowser();
});

test('before load nothing is sent or stored; after it everything is, in the order of the calls', async () => {
  const client = browser.open();
  client.page();
  client.track('Signed Up');
  client.identify('user_ada', { email: 'ada@analytical.example' });
  expect(client.user()).toEqual({ userId: null, anonymousId: null });
  await browser.wait(10_000);
  expect([browser.sent, [...browser.kept.keys()]]).toEqual([[], []]);
  client.load('wk_1');
  await browser.wait(1_000);
  expect(browser.messages().map((message) => message['type'])).toEqual(['page', 'track', 'identify']);
  expect(browser.sent[0]).toMatchObject({ url: 'https://growth.example/v1/batch', body: { writeKey: 'wk_1' } });
  expect(browser.kept.has('growthos_queue')).toBe(false);
});

test('every message is one that the server takes', async () => {
  const client = browser.open();
  client.load('wk_1', { host: 'https://other.example/' });
  client.identify({ plan: 'team' });
  client.identify('user_ada', { name: 'Ada', born: new Date(0), skip: undefined });
  client.track('Report\u0007 Exported', { rows: 3 });
  browser.view = { url: 'about:blank', referrer: '', title: 'A\tB' };
  client.page();
  client.page('Docs');
  client.page('Docs', 'Install', { version: 2 });
  client.page({ only: 'properties' });
  client.group('acme', { name: 'Acme' });
  client.alias('user_ada2');
  await browser.wait(1_000);
  for (const { body } of browser.sent) expect(TrackBatch.safeParse(body).success).toBe(true);
  const messages = browser.messages();
  for (const message of messages) {
    expect(TRACK_MESSAGES[message['type'] as TrackMessageType].safeParse(message).error).toBeUndefined();
  }
  expect(messages.map(({ type, event, category, name }) => [type, event ?? category ?? null, name ?? null])).toEqual([
    ['identify', null, null],
    ['identify', null, null],
    ['track', 'Report Exported', null],
    ['page', null, 'AB'],
    ['page', null, 'Docs'],
    ['page', 'Docs', 'Install'],
    ['page', null, 'AB'],
    ['group', null, null],
    ['alias', null, null],
  ]);
  expect(browser.sent[0]?.url).toBe('https://other.example/v1/batch');
});

test('the first visit is kept for ever, the last one that came from somewhere too', async () => {
  const visit = async (url: string, referrer: string): Promise<Record<string, unknown>> => {
    browser.view = { url, referrer, title: 'T' };
    const client = browser.open();
    client.load('wk_1');
    client.page();
    await browser.wait(1_000);
    return browser.messages().at(-1)?.['context'] as Record<string, unknown>;
  };
  const first = await visit(
    'https://app.example/?utm_source=google&utm_campaign=brand',
    'https://www.google.com/search',
  );
  expect(first).toMatchObject({
    locale: 'de-AT',
    timezone: 'Asia/Kathmandu',
    campaign: { source: 'google', name: 'brand' },
    firstTouch: {
      landingPage: 'https://app.example/?utm_source=google&utm_campaign=brand',
      referrer: 'https://www.google.com/search',
      campaign: { source: 'google', name: 'brand' },
    },
  });
  const inside = await visit('https://app.example/docs', 'https://app.example/');
  expect(inside).toMatchObject({ firstTouch: first['firstTouch'], lastTouch: first['lastTouch'] });
  expect(inside['campaign']).toBeUndefined();
  const later = await visit('https://app.example/?utm_source=newsletter', '');
  expect(later).toMatchObject({ firstTouch: first['firstTouch'], lastTouch: { campaign: { source: 'newsletter' } } });
});

test('what the network loses is sent again, with growing pauses, under the same ids', async () => {
  const client = browser.open();
  client.load('wk_1');
  client.track('One');
  browser.status = 0;
  await browser.wait(300);
  client.track('Two');
  expect(browser.sent).toHaveLength(1);
  await browser.wait(999);
  expect(browser.sent).toHaveLength(1);
  browser.status = 503;
  await browser.wait(1);
  expect(browser.sent).toHaveLength(2);
  browser.status = 200;
  await browser.wait(2_000);
  const [one, two, three] = browser.sent.map(({ body }) => body.batch.map((message) => message['messageId']));
  expect([one?.length, two?.length]).toEqual([1, 2]);
  expect(three).toEqual(two);
  await browser.wait(600_000);
  expect(browser.sent).toHaveLength(3);
});

test('what is not confirmed when the page goes is sent by the next page', async () => {
  const client = browser.open();
  client.load('wk_1');
  client.track('Last click');
  client.leave();
  expect(browser.sent).toMatchObject([{ isLeaving: true }]);
  const next = browser.open();
  next.load('wk_1');
  await browser.wait(1_000);
  const [beacon, again] = browser.sent;
  expect(again?.body.batch).toEqual(beacon?.body.batch);
  expect(browser.kept.has('growthos_queue')).toBe(false);
});

test('a batch that the server refuses is dropped with a warning, and does not hold up the next', async () => {
  const client = browser.open();
  client.load('wk_1');
  client.track('Bad');
  browser.status = 400;
  await browser.wait(300);
  browser.status = 200;
  client.track('Good');
  await browser.wait(300);
  expect(browser.messages().map((message) => message['event'])).toEqual(['Bad', 'Good']);
  expect(browser.warnings).toHaveLength(1);
});

test('the offline buffer is bounded, keeps the newest, and goes out in batches below the limit', async () => {
  const client = browser.open();
  client.load('wk_1');
  for (let n = 0; n < 520; n++) client.track(`E${n}`, { text: 'x'.repeat(20) });
  expect((browser.kept.get('growthos_queue') ?? '').length).toBeLessThanOrEqual(400_000);
  await browser.wait(1_000);
  expect(browser.messages().at(-1)?.['event']).toBe('E519');
  expect(browser.messages().length).toBeLessThan(520);
  for (const { body } of browser.sent) expect(JSON.stringify(body).length).toBeLessThan(130_000);
  client.track('Huge', { text: 'x'.repeat(40_000) });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  client.track('Loop', loop);
  expect(browser.warnings).toHaveLength(2);
});

test('reset forgets the person; another person on the same browser gets another anonymous id', () => {
  const client = browser.open();
  client.load('wk_1');
  const before = client.user().anonymousId;
  client.identify('user_ada', {}, { userHash: 'f00' });
  expect(client.user()).toEqual({ userId: 'user_ada', anonymousId: before });
  client.identify('user_grace');
  const other = client.user().anonymousId;
  expect(other).not.toBe(before);
  client.reset();
  expect(client.user().userId).toBeNull();
  expect(client.user().anonymousId).not.toBe(other);
  expect(browser.users).toEqual([
    { userId: 'user_ada', userHash: 'f00' },
    { userId: 'user_grace', userHash: null },
    null,
  ]);
});

test('a store that throws is replaced by memory', () => {
  const store = openStore(() => {
    throw new Error('blocked');
  });
  store.set('a', '1');
  expect(store.get('a')).toBe('1');
  store.remove('a');
  expect(store.get('a')).toBeNull();
});

test('the snippet records calls before the script is there, and cannot be broken out of', () => {
  const html = snippetFor({
    scriptUrl: 'https://g.example/sdk/growthos.js',
    writeKey: 'a"</script><script>',
    nonce: 'n"1',
  });
  expect(html.match(/<\/?script/g)).toHaveLength(2);
  const code = html.replace(/^<script[^>]*>/, '').replace(/<\/script>$/, '');
  const added: Record<string, unknown>[] = [];
  const window: { growthos?: unknown[] & { key?: string; url?: string }; location: { href: string } } = {
    location: { href: 'https://app.example/?utm_source=x' },
  };
  const document = {
    createElement: () => ({}),
    head: { appendChild: (s: Record<string, unknown>) => added.push(s) },
    currentScript: { nonce: 'abc' },
  };
  // In a browser `growthos` alone is `window.growthos`: here too.
  runInNewContext(code, Object.defineProperty({ window, document }, 'growthos', { get: () => window.growthos }));
  expect(window.growthos?.url).toBe('https://app.example/?utm_source=x');
  expect(window.growthos?.key).toBe('a"</script><script>');
  expect(JSON.stringify(window.growthos)).toBe('[["page"]]');
  expect(added).toMatchObject([{ src: 'https://g.example/sdk/growthos.js', async: true, nonce: 'abc' }]);
});
