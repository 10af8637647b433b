/** What axe can find without a person: on the pages where most work is done, light and dark, wide and narrow. */
import { expect, type Page, test } from '@playwright/test';
import { contactPage, expectNoViolations, LOOKS, shoot, stripeUrl } from './steps.ts';

/** Gives Katherine a nudge. */
test.beforeAll(async ({ request }) => {
  for (const action of ['failNextPayment', 'renewNow']) {
    const answer = await request.post(`${stripeUrl}/_sim/${action}`, {
      data: { email: 'katherine@trajectory.example' },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
});

for (const { look, colorScheme, viewport } of LOOKS) {
  test.describe(look, () => {
    test.use({ colorScheme, viewport });

    test('a contact, and how their money is counted', async ({ page }) => {
      await contactPage(page, 'Ada Lovelace');
      await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
      await expectNoViolations(page);
      const button = page.getByRole('button', { name: 'How is this counted?' });
      await button.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'How the money of Ada Lovelace is counted' });
      await expect(dialog.getByText('Counts in MRR.')).toBeVisible();
      await expect(dialog.getByText('$200.00').first()).toBeVisible();
      await expect(dialog.getByText('Payment captured').first()).toBeVisible();
      await expectNoViolations(page);
      await shoot(page, `money-explained-${colorScheme}`);
      await page.keyboard.press('Escape');
      await expect(button).toBeFocused();
    });

    test('the builder of segments', async ({ page }) => {
      await page.goto('/segments');
      await page.getByRole('link', { name: /New segment/ }).click();
      await page.getByRole('button', { name: 'Add a condition' }).click();
      const picker = page.getByRole('dialog', { name: 'What should be true about these people?' });
      await expect(picker.getByRole('button', { name: /^Last seen/ })).toBeVisible();
      await expectNoViolations(page);
      await picker.getByRole('button', { name: /^Last seen/ }).click();
      await expect(page.getByRole('heading', { name: 'For example' })).toBeVisible();
      await expectNoViolations(page);
    });

    test('the editor of a sequence', async ({ page }) => {
      await page.goto('/sequences');
      await page.getByRole('link', { name: 'Failed payment recovery' }).first().click();
      await page.getByRole('link', { name: 'Edit' }).click();
      await expect(page.getByRole('button', { name: /^Save/ }).first()).toBeVisible();
      await expectNoViolations(page);
    });

    test('a nudge in an app', async ({ page }) => {
      await page.goto('/demo-app?as=user_0003');
      await expect(page.getByRole('heading', { name: "Your last payment didn't go through" })).toBeVisible();
      await expectNoViolations(page);
    });

    test('the page behind "Unsubscribe"', async ({ page }) => {
      await page.goto(await unsubscribePath(page));
      await expect(page.getByRole('heading', { name: 'Choose what you get' })).toBeVisible();
      await expectNoViolations(page);
    });
  });
}

/** Out of the newest captured mail that can be unsubscribed from. */
async function unsubscribePath(page: Page): Promise<string> {
  // The demo signs its visitor in by itself; only then does the API answer.
  await page.goto('/inbox');
  await expect(page.getByRole('heading', { name: 'Captured e-mail' })).toBeVisible();
  const { rows } = (await (await page.request.get('/api/captured-inbox?limit=100')).json()) as {
    rows: readonly { id: string }[];
  };
  for (const { id } of rows) {
    const mail = (await (await page.request.get(`/api/captured-inbox/${id}`)).json()) as {
      headers: readonly { name: string; value: string }[];
    };
    const header = mail.headers.find(({ name }) => name.toLowerCase() === 'list-unsubscribe');
    const path = /<https?:\/\/[^/>]+(\/unsubscribe\/[^>]+)>/.exec(header?.value ?? '')?.[1];
    if (path !== undefined) return path;
  }
  throw new Error('No captured mail has a link to unsubscribe');
}
