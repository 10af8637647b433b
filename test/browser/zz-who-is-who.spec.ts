/** Two people claim one address: a person answers on "Who is who", changes their mind, and merges by hand. */
import { expect, type Page, test } from '@playwright/test';
import { contactPage, expectNoViolations, LOOKS, shoot } from './steps.ts';

const ADDRESS = 'ada@analytical.example';

/** Says from a browser of the app that `userId` has Ada's address. */
async function claimAdasAddress(page: Page, claim: { userId: string; name: string }): Promise<void> {
  await page.goto('/demo-app');
  const config = await page.locator('body').getAttribute('data-config');
  const { writeKey } = JSON.parse(config ?? '{}') as { writeKey: string };
  const answer = await page.request.post('/v1/identify', {
    headers: { 'x-write-key': writeKey },
    data: { userId: claim.userId, traits: { email: ADDRESS, name: claim.name } },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
}

for (const { look, colorScheme, viewport } of LOOKS) {
  const name = colorScheme === 'light' ? 'Augusta King' : 'Countess of Lovelace';
  test.describe(look, () => {
    test.use({ colorScheme, viewport });

    test('a question is answered by keyboard, and the answer taken back', async ({ page }) => {
      await claimAdasAddress(page, { userId: `claims_${colorScheme}`, name });
      await page.goto('/');
      await page.getByRole('link', { name: /questions? of who is who/ }).click();
      await expect(page.getByRole('heading', { name: 'Who is who' })).toBeVisible();
      const question = page.getByRole('region', { name: `Whose is ${ADDRESS}?` });
      await expect(question.getByRole('link', { name: 'Ada Lovelace' })).toBeVisible();
      await expect(question.getByText('$200.00 a month')).toBeVisible();
      await expect(question.getByRole('link', { name })).toBeVisible();
      await expectNoViolations(page);
      await shoot(page, `who-is-who-${colorScheme}`);

      await question.getByRole('button', { name: 'They are one person…' }).focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Make one contact of them?' });
      await expect(dialog.getByRole('radio', { checked: true })).toHaveCount(1);
      await dialog.getByRole('radio', { name: /Ada Lovelace/ }).focus();
      await page.keyboard.press('Space');
      await expectNoViolations(page);
      await shoot(page, `who-is-who-merge-${colorScheme}`);
      await dialog.getByRole('button', { name: 'Merge into Ada Lovelace' }).focus();
      await page.keyboard.press('Enter');
      await expect(question).toHaveCount(0);
      await expect(page.getByText('No open question')).toBeVisible();
      await expect(page.getByRole('region', { name: 'Open questions' })).toBeFocused();

      // Whoever claims the same was merged with them: the second look asks about the first one's claimant too.
      const undo = page.getByRole('button', { name: /^Undo the merge of/ });
      await expect(page.getByRole('button', { name: new RegExp(`Undo the merge of ${name}`) })).toBeVisible();
      for (let left = await undo.count(); left > 0; left--) {
        await undo.first().click();
        await page.getByRole('dialog').getByRole('button', { name: 'Undo the merge' }).click();
        await expect(undo).toHaveCount(left - 1);
      }
      await expect(question).toBeVisible();
      await question.getByRole('button', { name: 'Keep apart' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Keep apart' }).click();
      await expect(page.getByText('No open question')).toBeVisible();
      await expectNoViolations(page);
      await shoot(page, `who-is-who-empty-${colorScheme}`);
    });

    test('two people are merged by hand from the page of one, and parted there', async ({ page }) => {
      await contactPage(page, name);
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: /Merge with another person/ }).click();
      await page.getByRole('searchbox', { name: 'Find a person' }).fill('Ada Lovelace');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /Ada Lovelace/ })
        .click();
      const dialog = page.getByRole('dialog', { name: 'Make one contact of them?' });
      await dialog.getByRole('radio', { name: /Ada Lovelace/ }).check();
      await dialog.getByRole('button', { name: 'Merge into Ada Lovelace' }).click();
      const merged = page.getByRole('region', { name: 'Merged into this person' });
      await expect(merged.getByText(name).first()).toBeVisible();
      await expect(page.getByText('A person of your team merged another contact into this one').first()).toBeVisible();
      await expectNoViolations(page);
      await merged
        .getByRole('button', { name: new RegExp(`Undo the merge of ${name}`) })
        .first()
        .click();
      await page.getByRole('dialog').getByRole('button', { name: 'Undo the merge' }).click();
      await expect(page.getByText('A merge was undone: these are two people again').first()).toBeVisible();
      await contactPage(page, name);
    });
  });
}
