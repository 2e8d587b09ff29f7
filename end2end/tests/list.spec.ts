// The list of workflows: filtered, searched, renamed, deleted.
import { clip, expect, node, test, upload, visit } from '../server';

test('workflows are filtered, searched, renamed and deleted', async ({ page, server }) => {
  const video_id = await upload(server, clip(server.dir));
  const definition = { schema: 1, nodes: [{ id: 'u', type: 'UploadVideo', position: { x: 0, y: 0 }, params: { video_id } }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rain', status: 'saved', definition });
  await server.api('POST', `/api/workflows/${workflow_id}/videos`, { video_id, node_id: 'u', node_type: 'UploadVideo', role: 'input' });
  await server.api('POST', '/api/workflows', { name: 'Snow', status: 'draft', definition: { schema: 1, nodes: [], connections: [] } });

  await visit(page, '/');
  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name });
  await expect(row('Rain')).toContainText('1 node');
  await expect(row('Rain')).toContainText('1 video');
  await page.getByRole('link', { name: 'Drafts' }).click();
  await expect(row('Snow')).toBeVisible();
  await expect(row('Rain')).toHaveCount(0);
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Search workflows' }).fill('rai');
  await expect(row('Rain')).toBeVisible();
  await expect(row('Snow')).toHaveCount(0);

  await page.getByRole('button', { name: 'Rename Rain' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Rain again');
  await page.keyboard.press('Enter');
  await expect(row('Rain again')).toBeVisible();
  expect((await server.api('GET', `/api/workflows/${workflow_id}`)).name).toBe('Rain again');

  // Deleting says that the videos stay, and they do.
  await page.getByRole('button', { name: 'Delete Rain again' }).click();
  await expect(page.getByRole('dialog')).toContainText(/1 video stays in the library/);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(row('Rain again')).toHaveCount(0);
  expect(await server.api('GET', '/api/videos')).toHaveLength(1);
});

test('opened from the list, a graph is fitted to the window it is shown in', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await visit(page, '/');
  await page.getByRole('button', { name: 'Open the example' }).click();
  for (const [type, nth] of [['Prompt', 0], ['VeoVideo', 1], ['Output', 0]] as const) {
    await expect(async () => {
      const box = await node(page, type, nth).boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= 390, `${type} ${JSON.stringify(box)}`).toBe(true);
    }).toPass({ timeout: 10_000 });
  }
});

test('a thousand workflows come page by page', async ({ page, server }) => {
  test.setTimeout(180_000);
  const definition = { schema: 1, nodes: [], connections: [] };
  for (let row = 0; row < 1000; row++) await server.api('POST', '/api/workflows', { name: `Episode ${row}`, definition });
  await visit(page, '/');
  const rows = page.getByRole('list', { name: 'Workflows' }).getByRole('listitem');
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'More' }).click();
  await expect(rows).toHaveCount(100);
  await page.getByRole('searchbox', { name: 'Search workflows' }).fill('episode 777');
  await expect(rows).toHaveCount(1);
});
