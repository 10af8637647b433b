import { expect, test } from '@playwright/test';
import { shoot, stripeUrl } from './steps.ts';

test('a failed payment becomes a sentence, a nudge and a mail from the founder; paying ends the rest', async ({
  page,
  context,
}) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));

  await test.step('connect Stripe', async () => {
    await page.goto('/connect');
    await shoot(page, 'connect-before');
    await page.getByRole('button', { name: 'Connect Stripe' }).first().click();
    await expect(page).toHaveURL(/oauth\/authorize/);
    await page.getByLabel('Analytical Engines').check();
    await page.getByRole('button', { name: /^Connect/ }).click();
    await expect(page).toHaveURL(/\/connect/);
    await expect(page.getByText(/Everything read/)).toBeVisible({ timeout: 120_000 });
    await shoot(page, 'connect');
  });

  await test.step('fail the next payment in Stripe', async () => {
    const stripe = await context.newPage();
    await stripe.goto(stripeUrl);
    await stripe.getByRole('button', { name: "Fail Ada's next payment" }).click();
    await stripe.getByRole('button', { name: 'Renew now' }).first().click();
    await expect(stripe.getByText('past due').first()).toBeVisible();
    await shoot(stripe, 'stripe');
    await stripe.close();
  });

  const ada = await test.step('the contact page says so in one sentence', async () => {
    await page.goto('/contacts');
    await page.getByLabel('Search contacts').fill('Ada Lovelace');
    await page.getByRole('link', { name: 'Ada Lovelace' }).click();
    await expect(page.getByRole('heading', { name: 'Ada Lovelace' })).toBeVisible();
    await expect(
      page.getByText(
        /Payment of \$200\.00 failed .* \(insufficient funds\)\. Stripe retries on \d+ \w+\. Step 2 of 4 of Failed payment recovery\./,
      ),
    ).toBeVisible();
    await shoot(page, 'contact-page');
    return page.url();
  });

  await test.step('the app shows a nudge', async () => {
    const app = await context.newPage();
    await app.goto('/demo-app?as=user_0001');
    await expect(app.getByRole('heading', { name: "Your last payment didn't go through" })).toBeVisible();
    await shoot(app, 'demo-app');
    await app.close();
  });

  await test.step('three days later the retry has failed too, and the founder writes', async () => {
    await page.goto('/inbox');
    await expect(page.getByText('A quick question about your payment')).toHaveCount(0);
    const stripe = await context.newPage();
    await stripe.goto(stripeUrl);
    await stripe.getByRole('button', { name: 'Advance 3 days' }).click();
    await stripe.getByRole('button', { name: 'Advance 1 day' }).click();
    await stripe.close();
    await page.goto('/inbox');
    await page.getByText('A quick question about your payment').first().click();
    await expect(page.getByText('ada@analytical.example').first()).toBeVisible();
    await shoot(page, 'inbox');
  });

  await test.step('paying ends the rest', async () => {
    const stripe = await context.newPage();
    await stripe.goto(stripeUrl);
    await stripe.getByRole('button', { name: 'Pay now' }).first().click();
    await stripe.close();
    await page.goto(ada);
    await expect(page.getByText(/Payment of \$200\.00 failed/)).toHaveCount(0);
    await expect(page.getByText(/Pays \$200\.00 a month/)).toBeVisible();
    await shoot(page, 'contact-page-paid');
    const app = await context.newPage();
    await app.goto('/demo-app?as=user_0001');
    await expect(app.getByRole('heading', { name: /Ada/ })).toBeVisible();
    await expect(app.getByText("Your last payment didn't go through")).toHaveCount(0);
    await app.close();
  });

  await test.step('nothing but reads reached Stripe', async () => {
    const answer = await page.request.get(`${stripeUrl}/_sim/violations`);
    expect(((await answer.json()) as { data: unknown[] }).data).toEqual([]);
  });
  expect(errors).toEqual([]);
});
