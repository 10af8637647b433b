import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, expect, type Page } from '@playwright/test';

export const stripeUrl = process.env['STRIPE_URL'] ?? 'http://127.0.0.1:4410';

/** Pictures of a run; with SCREENSHOTS set they replace those in docs, which the README shows. */
const FOLDER = fileURLToPath(
  new URL(
    process.env['SCREENSHOTS'] === undefined ? '../../test-results/' : '../../docs/screenshots/',
    import.meta.url,
  ),
);

export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${FOLDER}${name}.png` });
}

/** What axe can find without a person: rules of WCAG 2.2 up to level AA, and its own good practice. */
export async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) }));
  expect(found).toEqual([]);
}

/** Where nobody looks twice: light on a desk, dark on a phone. */
export const LOOKS = [
  { look: 'light and wide', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { look: 'dark and narrow', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

/** A page of ours is there within a second. */
const PAGE_TIMEOUT_MS = 30_000;

/**
 * Opens a page. One that does not come is opened once more, as a person would, and the report says whether the server
 * answered meanwhile: twice a run's time was over here, and nothing told which side was slow.
 */
export async function open(page: Page, path: string): Promise<void> {
  try {
    await page.goto(path, { timeout: PAGE_TIMEOUT_MS });
  } catch (error) {
    const startedMs = performance.now();
    const health = await page.request.get('/health', { timeout: PAGE_TIMEOUT_MS }).then(
      (answer) => `answered ${answer.status()}`,
      (failure: unknown) => String(failure).split('\n')[0],
    );
    const tookMs = Math.round(performance.now() - startedMs);
    process.stdout.write(`      ${path}: ${String(error).split('\n')[0]}; /health ${health} after ${tookMs} ms\n`);
    await page.goto(path);
  }
}

/** Does something on the simulated Stripe's own page. */
export async function withStripe(context: BrowserContext, act: (stripe: Page) => Promise<void>): Promise<void> {
  const stripe = await context.newPage();
  await stripe.goto(stripeUrl);
  await act(stripe);
  await stripe.close();
}

/** A day brings some hundred renewals, mails and retries, one after the other; three days take half a minute when idle. */
const ADVANCE_TIMEOUT_MS = 180_000;

/** Presses the clock's buttons; each answers when everything that fell due on the way is done. */
export async function advance(context: BrowserContext, buttons: readonly string[]): Promise<void> {
  await withStripe(context, async (stripe) => {
    for (const name of buttons) {
      const startedMs = performance.now();
      await stripe.getByRole('button', { name }).click({ timeout: ADVANCE_TIMEOUT_MS });
      await stripe.waitForLoadState('load', { timeout: ADVANCE_TIMEOUT_MS });
      process.stdout.write(`      ${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
    }
  });
}

/** Finds somebody as a person would, and opens their page. */
export async function contactPage(page: Page, name: string): Promise<void> {
  await open(page, '/contacts');
  await page.getByLabel('Search contacts').fill(name);
  await expect(page.getByText('1 person')).toBeVisible();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
}

/** Opens a captured mail by its subject and reader. */
export async function openMail(page: Page, mail: { subject: string | RegExp; to: string }): Promise<void> {
  await open(page, '/inbox');
  // The demo signs its visitor in by itself; only then does the API answer.
  await expect(page.getByRole('heading', { name: 'Captured e-mail' })).toBeVisible();
  const answer = await page.request.get('/api/captured-inbox?limit=100');
  const { rows } = (await answer.json()) as { rows: readonly { id: string; to: string; subject: string }[] };
  const isIt = (subject: string) =>
    mail.subject instanceof RegExp ? mail.subject.test(subject) : subject === mail.subject;
  const found = rows.find(({ subject, to }) => isIt(subject) && to.includes(mail.to));
  expect(found, `a captured mail "${String(mail.subject)}" to ${mail.to}`).toBeDefined();
  await open(page, `/inbox?id=${found?.id ?? ''}`);
  await expect(page.getByRole('heading', { name: mail.subject })).toBeVisible();
}
