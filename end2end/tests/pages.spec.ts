// Every page in both themes, wide and on a phone: nothing for axe to find, nothing wider than the window. Leaves screenshots.
import AxeBuilder from '@axe-core/playwright';
import { expect, graphReady, test, visit } from '../server';

for (const theme of ['dark', 'light'] as const) {
  for (const [device, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    test.describe(`${theme}, ${device}`, () => {
      test.use({ colorScheme: theme, viewport });

      test('the pages are accessible', async ({ page, server }) => {
        const check = async (name: string) => {
          await page.screenshot({ path: test.info().outputPath(`${name}.png`) });
          const { violations } = await new AxeBuilder({ page }).analyze();
          expect(violations.map((one) => `${name}: ${one.id} ${one.nodes.map((node) => node.target).join(' ')}`)).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
        };
        await visit(page, '/');
        await check('empty');
        await visit(page, '/jobs');
        await check('no-jobs');
        await visit(page, '/');
        await page.getByRole('button', { name: 'Open the example' }).first().click();
        await page.waitForURL(/workflows\/[0-9a-f-]{36}/);
        await graphReady(page);
        await check('example');
        await page.getByRole('button', { name: 'Add node' }).click();
        await check('palette');
        await page.keyboard.press('Escape');
        await visit(page, '/workflows/new');
        await graphReady(page);
        await check('empty-canvas');
        for (let row = 0; row < 30; row++) {
          await server.api('POST', '/api/workflows', { name: `Episode ${row}`, status: row % 3 ? 'saved' : 'draft', definition: { schema: 1, nodes: [], connections: [] } });
        }
        await visit(page, '/');
        await check('workflows');
        for (const prompt of ['Dawn', 'Noon', 'Dusk', 'Night', 'A gate in the fog, seen from far away']) {
          await server.api('POST', '/api/videos/generate', { provider: 'animatic', prompt, params: { seconds: 60, size: '1080x1920' } });
        }
        const [last, ...jobs] = await server.api('GET', '/api/jobs?kind=generate');
        await server.api('PATCH', `/api/jobs/${last.id}`, { paused: true });
        await visit(page, '/jobs');
        await check('jobs');
        for (const job of [last, ...jobs]) await server.api('DELETE', `/api/jobs/${job.id}`);
        await visit(page, '/jobs');
        await check('ended-jobs');
      });
    });
  }
}

test('a page that does not exist says so', async ({ page, expectedProblems }) => {
  // The browser itself logs it.
  expectedProblems.push(/\b404\b/);
  const answer = await page.goto('/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading').first()).toBeVisible();
});
