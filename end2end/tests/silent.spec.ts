// A stream that is open and brings nothing, as behind a proxy that keeps what the server sends: the page asks by itself.
import { expect, graphReady, node, test, visit } from '../server';

const shot = (seconds: number, size: string) => ({
  schema: 1, connections: [],
  nodes: [{ id: 'a', type: 'Sora2Video', position: { x: 0, y: 0 }, params: { prompt: 'A lantern', provider: 'animatic', model: 'animatic', seconds, size } }],
});

test('a run gets to its end on the screen though the stream brings nothing', async ({ page, server }) => {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Kept back', definition: shot(1, '180x320') });
  await page.route('**/api/events*', () => undefined);
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'succeeded');
  await expect(node(page, 'Sora2Video').locator('video')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});

test('a run that a script begins is seen too, and the page of jobs keeps up', async ({ page, server, context }) => {
  // One after the other, so that the last still waits when the pages ask, however fast the machine is.
  await server.stop();
  await server.begin({ REELGRAPH_WORKERS: '1' });
  const nodes = [0, 1, 2, 3, 4, 5, 6, 7].map((number) => {
    const [{ params }] = shot(60, '1080x1920').nodes;
    return { id: `shot-${number}`, type: 'Sora2Video', position: { x: number * 320, y: 0 }, params: { ...params, seed: number } };
  });
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Kept back', definition: { schema: 1, nodes, connections: [] } });
  await context.route('**/api/events*', () => undefined);
  const jobs = await context.newPage();
  await visit(jobs, '/jobs');
  await expect(jobs.getByText('No jobs yet')).toBeVisible();
  // The pages' first question comes after a while in which nothing is heard.
  const { execution_id } = await server.api('POST', '/api/executions', { workflow_id, mode: 'draft' });
  await expect(jobs.getByRole('region', { name: 'Running' }).getByRole('listitem')).toHaveCount(1);
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  const last = page.locator('[data-node-id="shot-7"]');
  await expect(last).toHaveAttribute('data-node-status', /queued|running/);
  await server.api('POST', `/api/executions/${execution_id}/cancel`);
  await expect(last).toHaveAttribute('data-node-status', 'cancelled');
  await jobs.bringToFront();
  await expect(jobs.getByRole('region', { name: 'Ended' }).getByRole('listitem')).toHaveCount(8);
  await expect(jobs.getByRole('region', { name: 'Running' })).toHaveCount(0);
});
