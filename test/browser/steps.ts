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

/** A button of the simulated Stripe answers with its page anew when what it did is done. */
const PRESS_TIMEOUT_MS = 60_000;

/**
 * Presses a button of the simulated Stripe, and waits for the page that answers. A page that is closed while its form is
 * still on the way may keep Chromium (156) from ever saying that it is closed, and Playwright waits for that without a
 * limit: a run's time was over, and the report named whichever step came next.
 */
export async function press(stripe: Page, name: string, timeout = PRESS_TIMEOUT_MS): Promise<void> {
  await Promise.all([
    stripe.waitForEvent('load', { timeout }),
    stripe.getByRole('button', { name }).first().click({ timeout }),
  ]);
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
      await press(stripe, name, ADVANCE_TIMEOUT_MS);
      process.stdout.write(`      ${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
    }
  });
}

/** Finds somebody as a person would, and opens their page. */
export async function contactPage(page: Page, name: string): Promise<void> {
  await page.goto('/contacts');
  await page.getByLabel('Search contacts').fill(name);
  await expect(page.getByText('1 person')).toBeVisible();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
}

/** Opens a captured mail by its subject and reader. */
export async function openMail(page: Page, mail: { subject: string | RegExp; to: string }): Promise<void> {
  await page.goto('/inbox');
  // The demo signs its visitor in by itself; only then does the API answer.
  await expect(page.getByRole('heading', { name: 'Captured e-mail' })).toBeVisible();
  const answer = await page.request.get('/api/captured-inbox?limit=100');
  const { rows } = (await answer.json()) as { rows: readonly { id: string; to: string; subject: string }[] };
  const isIt = (subject: string) =>
    mail.subject instanceof RegExp ? mail.subject.test(subject) : subject === mail.subject;
  const found = rows.find(({ subject, to }) => isIt(subject) && to.includes(mail.to));
  expect(found, `a captured mail "${String(mail.subject)}" to ${mail.to}`).toBeDefined();
  await page.goto(`/inbox?id=${found?.id ?? ''}`);
  await expect(page.getByRole('heading', { name: mail.subject })).toBeVisible();
}
