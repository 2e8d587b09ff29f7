// A gap in the network: what a page could not send or fetch in it is sent and fetched when it is over, without a hand, and the words about it go.
import type { Locator, Page } from '@playwright/test';
import { type Server, clip, expect, graphReady, node, test, upload, visit } from '../server';

const shot = (params: object) => ({ id: 's', type: 'Sora2Video', position: { x: 0, y: 0 }, params: { prompt: 'Rain', ...params } });
const told = (page: Page) => page.locator('.toasts').filter({ hasText: /could not be/ });
const problems = /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|Failed to (load resource|fetch)|EventSource/;

async function workflow(server: Server, ...nodes: object[]): Promise<string> {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Gap', status: 'saved', definition: { schema: 1, nodes, connections: [] } });
  return `/workflows/${workflow_id}`;
}

/** A page that nothing of the API reaches, until it is let through: all of it, or what goes to such a path. */
async function shut(page: Page): Promise<(paths?: RegExp) => void> {
  let open: RegExp | undefined;
  const ofServer = (url: URL) => /^\/(api\/|healthz)/.test(url.pathname);
  await page.route(ofServer, (route) => (open?.test(new URL(route.request().url()).pathname) ? route.continue() : route.abort('internetdisconnected')));
  return (paths = /./) => { open = paths; };
}

async function picture(page: Page, server: Server): Promise<string> {
  const bytes = await page.evaluate(async () => {
    const drawing = new OffscreenCanvas(90, 160);
    drawing.getContext('2d')!.fillRect(20, 20, 40, 40);
    return [...new Uint8Array(await (await drawing.convertToBlob({ type: 'image/png' })).arrayBuffer())];
  });
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)]), 'harbour.png');
  const answer = await fetch(`${server.origin}/api/images/upload`, { method: 'POST', body: form });
  return ((await answer.json()) as { image_id: string }).image_id;
}

async function media(page: Page, server: Server): Promise<string> {
  const [video_id, image_id] = [await upload(server, clip(server.dir, 1)), await picture(page, server)];
  return workflow(
    server,
    { id: 'v', type: 'UploadVideo', position: { x: 0, y: 0 }, params: { video_id } },
    { id: 'i', type: 'UploadImage', position: { x: 400, y: 0 }, params: { image_id } },
  );
}

const drawn = (image: Locator) => image.evaluate((element: HTMLImageElement) => element.complete && element.naturalWidth > 0);

test('a clip and a picture that were not let through come by themselves', async ({ page, server, expectedProblems }) => {
  expectedProblems.push(problems);
  const address = await media(page, server);
  const letThrough = await shut(page);
  await visit(page, address);
  await expect(told(page)).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('gap.png') });
  letThrough();
  await expect(node(page, 'UploadVideo').locator('video')).toHaveAttribute('src', /^blob:/);
  await expect(node(page, 'UploadImage').locator('img')).toHaveAttribute('src', /^blob:/);
  await expect(page.getByText(/could not be/)).toHaveCount(0);
});

test('a poster that was not let through comes by itself, though its clip does not', async ({ page, server, expectedProblems }) => {
  expectedProblems.push(problems);
  const nodes = await Promise.all([1, 2, 3, 4].map(async (place) => {
    const video_id = await upload(server, clip(server.dir, place));
    return { id: `v${place}`, type: 'UploadVideo', position: { x: place * 340, y: 0 }, params: { video_id } };
  }));
  const address = await workflow(server, ...nodes);
  const letThrough = await shut(page);
  // Three are brought at a time, and none of these ever comes: the fourth waits, and shows the poster that it was drawn with.
  await page.route('**/download', () => undefined);
  await visit(page, address);
  await expect(told(page)).toBeVisible();
  await expect(page.getByRole('progressbar', { name: /^Bringing/ })).toHaveCount(3);
  const waiting = page.locator('[data-node-id]').filter({ hasNot: page.getByRole('progressbar') }).locator('img');
  await expect(waiting).toHaveCount(1);
  expect(await drawn(waiting)).toBe(false);
  letThrough(/healthz|thumbnail/);
  await expect.poll(() => drawn(waiting)).toBe(true);
});

test.describe('where clips stream', () => {
  test.use({ origin: 'http://reelgraph.test' });

  test('a clip and a picture come by themselves', async ({ page, server, expectedProblems }) => {
    expectedProblems.push(problems);
    const address = await media(page, server);
    const letThrough = await shut(page);
    await visit(page, address);
    await expect(told(page)).toBeVisible();
    letThrough();
    const video = node(page, 'UploadVideo').locator('video');
    await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.readyState)).toBeGreaterThan(0);
    await expect.poll(() => drawn(node(page, 'UploadImage').locator('img'))).toBe(true);
    await expect(page.getByText(/cannot play/)).toHaveCount(0);
    await expect(told(page)).toHaveCount(0);
  });
});

test('a file given in a gap arrives once it is over', async ({ page, server, context, expectedProblems }) => {
  expectedProblems.push(problems);
  const file = clip(server.dir, 2);
  await visit(page, await workflow(server, { id: 'v', type: 'UploadVideo', position: { x: 0, y: 0 }, params: {} }));
  await graphReady(page);
  const chooser = page.waitForEvent('filechooser');
  await node(page, 'UploadVideo').getByRole('button', { name: /file|upload|choose/i }).first().click();
  await context.setOffline(true);
  await (await chooser).setFiles(file);
  await expect(told(page)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Uploads' }).getByRole('listitem')).toHaveCount(1);
  await context.setOffline(false);
  await expect(node(page, 'UploadVideo').locator('video')).toHaveAttribute('src', /^blob:/);
  await expect(told(page)).toHaveCount(0);
  expect(await server.api('GET', '/api/videos')).toHaveLength(1);
});

test('a price that was not let through comes by itself', async ({ page, server, context, expectedProblems }) => {
  expectedProblems.push(problems);
  await server.stop();
  await server.begin({ XAI_API_KEY: 'k' });
  await visit(page, await workflow(server, shot({ provider: 'xai', model: 'grok-imagine-video', seconds: 1, size: '480x854' })));
  await graphReady(page);
  const price = page.locator('.price');
  await expect(price).toHaveText(/^\$/);
  const before = await price.innerText();
  await context.setOffline(true);
  await node(page, 'Sora2Video').getByLabel('Seconds').selectOption('2');
  await expect(told(page)).toBeVisible();
  await context.setOffline(false);
  await expect(price).not.toHaveText(before);
  await expect(price).toHaveText(/^\$/);
  await expect(told(page)).toHaveCount(0);
});

test('a run that ended in a gap is seen ended', async ({ page, server, context, expectedProblems }) => {
  expectedProblems.push(problems);
  await visit(page, await workflow(server, shot({ seconds: 12 })));
  await graphReady(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('[data-node-status="running"]')).toHaveCount(1);
  await context.setOffline(true);
  await expect.poll(async () => (await server.api('GET', '/api/executions'))[0].status).toBe('succeeded');
  await context.setOffline(false);
  await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'succeeded');
  await expect(node(page, 'Sora2Video').locator('video')).toHaveAttribute('src', /^blob:/);
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});
