// Bringing a workflow back on bad days: after a crash, with clips too large to keep, at an address that is not secure.
import { clip, expect, graphReady, largeClip, node, test, upload, visit } from '../server';

const uploads = (ids: string[]) => ({
  schema: 1,
  nodes: ids.map((video_id, index) => ({ id: `u${index}`, type: 'UploadVideo', position: { x: index * 340, y: 0 }, params: { video_id } })),
  connections: [],
});

test('unsaved edits are offered again after a crash', async ({ page, server, browser }) => {
  const definition = { schema: 1, nodes: [{ id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: { text: 'saved words' } }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Crash', status: 'saved', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await node(page, 'Prompt').getByLabel('Prompt').fill('unsaved words');
  await expect.poll(async () => (await server.api('GET', `/api/workflows/${workflow_id}`)).draft?.definition.nodes[0].params.text).toBe('unsaved words');
  await page.context().close();
  await server.restart('SIGKILL');

  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const again = await context.newPage();
  await visit(again, `${server.origin}/workflows/${workflow_id}`);
  await expect(again.getByText(/Unsaved edits from/)).toBeVisible();
  await expect(node(again, 'Prompt').getByLabel('Prompt')).toHaveValue('saved words');
  await again.getByRole('button', { name: 'Bring back' }).click();
  await expect(node(again, 'Prompt').getByLabel('Prompt')).toHaveValue('unsaved words');
  await context.close();
});

test('edits made just before a link is followed are kept', async ({ page, server }) => {
  const definition = { schema: 1, nodes: [{ id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: { text: 'saved words' } }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Leaving', status: 'saved', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await node(page, 'Prompt').getByLabel('Prompt').fill('last words');
  await page.getByRole('link', { name: 'Workflows' }).click();
  await expect(page.getByRole('heading', { name: 'Workflows' })).toBeVisible();
  expect((await server.api('GET', `/api/workflows/${workflow_id}`)).draft?.definition.nodes[0].params.text).toBe('last words');
});

test('clips over 256 MB stream, and the page says so once', async ({ page, server }) => {
  const ids = [await upload(server, largeClip(server.dir, 257 * 2 ** 20)), await upload(server, largeClip(server.dir, 258 * 2 ** 20))];
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Large', status: 'saved', definition: uploads(ids) });
  await visit(page, `/workflows/${workflow_id}`);
  for (const [index, id] of ids.entries()) {
    await expect(node(page, 'UploadVideo', index).locator('video')).toHaveAttribute('src', `/api/videos/${id}/download`);
  }
  await expect(page.getByText(/over 256 MB are not kept/)).toHaveCount(1);
});

test.describe('at an address that is not secure', () => {
  test.use({ origin: 'http://reelgraph.test' });

  test('clips stream, and the page says so once', async ({ page, server }) => {
    const ids = [await upload(server, clip(server.dir, 1)), await upload(server, clip(server.dir, 2))];
    const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Elsewhere', status: 'saved', definition: uploads(ids) });
    await visit(page, `/workflows/${workflow_id}`);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
    for (const [index, id] of ids.entries()) {
      await expect(node(page, 'UploadVideo', index).locator('video')).toHaveAttribute('src', `/api/videos/${id}/download`);
    }
    await expect(page.getByText(/This address is not secure/)).toHaveCount(1);
  });

  test('a clip that was sent from here is shown from here, until the page is gone', async ({ page, server }) => {
    const fetched: string[] = [];
    page.on('request', (request) => { if (request.url().includes('/download')) fetched.push(request.url()); });
    const empty = { schema: 1, nodes: [{ id: 'u0', type: 'UploadVideo', position: { x: 0, y: 0 }, params: {} }], connections: [] };
    const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Sent', status: 'saved', definition: empty });
    await visit(page, `/workflows/${workflow_id}`);
    await graphReady(page);
    const file = clip(server.dir, 1);
    const chooser = page.waitForEvent('filechooser');
    await node(page, 'UploadVideo').getByRole('button', { name: /file|upload|choose/i }).first().click();
    await (await chooser).setFiles(file);
    const video = node(page, 'UploadVideo').locator('video');
    await expect(video).toHaveAttribute('src', /^blob:/);
    await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.readyState)).toBeGreaterThan(0);
    expect(fetched).toEqual([]);

    await page.keyboard.press('Control+s');
    await expect(page.locator('.save-state')).toHaveText('Saved');
    await page.reload();
    await expect(video).toHaveAttribute('src', /\/download$/);
  });
});
