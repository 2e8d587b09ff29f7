// The main job in one story: build a drama workflow, run it, save it, and have it back with its clips after everything was closed.
import { readFileSync } from 'node:fs';
import { add, connect, place, succeeded } from '../hands';
import { clip, expect, graphReady, node, test, upload, visit } from '../server';

test('build, run, save and restore a workflow', async ({ page, server }) => {
  test.setTimeout(240_000);
  await visit(page, '/');
  await page.getByRole('link', { name: 'New workflow' }).first().click();
  await page.waitForURL('**/workflows/new');
  await graphReady(page);

  // 2. Build: nodes from the palette, dragged apart and wired.
  await add(page, 'stitch', 'VideoStitcher');
  await place(page, 'VideoStitcher', 0, 900, 150);
  await add(page, 'sora', 'Sora2Video');
  await place(page, 'Sora2Video', 0, 500, 120);
  await add(page, 'prompt', 'Prompt');
  await place(page, 'Prompt', 0, 120, 120);
  await connect(page, ['Prompt', 0, 'text'], ['Sora2Video', 0, 'prompt']);
  await connect(page, ['Sora2Video', 0, 'video'], ['VideoStitcher', 0, 'videos']);
  await expect(page.locator('[data-connection]')).toHaveCount(2);

  // A text does not go into a video's socket, and the page says why.
  await connect(page, ['Prompt', 0, 'text'], ['VideoStitcher', 0, 'videos']);
  await expect(page.getByRole('status').filter({ hasText: /text/i }).first()).toBeVisible();
  await expect(page.locator('[data-connection]')).toHaveCount(2);

  await node(page, 'Prompt').getByLabel('Prompt').fill('雨夜，她说：“别走” – Straße in Zürich');
  await node(page, 'Prompt').getByLabel('Prompt').blur();

  // Undo and redo.
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(node(page, 'Prompt').getByLabel('Prompt')).toHaveValue('');
  await page.getByRole('button', { name: 'Redo' }).click();
  await expect(node(page, 'Prompt').getByLabel('Prompt')).toHaveValue(/别走/);

  // The first edit has made a row of status draft, under an address of its own.
  await page.waitForURL(/\/workflows\/[0-9a-f-]{36}$/);
  const id = page.url().split('/').at(-1)!;

  // 6. A file by the node's button; the same bytes under another name are recognised.
  const file = clip(server.dir, 1);
  await add(page, 'upload', 'UploadVideo');
  await place(page, 'UploadVideo', 0, 500, 560);
  const chooser = page.waitForEvent('filechooser');
  await node(page, 'UploadVideo').getByRole('button', { name: /file|upload|choose/i }).first().click();
  await (await chooser).setFiles(file);
  await expect(node(page, 'UploadVideo').locator('video')).toBeVisible();
  await connect(page, ['UploadVideo', 0, 'video'], ['VideoStitcher', 0, 'videos']);
  await expect(page.locator('[data-connection]')).toHaveCount(3);

  // 3. Run: every node gets there, and the clip plays in its node.
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  for (const type of ['Sora2Video', 'VideoStitcher']) {
    await succeeded(page, type);
    await expect(node(page, type).locator('video')).toHaveAttribute('src', /^blob:/);
    await expect.poll(() => node(page, type).locator('video').evaluate((video: HTMLVideoElement) => video.duration)).toBeGreaterThan(1);
  }
  const [run] = await server.api('GET', `/api/executions?workflow_id=${id}`);
  const shot = run.nodes.find((one: any) => one.node_type === 'Sora2Video');
  const video = await server.api('GET', `/api/videos/${shot.video_id}`);
  expect(video.generation.provider).toBe('animatic');
  expect(video.generation.prompt).toContain('别走');

  // Again: what did not change is cached.
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(node(page, 'Sora2Video').getByText(/cached/i).first()).toBeVisible();

  // The stitcher joins its clips in the order that the inspector shows and changes, and a key on the row does it too.
  await node(page, 'VideoStitcher').locator('[data-drag-handle]').click({ position: { x: 20, y: 8 } });
  const rows = page.getByRole('complementary', { name: 'Inspector' }).getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Later/ }) });
  await expect(rows).toHaveCount(2);
  const first = (await rows.first().getByRole('button', { name: /^Later/ }).getAttribute('aria-label'))!;
  await rows.first().getByRole('button', { name: /^Later/ }).click();
  await expect(rows.last().getByRole('button', { name: /^Later/ })).toHaveAttribute('aria-label', first);
  await expect(rows.last().getByRole('button', { name: /^Later/ })).toBeFocused();
  await expect(node(page, 'VideoStitcher')).toHaveAttribute('data-node-status', 'stale');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(node(page, 'VideoStitcher')).toHaveAttribute('data-node-status', 'succeeded');
  await page.keyboard.press('Escape');

  // 4. Save.
  await page.getByRole('textbox', { name: 'Workflow name' }).fill('Rain at the station');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(async () => (await server.api('GET', `/api/workflows/${id}`)).status).toBe('saved');
  const saved = await server.api('GET', `/api/workflows/${id}`);
  expect(saved.name).toBe('Rain at the station');
  const roles = Object.fromEntries(saved.videos.map((one: any) => [one.node_type, one.role]));
  expect(roles).toEqual({ Sora2Video: 'intermediate', UploadVideo: 'input', VideoStitcher: 'output' });
  await page.screenshot({ path: test.info().outputPath('saved.png') });
  expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).toContain(id);

  // 5. Everything is closed, the server restarted; the list shows the workflow, and it comes back without one download.
  await server.restart();
  let downloads = 0;
  page.on('request', (request) => { if (request.url().endsWith('/download')) downloads++; });
  await visit(page, '/');
  await expect(page.getByRole('link', { name: /Rain at the station/ }).first()).toBeVisible();
  await page.getByRole('link', { name: /Rain at the station/ }).first().click();
  await graphReady(page);
  for (const type of ['Sora2Video', 'UploadVideo', 'VideoStitcher']) {
    await expect(node(page, type).locator('video')).toHaveAttribute('src', /^blob:/);
  }
  await expect(page.locator('[data-connection]')).toHaveCount(3);
  expect(downloads).toBe(0);

  // A browser that has nothing yet downloads each clip once, and shows the same.
  const other = await page.context().browser()!.newContext({ viewport: { width: 1440, height: 900 } });
  const stranger = await other.newPage();
  await visit(stranger, `${server.origin}/workflows/${id}`);
  for (const type of ['Sora2Video', 'UploadVideo', 'VideoStitcher']) {
    await expect(node(stranger, type).locator('video')).toHaveAttribute('src', /^blob:/);
  }
  await other.close();
});

test('files are dropped and pasted, and equal bytes are stored once', async ({ page, server }) => {
  const bytes = readFileSync(clip(server.dir, 2)).toString('base64');
  const fetched: string[] = [];
  page.on('request', (request) => request.url().includes('/download') && fetched.push(request.url()));
  await visit(page, '/workflows/new');
  await graphReady(page);
  const give = (event: 'drop' | 'paste', name: string) =>
    page.evaluate(
      ({ event, name, bytes }) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type: 'video/mp4' }));
        const canvas = document.querySelector('[data-canvas]')!;
        const options = { bubbles: true, cancelable: true };
        canvas.dispatchEvent(
          event === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: data, clientX: 500, clientY: 300 })
            : new ClipboardEvent('paste', { ...options, clipboardData: data }),
        );
      },
      { event, name, bytes },
    );
  await give('drop', 'first.mp4');
  await expect(node(page, 'UploadVideo').locator('video')).toHaveAttribute('src', /^blob:/);
  await give('paste', 'second.mp4');
  await expect(page.locator('[data-node-type="UploadVideo"]')).toHaveCount(2);
  await expect(page.getByText(/already stored as first/i).first()).toBeVisible();
  expect(await server.api('GET', '/api/videos')).toHaveLength(1);
  expect(fetched, 'the browser has the bytes that it sent').toEqual([]);
});

test('two tabs: the second to save is told', async ({ page, server, expectedProblems }) => {
  const definition = { schema: 1, nodes: [{ id: 'a', type: 'Prompt', position: { x: 0, y: 0 }, params: { text: 'one' } }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Shared', status: 'saved', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await server.api('PUT', `/api/workflows/${workflow_id}`, { name: 'Renamed elsewhere' });
  // The browser itself logs the refusal.
  expectedProblems.push(/\b412\b/);
  await node(page, 'Prompt').getByLabel('Prompt').fill('two');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('dialog').getByText(/saved in another tab/i)).toBeVisible();
  const stored = await server.api('GET', `/api/workflows/${workflow_id}`);
  expect(stored.name).toBe('Renamed elsewhere');
  expect(stored.definition.nodes[0].params.text).toBe('one');
});

test('a clip that is gone says what it was and why', async ({ page, server }) => {
  const video_id = await upload(server, clip(server.dir, 3), 'goodbye.mp4');
  const definition = { schema: 1, nodes: [{ id: 'u', type: 'UploadVideo', position: { x: 0, y: 0 }, params: { video_id } }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Lost', status: 'saved', definition });
  await server.api('DELETE', `/api/videos/${video_id}?force=true`);
  await visit(page, `/workflows/${workflow_id}`);
  await expect(node(page, 'UploadVideo').getByText('goodbye').first()).toBeVisible();
  await expect(node(page, 'UploadVideo').getByText(/deleted/i).first()).toBeVisible();
});

test('final mode without a key says which setting is missing, and offers draft', async ({ page, server }) => {
  const definition = { schema: 1, nodes: [{ id: 's', type: 'Sora2Video', position: { x: 0, y: 0 }, params: { prompt: 'A door' } }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Final', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await page.getByRole('button', { name: 'Final', exact: true }).click();
  await expect(page.getByText('OPENAI_API_KEY').first()).toBeVisible();
});
