// An empty canvas says how to begin, and begins.
import { succeeded } from '../hands';
import { expect, graphReady, node, test, visit } from '../server';

test('an empty canvas offers a first shot, which runs', async ({ page }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  const empty = page.getByRole('region', { name: 'Begin with a shot' });
  await empty.getByRole('button', { name: 'All nodes' }).click();
  await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toBeFocused();
  await page.keyboard.press('Escape');

  await empty.getByRole('button', { name: 'First shot' }).click();
  await expect(empty).toHaveCount(0);
  await expect(page.locator('[data-connection]')).toHaveCount(2);
  await expect(node(page, 'Prompt').getByLabel('Prompt')).toBeFocused();
  await page.keyboard.type('A lantern in the rain');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await succeeded(page, 'Output');

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(empty).toBeVisible();
});

test('a part of the page that does not come says so, and comes when it can', async ({ page, expectedProblems }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await page.route('**/split_tools*', (route) => route.abort());
  // It is logged by the browser and by the loader.
  expectedProblems.push(/split_tools|Failed to fetch/);
  await page.getByRole('button', { name: 'Add node' }).click();
  await expect(page.getByText(/could not be loaded/)).toBeVisible();
  // It is asked for again by itself: whoever wanted it need not ask twice.
  await page.unroute('**/split_tools*');
  await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toBeFocused();
});

test('the canvas under the words still takes a double-click', async ({ page }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await page.mouse.dblclick(400, 450);
  await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toBeFocused();
});
