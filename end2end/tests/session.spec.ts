// A server that asks for a token: a browser shows it once, and gives it back where its user wants to. Leaves screenshots.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, visit } from '../server';

for (const [device, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
  test.describe(device, () => {
    test.use({ viewport });

    test('one signs in, and out again', async ({ page, server, expectedProblems }) => {
      await server.stop();
      await server.begin({ REELGRAPH_ACCESS_TOKEN: 's3cret' });
      // The browser itself logs the pages that it is refused.
      expectedProblems.push(/\b401\b/);
      await page.goto('/jobs');
      await page.getByLabel('Access token').fill('s3cret');
      await page.keyboard.press('Enter');
      await page.waitForURL(server.origin + '/');
      await visit(page, '/jobs');
      const signOut = page.getByRole('button', { name: 'Sign out' });
      await page.screenshot({ path: test.info().outputPath('signed-in.png') });
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
      await signOut.focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(/login/);
      await page.goto('/');
      await expect(page.getByLabel('Access token')).toBeVisible();
    });
  });
}

test('where no token is asked for there is nothing to leave', async ({ page }) => {
  await visit(page, '/');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden();
});
