/** An admin has everything since a time told once more, and nobody gets a second message of it. */
import { expect, test } from '@playwright/test';
import { expectNoViolations, LOOKS, shoot } from './steps.ts';

interface Messages {
  readonly rows: readonly { readonly id: string }[];
}

for (const { look, colorScheme, viewport } of LOOKS) {
  test.describe(look, () => {
    test.use({ colorScheme, viewport });

    test('sequences are told everything again, the page says when it is done, and no message goes twice', async ({
      page,
    }) => {
      await page.goto('/events?tab=again');
      await expect(page.getByLabel('Tell', { exact: true })).toBeVisible();
      const sent = async () =>
        ((await (await page.request.get('/api/messages?limit=200')).json()) as Messages).rows
          .map(({ id }) => id)
          .sort();
      const before = await sent();
      await page.getByLabel('Tell', { exact: true }).selectOption({ label: 'Sequences' });
      await page.getByLabel('everything since').fill('2026-11-24T00:00');
      await expectNoViolations(page);
      await shoot(page, `tell-again-${colorScheme}`);
      await page.getByRole('button', { name: 'Tell again' }).click();
      const dialog = page.getByRole('dialog', { name: 'Tell Sequences again?' });
      await expect(dialog).toContainText('It cannot be stopped once it has begun.');
      await expectNoViolations(page);
      await dialog.getByRole('button', { name: 'Tell again' }).click();
      await expect(dialog).toBeHidden();
      const newest = page.getByRole('listitem').filter({ hasText: 'Sequences, since' }).first();
      await expect(newest).toContainText('Done', { timeout: 60_000 });
      await shoot(page, `tell-again-done-${colorScheme}`);
      expect(await sent()).toEqual(before);
    });
  });
}
