// The largest graph that is promised: ten thousand nodes are opened, of which only those near the view are in the page, edited, saved and there again.
import { expect, graphReady, node, test, visit } from '../server';

test('a graph of 10,000 nodes is opened, edited, saved and there after a reload', async ({ page, server }) => {
  test.setTimeout(600_000);
  const nodes = Array.from({ length: 10_000 }, (_, place) => ({
    id: `n${place}`, type: place % 2 ? 'Sora2Video' : 'Prompt', position: { x: (place % 100) * 340, y: Math.floor(place / 100) * 460 },
    params: place % 2 ? { seconds: 4 } : { text: `Shot ${place}` },
  }));
  const connections = Array.from({ length: 5_000 }, (_, pair) => ({ from: { node: `n${2 * pair}`, socket: 'text' }, to: { node: `n${2 * pair + 1}`, socket: 'prompt' } }));
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Largest', status: 'saved', definition: { schema: 1, nodes, connections } });
  await page.context().addCookies([{ name: 'view', value: '0,0,10000', url: server.origin }]);
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  expect(await page.locator('[data-node-id]').count()).toBeLessThan(1_000);
  const field = node(page, 'Prompt').getByLabel('Prompt');
  const id = await node(page, 'Prompt').getAttribute('data-node-id');
  await field.fill('A gate in the fog');
  await page.keyboard.press('Control+s');
  await expect(page.locator('.save-state')).toHaveText('Saved', { timeout: 120_000 });
  const stored = await server.api('GET', `/api/workflows/${workflow_id}`);
  expect(stored.node_count).toBe(10_000);
  expect(stored.definition.connections).toHaveLength(5_000);
  expect(stored.definition.nodes.find((one: any) => one.id === id).params.text).toBe('A gate in the fog');
  // Edits that are not saved go into the slot, and are offered.
  await field.fill('Not saved yet');
  await expect.poll(async () => (await server.api('GET', `/api/workflows/${workflow_id}`)).draft?.definition.nodes.length, { timeout: 120_000 }).toBe(10_000);
  await page.reload();
  await graphReady(page);
  await page.getByRole('button', { name: 'Bring back' }).click();
  await expect(page.locator(`[data-node-id="${id}"]`).getByLabel('Prompt')).toHaveValue('Not saved yet');
});
