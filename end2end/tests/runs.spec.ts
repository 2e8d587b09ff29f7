// Runs: side by side, stopped, done again; wires that are refused.
import { connect } from '../hands';
import { expect, graphReady, node, test, visit } from '../server';

const shot = (id: string, y: number, seconds: number, size: string) =>
  ({ id, type: 'Sora2Video', position: { x: 0, y }, params: { prompt: `Shot ${id}`, provider: 'animatic', model: 'animatic', seconds, size } });

test('independent shots run side by side with moving figures, and Stop stops them', async ({ page, server }) => {
  const definition = { schema: 1, nodes: [shot('a', 0, 60, '1080x1920'), shot('b', 500, 60, '1080x1920')], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Long', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('[data-node-status="running"]')).toHaveCount(2);
  const figure = async () => Number(/(\d+) %/.exec(await node(page, 'Sora2Video').innerText())?.[1] ?? 0);
  await expect.poll(figure).toBeGreaterThan(1);
  const before = await figure();
  await expect.poll(figure).toBeGreaterThan(before);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.locator('[data-node-status="cancelled"]')).toHaveCount(2);
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
  expect(await server.api('GET', '/api/videos')).toEqual([]);
});

test('Again makes another take and keeps the first', async ({ page, server }) => {
  const definition = { schema: 1, nodes: [shot('a', 0, 1, '180x320')], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Takes', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'succeeded');
  await node(page, 'Sora2Video').locator('[data-drag-handle]').click({ position: { x: 20, y: 8 } });
  const first = await node(page, 'Sora2Video').locator('video').getAttribute('src');
  await page.getByRole('button', { name: 'Again' }).click();
  await expect.poll(async () => (await server.api('GET', '/api/videos')).length).toBe(2);
  await expect(node(page, 'Sora2Video').locator('video')).not.toHaveAttribute('src', first!);
  await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'succeeded');
});

test('a wire that would close a circle is refused with the reason', async ({ page, server }) => {
  const join = (id: string, x: number) => ({ id, type: 'VideoStitcher', position: { x, y: 0 }, params: {} });
  const connections = [{ from: { node: 'a', socket: 'video' }, to: { node: 'b', socket: 'videos' } }];
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Circle', definition: { schema: 1, nodes: [join('a', 0), join('b', 400)], connections } });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await connect(page, ['VideoStitcher', 1, 'video'], ['VideoStitcher', 0, 'videos']);
  await expect(page.getByRole('status').filter({ hasText: /circle|cycle|itself/i }).first()).toBeVisible();
  await expect(page.locator('[data-connection]')).toHaveCount(1);
});
