// A page whose program does not come: it says so within five seconds, offers what works, and shows no button that would do nothing.
import { expect, graphReady, node, test, visit } from '../server';

const definition = { schema: 1, nodes: [{ id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: { text: 'Rain' } }], connections: [] };
const notice = 'complementary';
// The browser complains of what it loaded for a script that never ran.
const preload = /was preloaded using link preload/;
const name = { name: 'This page is not awake' };

for (const what of ['**/pkg/*.wasm', '**/pkg/reelgraph.*.js'] as const) {
  test(`without ${what} the builder says so, offers no Run, and wakes up when it is loaded again`, async ({ page, server, expectedProblems }) => {
    expectedProblems.push(/ERR_FAILED|Failed to (load|fetch)|error loading dynamically imported module/, preload);
    const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rain', status: 'saved', definition });
    await page.route(what, (route) => route.abort());
    await page.goto(`/workflows/${workflow_id}`);
    await expect(page.getByRole(notice, name)).toBeVisible({ timeout: 5_000 });
    for (const button of ['Run', 'Save', 'Undo', 'Add node']) await expect(page.getByRole('button', { name: button, exact: true })).toHaveCount(0);
    await expect(node(page, 'Prompt').locator('textarea')).toHaveValue('Rain');
    await page.screenshot({ path: test.info().outputPath('asleep.png') });
    await page.unroute(what);
    await page.getByRole('link', { name: 'Load the page again' }).click();
    await page.locator('body[data-hydrated]').waitFor();
    await graphReady(page);
    await expect(page.getByRole(notice, name)).toBeHidden();
    await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeVisible();
  });
}

for (const colorScheme of ['dark', 'light'] as const) {
  for (const [device, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    test.describe(`${colorScheme}, ${device}`, () => {
      test.use({ colorScheme, viewport });

      test('without its program the list is still a list of links', async ({ page, server, expectedProblems }) => {
        expectedProblems.push(/ERR_FAILED|Failed to (load|fetch)/);
        const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rain', status: 'saved', definition });
        await page.route('**/pkg/*.wasm', (route) => route.abort());
        await page.goto('/');
        await expect(page.getByRole(notice, name)).toBeVisible({ timeout: 5_000 });
        await expect(page.getByRole('button')).toHaveCount(0);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
        await page.screenshot({ path: test.info().outputPath('list.png') });
        await page.getByRole('searchbox', { name: 'Search workflows' }).fill('rai');
        await page.keyboard.press('Enter');
        await expect(page).toHaveURL(/\?q=rai/);
        await page.getByRole('link', { name: 'Rain' }).click();
        await expect(page).toHaveURL(new RegExp(workflow_id));
        await expect(page.getByRole(notice, name)).toBeVisible();
        await page.screenshot({ path: test.info().outputPath('builder.png') });
      });
    });
  }
}

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the page says so too', async ({ page, expectedProblems }) => {
    expectedProblems.push(preload);
    await page.goto('/');
    await expect(page.getByRole(notice, name)).toBeVisible({ timeout: 5_000 });
    await expect(page.getByRole('button')).toHaveCount(0);
    await expect(page.getByRole('link', { name: 'New workflow' }).first()).toBeVisible();
  });
});

test('a page that wakes up never shows the notice', async ({ page, server }) => {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rain', status: 'saved', definition });
  for (const path of ['/', '/jobs', '/spend', '/workflows/new', `/workflows/${workflow_id}`]) {
    await visit(page, path);
    await expect(page.getByRole(notice, name)).toBeHidden();
    expect(await page.locator('.asleep').evaluate((notice) => getComputedStyle(notice).display)).toBe('none');
  }
});
