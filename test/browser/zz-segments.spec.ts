/** Somebody who has never seen the API makes a segment by hand, and asks why a person is in it. Stripe is connected. */
import { expect, type Locator, type Page, test } from '@playwright/test';
import { shoot } from './steps.ts';

const NAME = 'Pro users who went quiet';

async function addCondition(page: Page, offer: { search: string; name: RegExp }): Promise<void> {
  await page.getByRole('button', { name: 'Add a condition' }).click();
  const picker = page.getByRole('dialog', { name: 'What should be true about these people?' });
  await picker.getByLabel('Search').fill(offer.search);
  await picker.getByRole('button', { name: offer.name }).click();
  await expect(picker).toBeHidden();
}

/** The number in "12 of 60 people". */
async function countIn(region: Locator): Promise<number> {
  const text = await region
    .getByText(/^[\d,]+$/)
    .first()
    .innerText();
  return Number(text.replaceAll(',', ''));
}

test('"Pro users who haven\'t logged in for 7 days" is made by hand, counted on the way, saved, and explained', async ({
  page,
}) => {
  await page.goto('/demo-app?as=user_0002&login=1');
  await expect(page.getByText('Logged In').first()).toBeVisible();

  await page.goto('/segments');
  await page.getByRole('link', { name: 'New segment' }).click();
  await page.getByLabel('Name').fill(NAME);
  const preview = page.getByRole('region', { name: 'Who matches now' });
  await addCondition(page, { search: 'plan', name: /^Plan Name of the product/ });
  await page.getByRole('group', { name: 'Plan: values' }).getByRole('button', { name: 'Pro' }).click();
  await expect(preview.getByText(/plan is "Pro"/i)).toBeVisible();
  const onPro = await countIn(preview);
  await addCondition(page, { search: 'logged in', name: /^Logged In/ });
  await page.getByLabel('Did or did not').selectOption('Did not do');
  await page.getByLabel('How many').fill('7');
  await expect(preview.getByText(/plan is "Pro"/i)).toContainText(/Logged In.*7 days/);
  const quiet = await countIn(preview);
  expect(quiet).toBeGreaterThan(0);
  expect(quiet).toBeLessThan(onPro);
  await shoot(page, 'segment-builder');

  await page.getByRole('button', { name: 'Save the segment' }).click();
  await expect(page.getByRole('heading', { name: NAME })).toBeVisible();
  await expect(page.getByText(`${quiet} people now`)).toBeVisible();
  const member = page.getByRole('table', { name: 'People in this segment' }).getByRole('row').nth(1);
  const name = await member.getByRole('link').first().innerText();
  await member.getByRole('button', { name: `Why is ${name} in?` }).click();
  const why = page.getByRole('dialog', { name: `Why is ${name} in “${NAME}”?` });
  await expect(
    why
      .getByRole('listitem')
      .filter({ hasText: /plan is "Pro"/i })
      .last(),
  ).toBeVisible();
  await expect(why.getByRole('listitem').filter({ hasText: 'Logged In' }).last()).toBeVisible();
  await expect(why.getByLabel('Not true')).toHaveCount(0);
  await shoot(page, 'segment-why');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Why is somebody not in?' }).click();
  await page.getByRole('dialog').getByRole('searchbox').fill('Grace Hopper');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Grace Hopper/ })
    .click();
  const whyNot = page.getByRole('dialog', { name: `Why is Grace Hopper not in “${NAME}”?` });
  await expect(
    whyNot.getByRole('listitem').filter({ hasText: 'Logged In' }).last().getByLabel('Not true'),
  ).toBeVisible();
  await page.keyboard.press('Escape');

  await member.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  await page.getByRole('button', { name: `Why in ${NAME}?` }).click();
  await expect(why).toBeVisible();
});

test('in a large workspace an estimate is there at once, and the count takes its place', async ({ page }) => {
  let letCountThrough: () => void = () => undefined;
  const isWaitedFor = new Promise<void>((resolve) => (letCountThrough = resolve));
  // The demo is small, so the estimate is put into its own answer; the count is what the server says, a little later.
  await page.route('**/api/segments/preview', async (route) => {
    const { exact } = route.request().postDataJSON() as { exact: boolean };
    if (exact) await isWaitedFor;
    const response = await route.fetch();
    const answer = (await response.json()) as object;
    await route.fulfill({
      response,
      json: exact ? answer : { ...answer, count: 123_000, total: 987_000, isEstimate: true },
    });
  });
  await page.goto('/segments/new');
  const preview = page.getByRole('region', { name: 'Who matches now' });
  await addCondition(page, { search: 'plan', name: /^Plan Name of the product/ });
  await page.getByRole('group', { name: 'Plan: values' }).getByRole('button', { name: 'Pro' }).click();
  await expect(preview.getByText('about 123,000')).toBeVisible();
  await expect(preview.getByText('of about 987,000 people')).toBeVisible();
  letCountThrough();
  await expect(preview.getByText('about')).toHaveCount(0);
  expect(await countIn(preview)).toBeLessThan(1_000);
});
