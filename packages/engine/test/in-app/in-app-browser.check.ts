/**
 * Nudges in a real browser, on the demo product and on a page of another origin, under a strict CSP. Run it:
 *   npx tsx packages/engine/test/in-app/in-app-browser.check.ts [folder for screenshots]
 * Needs a Chromium (CHROMIUM_PATH, else /usr/bin/chromium). Exits 1 when a guarantee is broken.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { openNudgeWorld, type NudgeWorld } from './in-app-world.ts';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });

let world: NudgeWorld;
let browser: Browser;
const problems: string[] = [];

async function open(
  input: { as?: string; url?: string; options?: Parameters<Browser['newContext']>[0]; context?: BrowserContext } = {},
): Promise<Page> {
  const context =
    input.context ?? (await browser.newContext({ viewport: { width: 1280, height: 800 }, ...input.options }));
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400)
      problems.push(`${response.status()} ${response.url()} ${response.request().postData()}`);
  });
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  await page.goto(input.url ?? `${world.origin}/demo-app${input.as ? `?as=${input.as}&login=1` : ''}`);
  return page;
}

async function noViolations(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${what}: ${id} at ${nodes[0]?.target.join(' ')}`),
    [],
  );
}
/** Entry animations change contrast for a moment: screenshots and axe look at what stays. */
async function settled(page: Page): Promise<void> {
  await until('nothing moves', () =>
    page.evaluate('document.querySelector("growthos-nudges")?.shadowRoot.getAnimations().length === 0'),
  );
}
async function shoot(page: Page, name: string): Promise<void> {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}
const seen = (id: string): Promise<string[]> => world.outcomesOf(id);
async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`did not come true: ${what}`);
}
const active = (page: Page): Promise<string> =>
  page.evaluate('document.activeElement.tagName + "#" + document.activeElement.id');

const CTA = { label: 'Update your card', url: 'https://billing.example/card' };
const FAILED = {
  style: 'card',
  title: 'Your last payment did not go through',
  body: 'The bank declined $200.00. We try again on Thursday; updating the card now settles it at once.',
  cta: CTA,
  canSnooze: true,
} as const;
const BANNER = {
  style: 'banner',
  title: 'Your trial ends in 3 days.',
  body: 'Keep your reports: pick a plan.',
  cta: { label: 'See plans', url: 'https://app.example/plans' },
  canSnooze: true,
} as const;
const DIALOG = {
  style: 'dialog',
  title: 'Before you go',
  body: 'Your plan ends on Friday.\nTell us what was missing?',
  cta: { label: 'Talk to us', url: 'https://app.example/talk' },
  canSnooze: true,
} as const;
const UPGRADE = {
  style: 'confetti',
  title: 'Welcome to Pro!',
  body: 'Forecasts, the API and unlimited teammates are yours now.',
  cta: { label: 'See what is new', url: 'https://app.example/new' },
  canSnooze: false,
} as const;

const checks: Record<string, () => Promise<void>> = {
  async 'calls of the page arrive in the ledger, with the first touch and the time zone'() {
    const page = await open({ as: 'user_0001', options: { timezoneId: 'Asia/Tokyo', locale: 'en-GB' } });
    await page.getByRole('button', { name: 'Run a report' }).click();
    await page.getByRole('button', { name: 'Invite a teammate' }).click();
    await until('six messages', async () => (await world.ledger()).length === 6);
    const messages = await world.ledger();
    assert.deepEqual(
      messages.map(({ type, event }) => event ?? type),
      ['page', 'identify', 'group', 'Logged In', 'Report Run', 'Teammate Invited'],
    );
    const { context, userId } = messages.at(-1) ?? {};
    assert.equal(userId, 'user_0001');
    assert.equal(context?.['timezone'], 'Asia/Tokyo');
    assert.match(JSON.stringify(context?.['firstTouch']), /"landingPage":"http.*demo-app\?as=user_0001&login=1"/);
    await page.context().close();
  },

  async 'a page that is offline keeps its events across a reload of the script, and sends them when it is back'() {
    const page = await open({ as: 'user_0001' });
    await until('sent', async () => (await world.ledger()).length === 4);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Run a report' }).click();
    await until('kept', () => page.evaluate('(localStorage.growthos_queue || "").includes("Report Run")'));
    assert.equal((await world.ledger()).length, 4);
    await page.context().setOffline(false);
    await until('sent later', async () => (await world.ledger()).some(({ event }) => event === 'Report Run'));
    await until('confirmed', () => page.evaluate('!("growthos_queue" in localStorage)'));
    problems.splice(0, problems.length, ...problems.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED')));
    await page.context().close();
  },

  async 'a card comes within seconds, takes no focus, is read out politely, and goes when it stops being true'() {
    const page = await open({ as: 'user_0001' });
    await page.getByRole('button', { name: 'Run a report' }).focus();
    const id = await world.addMessage('user_0001', FAILED);
    const card = page.getByRole('region', { name: FAILED.title });
    await card.waitFor();
    assert.equal(await active(page), 'BUTTON#run-report');
    assert.equal(await page.locator('growthos-nudges [role=status]').textContent(), `${FAILED.title}. ${FAILED.body}`);
    assert.equal(await card.getByRole('link', { name: CTA.label }).getAttribute('href'), CTA.url);
    await until('shown', async () => (await seen(id)).includes('shown'));
    await page.keyboard.press('Escape');
    assert.equal(await card.count(), 1);
    await settled(page);
    await noViolations(page, 'card');
    await world.withdraw(id);
    await card.waitFor({ state: 'detached' });
    assert.equal(await page.locator('growthos-nudges [role=status]').textContent(), '');
    assert.deepEqual(await seen(id), ['shown']);
    await page.context().close();
  },

  async 'a card can be dismissed by keyboard; the focus goes back; it does not come again'() {
    const id = await world.addMessage('user_0001', FAILED);
    const page = await open({ as: 'user_0001' });
    const card = page.getByRole('region', { name: FAILED.title });
    await card.waitFor();
    await page.getByRole('button', { name: 'Run a report' }).focus();
    await card.getByRole('button', { name: 'Dismiss' }).focus();
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
    assert.equal(await active(page), 'BUTTON#run-report');
    await until('dismissed', async () => (await seen(id)).includes('dismissed'));
    await page.reload();
    await until('session', () => world.openStreams() === 1);
    assert.equal(await card.count(), 0);
    await page.context().close();
  },

  async 'a click on the call to action is reported although the page goes away'() {
    const id = await world.addMessage('user_0001', {
      ...FAILED,
      cta: { label: 'Go', url: `${world.origin}/demo-app` },
    });
    const page = await open({ as: 'user_0001' });
    await page.getByRole('link', { name: 'Go', exact: true }).click();
    await page.waitForURL(`${world.origin}/demo-app`);
    await until('clicked', async () => (await seen(id)).join() === 'shown,clicked');
    await page.context().close();
  },

  async 'snoozing puts it away and says so'() {
    const id = await world.addMessage('user_0001', BANNER);
    const page = await open({ as: 'user_0001' });
    const banner = page.getByRole('region', { name: BANNER.title });
    await settledAfter(page, banner);
    await noViolations(page, 'banner');
    const topOfPage = 'document.querySelector("header").getBoundingClientRect().top';
    const height = await banner.evaluate(
      'document.querySelector("growthos-nudges").shadowRoot.querySelector("section").offsetHeight',
    );
    await until('the page has moved down', async () => (await page.evaluate(topOfPage)) === height);
    await banner.getByRole('button', { name: 'Later' }).click();
    await banner.waitFor({ state: 'detached' });
    await until('the page is back', async () => (await page.evaluate(topOfPage)) === 0);
    await until('snoozed', async () => (await seen(id)).join() === 'shown,snoozed');
    await page.context().close();
  },

  async 'a dialog has the focus inside, keeps it there, closes on Escape and gives it back'() {
    const page = await open({ as: 'user_0001' });
    await page.getByRole('button', { name: 'Run a report' }).focus();
    const id = await world.addMessage('user_0001', DIALOG);
    const dialog = page.getByRole('dialog', { name: DIALOG.title });
    await dialog.waitFor();
    await noViolations(page, 'dialog');
    const inside = 'document.querySelector("growthos-nudges").shadowRoot.activeElement?.textContent';
    assert.equal(await page.evaluate(inside), DIALOG.title);
    const reached = new Set<string>();
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press('Tab');
      reached.add(await active(page));
    }
    assert.ok(!reached.has('BUTTON#run-report') && !reached.has('BUTTON#invite'), [...reached].join());
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await active(page), 'BUTTON#run-report');
    await until('dismissed', async () => (await seen(id)).join() === 'shown,dismissed');
    await page.context().close();
  },

  async 'an upgrade is celebrated once: in one of two tabs, with confetti that is seen by the eye alone, never again'() {
    const page = await open({ as: 'user_0003' });
    const other = await open({ as: 'user_0003', context: page.context() });
    await until('both listen', () => world.openStreams() >= 1);
    await Promise.all([page, other].map((tab) => tab.evaluate(WATCH_CANVAS)));
    const id = await world.addMessage('user_0003', UPGRADE);
    const cards = () =>
      Promise.all([page, other].map((tab) => tab.getByRole('region', { name: UPGRADE.title }).count()));
    await until('one card', async () => (await cards()).toSorted((a, b) => a - b).join() === '0,1');
    const celebrating = (await cards())[0] === 1 ? page : other;
    await until('confetti', () => celebrating.evaluate('window.seenCanvas !== undefined'));
    assert.deepEqual(await celebrating.evaluate('window.seenCanvas'), {
      hidden: 'true',
      events: 'none',
      tag: 'CANVAS',
    });
    await noViolations(celebrating, 'celebration');
    await until('canvas gone', () =>
      celebrating.evaluate('!document.querySelector("growthos-nudges").shadowRoot.querySelector("canvas")'),
    );
    assert.deepEqual(await cards(), celebrating === page ? [1, 0] : [0, 1]);
    assert.deepEqual(await seen(id), ['shown']);
    await celebrating.reload();
    await until('listening again', () => world.openStreams() >= 1);
    assert.deepEqual(await cards(), [0, 0]);
    await page.context().close();
  },

  async 'with reduced motion nothing moves: a badge and the words, and the confetti is not even fetched'() {
    const page = await open({ as: 'user_0003', options: { reducedMotion: 'reduce' } });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.evaluate(WATCH_CANVAS);
    await world.addMessage('user_0003', UPGRADE);
    await page.getByRole('region', { name: UPGRADE.title }).waitFor();
    assert.equal(await page.locator('growthos-nudges svg.badge').count(), 1);
    await noViolations(page, 'badge');
    assert.equal(await page.evaluate('window.seenCanvas'), null);
    assert.deepEqual(
      requests.filter((url) => url.includes('confetti')),
      [],
    );
    await page.context().close();
  },

  async 'two tabs hold one stream and show and drop the same'() {
    const page = await open({ as: 'user_0001' });
    const other = await open({ as: 'user_0001', context: page.context() });
    await until('one stream', () => world.openStreams() === 1);
    const tabs = [page, other].map((tab) => tab.getByRole('region', { name: FAILED.title }));
    await world.addMessage('user_0001', FAILED);
    for (const card of tabs) await card.waitFor();
    assert.equal(world.openStreams(), 1);
    await tabs[0]?.getByRole('button', { name: 'Dismiss' }).click();
    for (const card of tabs) await card.waitFor({ state: 'detached' });
    await page.close();
    await until('the other leads', () => world.openStreams() === 1);
    await other.context().close();
  },

  async 'a page that nobody looks at holds no stream'() {
    const page = await open({ as: 'user_0001' });
    await until('stream', () => world.openStreams() === 1);
    const turn = (state: string): Promise<unknown> =>
      page.evaluate(
        `Object.defineProperty(document, "visibilityState", { configurable: true, value: "${state}" }); document.dispatchEvent(new Event("visibilitychange"))`,
      );
    await turn('hidden');
    await until('no stream', () => world.openStreams() === 0);
    const id = await world.addMessage('user_0001', FAILED);
    await turn('visible');
    await page.getByRole('region', { name: FAILED.title }).waitFor();
    await until('shown', async () => (await seen(id)).includes('shown'));
    await page.context().close();
  },

  async 'without EventSource it polls'() {
    const context = await browser.newContext();
    await context.addInitScript('delete window.EventSource');
    await context.clock.install();
    let hasSession = false;
    context.on('response', (response) => void (hasSession ||= response.url().endsWith('/in-app/session')));
    const page = await open({ as: 'user_0001', context });
    await until('session', () => hasSession);
    await world.addMessage('user_0001', FAILED);
    await until('polled', async () => {
      await page.clock.fastForward(31_000);
      return (await page.getByRole('region', { name: FAILED.title }).count()) === 1;
    });
    assert.equal(world.openStreams(), 0);
    await context.close();
  },

  async 'logging out takes nudges away and stops listening; nobody sees another’s'() {
    await world.addMessage('user_0001', FAILED);
    const page = await open({ as: 'user_0001' });
    await page.getByRole('region', { name: FAILED.title }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Who are you today?' }).waitFor();
    await until('no stream', () => world.openStreams() === 0);
    await noViolations(page, 'log-in page');
    await page.getByRole('link', { name: /Katherine/ }).click();
    await until('stream', () => world.openStreams() === 1);
    assert.equal(await page.locator('growthos-nudges').count(), 0);
    await page.context().close();
  },

  async 'a page of another origin, with a CSP that knows only a nonce and our host, gets all of it'() {
    const page = await open({ url: world.otherOrigin });
    await page.evaluate(WATCH_CANVAS);
    await until('stream', () => world.openStreams() === 1);
    await until('tracked', async () => (await world.ledger()).some(({ event }) => event === 'From Elsewhere'));
    await world.addMessage('user_0003', UPGRADE);
    await page.getByRole('region', { name: UPGRADE.title }).waitFor();
    await until('confetti', () => page.evaluate('window.seenCanvas !== null'));
    const color = await page.evaluate(
      'getComputedStyle(document.querySelector("growthos-nudges").shadowRoot.querySelector(".primary")).backgroundColor',
    );
    assert.equal(color, 'rgb(10, 92, 54)', 'the page’s own accent');
    await page.context().close();
  },

  async 'it looks right: wide and narrow, light and dark'() {
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await world.reset();
        const name = `${width}-${colorScheme}`;
        const options = { viewport: { width, height }, colorScheme };
        const start = await open({ options });
        await noViolations(start, `log-in ${name}`);
        await shoot(start, `log-in-${name}`);
        await start.context().close();
        await world.addMessage('user_0001', FAILED);
        await world.addMessage('user_0001', BANNER);
        const page = await open({ as: 'user_0001', options });
        await settledAfter(page, page.getByRole('region', { name: FAILED.title }));
        await noViolations(page, `card and banner ${name}`);
        await shoot(page, `card-and-banner-${name}`);
        await world.addMessage('user_0001', DIALOG);
        await page.getByRole('dialog', { name: DIALOG.title }).waitFor();
        await noViolations(page, `dialog ${name}`);
        await shoot(page, `dialog-${name}`);
        const isInside = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
        assert.ok(isInside, `nothing overflows sideways at ${name}`);
        await page.context().close();
        const upgraded = await open({ as: 'user_0003', options });
        await world.addMessage('user_0003', UPGRADE);
        await settledAfter(upgraded, upgraded.getByRole('region', { name: UPGRADE.title }));
        await upgraded.waitForTimeout(500);
        await shoot(upgraded, `celebration-${name}`);
        await noViolations(upgraded, `celebration ${name}`);
        await upgraded.context().close();
      }
    }
  },
};

const WATCH_CANVAS = `window.seenCanvas = null; window.watcher = setInterval(() => {
  const canvas = document.querySelector("growthos-nudges")?.shadowRoot.querySelector("canvas");
  if (canvas) window.seenCanvas = { hidden: canvas.getAttribute("aria-hidden"), events: getComputedStyle(canvas).pointerEvents, tag: canvas.tagName };
}, 20)`;

async function settledAfter(page: Page, region: { waitFor(): Promise<void> }): Promise<void> {
  await region.waitFor();
  await settled(page);
}

async function main(): Promise<number> {
  if (!existsSync(CHROMIUM)) {
    process.stdout.write(`SKIPPED: no browser at ${CHROMIUM}; set CHROMIUM_PATH\n`);
    return 0;
  }
  world = await openNudgeWorld();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  let failed = 0;
  const only = process.argv[3];
  for (const [title, check] of Object.entries(checks)) {
    if (only && !title.includes(only)) continue;
    await world.reset();
    problems.length = 0;
    try {
      await check();
      assert.deepEqual(problems, [], 'the console is silent');
      process.stdout.write(`ok    ${title}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(
        `FAIL  ${title}\n${error instanceof Error ? error.message : String(error)}\n${problems.join('\n')}\n`,
      );
    }
    for (const context of browser.contexts()) await context.close();
  }
  await browser.close();
  await world.close();
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
