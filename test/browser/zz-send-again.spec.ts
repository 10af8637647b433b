/** A mail of which nobody knows whether it arrived: a person sees it, is told what it means, and sends it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { shoot } from './steps.ts';

interface UncertainServer {
  readonly url: string;
  readonly contactId: string;
  readonly email: string;
  readonly password: string;
}

let child: ChildProcess;
let server: UncertainServer;
let taken = 0;

/** A server of its own: in the demo's no mail leaves the machine. */
test.beforeAll(async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  child = spawn('npx', ['tsx', 'packages/engine/test/faults/uncertain-server.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error('the server has no output');
  server = await new Promise<UncertainServer>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server stopped while it started')));
    createInterface({ input: stdout }).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line) as UncertainServer);
      if (line === 'taken') taken += 1;
    });
  });
});
test.afterAll(async () => {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  await ended;
});

async function signIn(page: Page): Promise<void> {
  await page.goto(server.url);
  await page.getByLabel('E-mail').fill(server.email);
  await page.getByLabel('Password').fill(server.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
}

/** In every look that a person may have; nothing is changed, so that the next look finds it as it was. */
for (const { colorScheme, width } of [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'light', width: 390 },
  { colorScheme: 'dark', width: 390 },
] as const) {
  test.describe(`${colorScheme}, ${width} wide`, () => {
    test.use({ colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });

    test('the overview counts it, the question says that it may arrive twice, and nothing goes by itself', async ({
      page,
    }) => {
      await signIn(page);
      await expect(page.getByText('One mail may not have arrived')).toBeVisible();
      await shoot(page, `send-again-overview-${colorScheme}-${width}`);
      await page.getByRole('link', { name: 'Decide' }).click();
      await expect(
        page.getByText('May not have arrived', { exact: true }).locator('visible=true').last(),
      ).toBeVisible();
      await page.getByRole('button', { name: 'Send again: Hello' }).click();
      const question = page.getByRole('dialog', { name: 'Send “Hello” again?' });
      await expect(question.getByText('they may get it twice')).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) }))).toEqual([]);
      await shoot(page, `send-again-question-${colorScheme}-${width}`);
      await question.getByRole('button', { name: 'Cancel' }).click();
      await expect(question).toBeHidden();
      expect(taken).toBe(0);
      await page.goto(`${server.url}/settings?tab=sending`);
      await expect(page.getByRole('heading', { name: 'Bounces and complaints' })).toBeVisible();
      await page.getByLabel('Who sends your mail').selectOption('Mailgun');
      await expect(page.getByText('needed: calls are refused without it')).toBeVisible();
      await page.getByRole('heading', { name: 'Bounces and complaints' }).scrollIntoViewIfNeeded();
      const settings = await new AxeBuilder({ page }).analyze();
      expect(settings.violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) }))).toEqual([]);
      await shoot(page, `mail-reports-${colorScheme}-${width}`);
    });
  });
}

test('from the contact’s timeline to the message, once more, and it arrives once', async ({ page }) => {
  await signIn(page);
  await page.goto(`${server.url}/contacts/${server.contactId}`);
  await expect(page.getByText('E-mail “Hello” may not have arrived')).toBeVisible();
  await page.getByRole('link', { name: 'See the message' }).first().click();
  const message = page.getByRole('dialog', { name: 'Hello' });
  await message.getByRole('button', { name: 'Send again: Hello' }).click();
  await page
    .getByRole('dialog', { name: 'Send “Hello” again?' })
    .getByRole('button', { name: 'Send again', exact: true })
    .click();
  await expect(page.getByText('“Hello” is on its way again.')).toBeVisible();
  await expect.poll(() => taken).toBe(1);
  await page.goto(`${server.url}/messages?status=uncertain`);
  await expect(page.getByText('None of this kind so far.')).toBeVisible();
  await page.goto(server.url);
  await expect(page.getByRole('heading', { name: /needs? you today/ })).toBeVisible();
  await expect(page.getByText('may not have arrived')).toBeHidden();
  const audit = await page.request.get(`${server.url}/api/audit`);
  expect(await audit.text()).toContain('message.sent_again');
});
