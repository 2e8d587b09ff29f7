// Names, prompts, files and a provider's answers that are markup: in every page they are words. Nothing of them runs, loads or leads away.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { clip, expect, graphReady, type Server, test as base, upload, visit } from '../server';

/** Each ends what it may stand in, then runs, loads or leads away in its own manner. */
const markup = [
  '</title><meta http-equiv="refresh" content="0;url=//foreign.test/title">',
  '</textarea><meta http-equiv="refresh" content="0;url=//foreign.test/field"><img src="//foreign.test/i" onerror="window.foreign = 1">',
  '</script><script>window.foreign = 2; alert(1)</script>',
  '<!--<script>',
  '" onfocus="window.foreign = 3" autofocus data-foreign="',
  "' onload='window.foreign = 4' data-foreign='",
  '--><svg onload="window.foreign = 5"><iframe srcdoc="<script>parent.foreign = 6</script>"></iframe>',
  'javascript:window.foreign=7//${window.foreign=8}\\u003cscript>',
];
const all = markup.join(' ');

const test = base.extend<{ paid: Server; watched: string[] }>({
  // The server with a provider that refuses everything, in words that are markup.
  paid: async ({ server }, use) => {
    const provider = createServer((request, answer) => {
      request.resume();
      answer.writeHead(400, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ error: { message: all, type: all, code: all } }));
    });
    await new Promise<void>((ready) => provider.listen(0, '127.0.0.1', ready));
    await server.stop();
    await server.begin({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1` });
    await use(server);
    provider.closeAllConnections();
    provider.close();
  },
  // What the page does that none of ours does.
  watched: async ({ page, server }, use) => {
    const done: string[] = [];
    page.on('dialog', (dialog) => {
      done.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined);
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== server.origin && !['blob:', 'data:'].includes(protocol)) done.push(`a request to ${request.url()}`);
    });
    await use(done);
  },
});

/** Nothing foreign has become an element, run, or led away from `path`. */
async function expectInert(page: Page, path: string, watched: string[]): Promise<void> {
  expect(new URL(page.url()).pathname).toBe(path);
  expect(await page.evaluate(() => (window as any).foreign)).toBeUndefined();
  const strange = 'meta[http-equiv], iframe, [data-foreign], [onload], [onerror], [onfocus], [src*="foreign.test"], [href^="javascript:"]';
  expect(await page.locator(strange).count()).toBe(0);
  expect(watched).toEqual([]);
}

test('markup in names, prompts, files and answers stays words on every page', async ({ page, paid: server, watched, expectedProblems }) => {
  // The browser itself logs the page that does not exist.
  expectedProblems.push(/\b404\b/);
  const video_id = await upload(server, clip(server.dir), `${markup[4]}.mp4`);
  const nodes = [
    ...markup.map((text, place) => ({ id: `${place}${text}`.slice(0, 128), type: 'Prompt', position: { x: 330 * place, y: 0 }, params: { text } })),
    { id: 'note', type: 'Note', position: { x: 0, y: 300 }, params: { text: all } },
    { id: 'out', type: 'Output', position: { x: 330, y: 300 }, params: { name: all.slice(0, 200) } },
    { id: 'clip', type: 'UploadVideo', position: { x: 660, y: 300 }, params: { video_id } },
    { id: 'strange', type: markup[2], position: { x: 990, y: 300 }, params: { [markup[4]]: markup[5] } },
    { id: 'shot', type: 'Sora2Video', position: { x: 1320, y: 300 }, params: { provider: 'openai', model: 'sora-2', seconds: 4, size: '720x1280', prompt: all } },
  ];
  const definition = { schema: 1, nodes, connections: [] };
  const ids: string[] = [];
  for (const name of markup) {
    const { workflow_id } = await server.api('POST', '/api/workflows', { name, description: all, status: 'saved', definition });
    ids.push(workflow_id);
  }
  const { execution_id } = await server.api('POST', '/api/executions', { workflow_id: ids[0], nodes: ['shot'], mode: 'final' });
  await expect.poll(async () => (await server.api('GET', `/api/executions/${execution_id}`)).finished_at).toBeTruthy();
  await server.api('PUT', `/api/workflows/${ids[1]}/draft`, { definition, base_etag: markup[4] });

  for (const path of ['/', '/jobs', '/spend', ...ids.map((id) => `/workflows/${id}`)]) {
    await visit(page, path);
    if (path.includes('workflows')) await graphReady(page);
    await expectInert(page, path, watched);
  }
  const asked = encodeURIComponent(all);
  for (const path of [`/?q=${asked}&status=${asked}`, `/jobs?status=${asked}`, `/no/${asked}`, `/workflows/${asked}`, `/login?next=${asked}`]) {
    await page.goto(path);
    await expectInert(page, new URL(path, server.origin).pathname, watched);
  }

  // In the builder: the words as they were written, the reason of the provider, the inspector, the title.
  const builder = `/workflows/${ids[0]}`;
  await visit(page, builder);
  await graphReady(page);
  expect(await page.title()).toBe(`${markup[0]} · Reelgraph`);
  await expect(page.getByRole('textbox', { name: 'Workflow name' })).toHaveValue(markup[0]);
  await expect(page.locator('[data-node-type="Prompt"] textarea').first()).toHaveValue(markup[0]);
  for (const handle of await page.locator('[data-drag-handle]').all()) {
    await handle.click({ position: { x: 20, y: 8 } });
    await expectInert(page, builder, watched);
    // The inspector goes, so that it covers no other node.
    await page.keyboard.press('Escape');
  }
  await expect(page.getByText('foreign.test/title').first()).toBeAttached();
  await page.getByRole('textbox', { name: 'Workflow name' }).fill(markup[2]);
  await page.keyboard.press('Control+s');
  await expect(page.locator('.save-state')).toHaveText('Saved');
  await expectInert(page, builder, watched);

  // In the list: renamed and deleted, and said so.
  await visit(page, '/');
  await page.getByRole('button', { name: `Delete ${markup[7]}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: 'is deleted' })).toContainText(markup[7]);
  await expectInert(page, '/', watched);
});
