import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

export const stripeUrl = process.env['STRIPE_URL'] ?? 'http://127.0.0.1:4410';

/** The pictures of the README and of whoever looks after them: always of the last run. */
const FOLDER = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

/** A picture of the page as it is; only where SCREENSHOTS is set it replaces the one in docs. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder =
    process.env['SCREENSHOTS'] === undefined ? fileURLToPath(new URL('../../test-results/', import.meta.url)) : FOLDER;
  await page.screenshot({ path: `${folder}${name}.png` });
}
