/** The three stories, as a person lives them: one demo company, one clock, one after the other. */
import { expect, type Page, test } from '@playwright/test';
import { advance, contactPage, openMail, press, shoot, stripeUrl, withStripe } from './steps.ts';

// Several days pass in some of them, each with all that it brings: the limit is that of `advance`, a few times over.
test.describe.configure({ mode: 'serial', timeout: 600_000 });

const TRIAL_SUBJECT = /^Your trial expires in [23] days$/;
const errors: string[] = [];
test.beforeEach(({ page }) => {
  page.on('pageerror', (error) => errors.push(error.message));
});
test.afterAll(() => expect(errors).toEqual([]));

test('Stripe is connected with one button, and its history read', async ({ page }) => {
  await page.goto('/connect');
  await expect(page.getByRole('button', { name: 'Connect Stripe' }).first()).toBeVisible();
  await shoot(page, 'connect-before');
  await page.getByRole('button', { name: 'Connect Stripe' }).first().click();
  await expect(page).toHaveURL(/oauth\/authorize/);
  await shoot(page, 'authorize');
  await page.getByLabel('Analytical Engines').check();
  await page.getByRole('button', { name: /^Connect/ }).click();
  await expect(page).toHaveURL(/\/connect/);
  await expect(page.getByText(/Everything read/)).toBeVisible({ timeout: 120_000 });
  await shoot(page, 'connect');
});

test('an upgrade from Starter to Pro is celebrated once, in the app and by mail; a yearly plan is no upgrade', async ({
  page,
  context,
}) => {
  await withStripe(context, async (stripe) => {
    await press(stripe, 'Upgrade to Pro');
    await expect(stripe.getByText('Pro $99.00/mo').first()).toBeVisible();
  });
  await page.goto('/demo-app?as=user_0003');
  await expect(page.getByRole('heading', { name: 'Welcome to Pro!' })).toBeVisible();
  await shoot(page, 'upgrade');
  await page.reload();
  await expect(page.getByRole('heading', { name: /Katherine/ })).toBeVisible();
  await expect(page.getByText('identify: user_0003')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Welcome to Pro!' })).toHaveCount(0);
  // It may be night where Katherine lives: mail keeps quiet hours, confetti doesn't.
  await advance(context, ['Advance 1 day']);
  await openMail(page, { subject: 'Welcome to Pro!', to: 'katherine@trajectory.example' });
  await shoot(page, 'upgrade-mail');

  await page.request.post(`${stripeUrl}/_sim/changePlan`, {
    data: { email: 'katherine@trajectory.example', price: 'pro_yearly' },
  });
  await contactPage(page, 'Katherine Johnson');
  await expect(page.getByText('year', { exact: true }).first()).toBeVisible();
  const welcomes = (await captured(page)).filter(
    ({ subject, to }) => subject === 'Welcome to Pro!' && to.includes('katherine'),
  );
  expect(welcomes).toHaveLength(1);
});

test('three days before its end a trial hears of it, a busy one with a code; who converts hears nothing more', async ({
  page,
  context,
}) => {
  // Grace's trial had five days left when the clock stood a day earlier. It may be night where she lives.
  await advance(context, ['Advance 1 day', 'Advance 1 day']);
  await openMail(page, { subject: TRIAL_SUBJECT, to: 'grace@harborline.example' });
  await expect(mailBody(page).getByText('STAY20', { exact: true })).toBeVisible();
  await shoot(page, 'trial-mail');
  const quiet = await mailsWithoutCode(page);
  expect(quiet).toBeGreaterThan(0);

  await withStripe(context, async (stripe) => {
    await press(stripe, 'End the trial now');
  });
  await contactPage(page, 'Grace Hopper');
  await expect(page.getByText(/Pays \$99\.00 a month/)).toBeVisible();
  const before = await mailsTo(page, 'grace@harborline.example');
  await advance(context, ['Advance 3 days']);
  expect(await mailsTo(page, 'grace@harborline.example')).toBe(before);
  await page.goto('/demo-app?as=user_0002');
  await expect(page.getByText('identify: user_0002')).toBeVisible();
  await expect(page.getByText(/Your trial ends/)).toHaveCount(0);
});

test('a failed payment becomes a sentence, a nudge and a mail from the founder; paying ends the rest', async ({
  page,
  context,
}) => {
  await withStripe(context, async (stripe) => {
    await press(stripe, "Fail Ada's next payment");
    await press(stripe, 'Renew now');
    await expect(stripe.getByText('past due').first()).toBeVisible();
    await shoot(stripe, 'stripe');
  });
  await contactPage(page, 'Ada Lovelace');
  await expect(
    page.getByText(
      /Payment of \$200\.00 failed .* \(insufficient funds\)\. Stripe retries on \d+ \w+\. Step 2 of 4 of Failed payment recovery\./,
    ),
  ).toBeVisible();
  await shoot(page, 'contact-page');
  const ada = page.url();

  await page.goto('/demo-app?as=user_0001');
  const nudge = page.getByRole('heading', { name: "Your last payment didn't go through" });
  await expect(nudge).toBeVisible();
  await shoot(page, 'demo-app');

  await advance(context, ['Advance 3 days', 'Advance 1 day']);
  await openMail(page, { subject: 'A quick question about your payment', to: 'ada@analytical.example' });
  await expect(page.getByText(/\$200\.00 for Team/).first()).toBeVisible();
  await shoot(page, 'inbox');

  await withStripe(context, async (stripe) => {
    await press(stripe, 'Pay now');
  });
  await page.goto(ada);
  await expect(page.getByText(/Pays \$200\.00 a month/)).toBeVisible();
  await expect(page.getByText(/^Payment of \$200\.00 failed .* of Failed payment recovery\.$/)).toHaveCount(0);
  await shoot(page, 'contact-page-paid');
  await page.goto('/demo-app?as=user_0001');
  await expect(page.getByText('identify: user_0001')).toBeVisible();
  await expect(nudge).toHaveCount(0);
});

test('nothing but reads reached Stripe', async ({ page }) => {
  const answer = await page.request.get(`${stripeUrl}/_sim/violations`);
  expect(((await answer.json()) as { data: unknown[] }).data).toEqual([]);
});

function mailBody(page: Page) {
  return page.frameLocator('iframe').first();
}

interface CapturedRow {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
}

async function captured(page: Page): Promise<readonly CapturedRow[]> {
  const answer = await page.request.get('/api/captured-inbox?limit=100');
  return ((await answer.json()) as { rows: readonly CapturedRow[] }).rows;
}

async function mailsTo(page: Page, address: string): Promise<number> {
  return (await captured(page)).filter((mail) => mail.to.includes(address)).length;
}

/** Trial mails of people who hardly use the product: they carry no code. */
async function mailsWithoutCode(page: Page): Promise<number> {
  const mails = (await captured(page)).filter((mail) => TRIAL_SUBJECT.test(mail.subject));
  const bodies = await Promise.all(
    mails.map(async ({ id }) =>
      (await (await page.request.get(`/api/captured-inbox/${id}`)).text()).includes('STAY20'),
    ),
  );
  return bodies.filter((hasCode) => !hasCode).length;
}
