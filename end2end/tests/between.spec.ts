// Answers that are not the server's: a proxy's refusal, a network's sign-in page, nothing at all. The page says so in words, and loses nothing.
import type { Page, Route } from '@playwright/test';
import { clip, expect, graphReady, node, type Server, test, visit } from '../server';

const html = (title: string) => `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center><hr>nginx</body></html>`;
const answer = (status: number, body: string) => (route: Route) => route.fulfill({ status, contentType: 'text/html', body });

async function opened(page: Page, server: Server, only: object): Promise<string> {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Between', status: 'saved', definition: { schema: 1, nodes: [only], connections: [] } });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  return workflow_id;
}

const prompt = { id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: { text: 'saved words' } };
const told = (page: Page, words: RegExp) => page.getByRole('status').filter({ hasText: words });

async function expectNoRawAnswer(page: Page): Promise<void> {
  expect(await page.locator('body').innerText()).not.toMatch(/nginx|<html|<h1|expected value|line 1 column|EOF while/i);
}

test('a save that a proxy finds too large is refused in words, and works once it lets it through', async ({ page, server, expectedProblems }) => {
  expectedProblems.push(/\b413\b/);
  const id = await opened(page, server, prompt);
  await page.route('**/api/fn/save_workflow*', answer(413, html('413 Request Entity Too Large')));
  await page.route('**/draft', answer(413, html('413 Request Entity Too Large')));
  await node(page, 'Prompt').getByLabel('Prompt').fill('a long text');
  await page.keyboard.press('Control+s');
  await expect(told(page, /Not saved; your edits are still here\. The proxy in front of the server refused this: it is larger than it lets through/).first()).toBeVisible();
  await expectNoRawAnswer(page);
  await page.unroute('**/draft');
  await page.unroute('**/api/fn/save_workflow*');
  await page.keyboard.press('Control+s');
  await expect(page.locator('.save-state')).toHaveText('Saved');
  expect((await server.api('GET', `/api/workflows/${id}`)).definition.nodes[0].params.text).toBe('a long text');
});

for (const [what, status, body] of [['a sign-in page', 200, html('Welcome to the hotel')], ['nothing', 200, ''], ['a bad gateway', 502, html('502 Bad Gateway')]] as const) {
  test(`${what} in place of an answer is no answer: edits are kept and sent once the server is heard`, async ({ page, server, expectedProblems }) => {
    expectedProblems.push(/\b502\b/);
    const id = await opened(page, server, prompt);
    await page.route('**/draft', answer(status, body));
    await node(page, 'Prompt').getByLabel('Prompt').fill('typed meanwhile');
    await expect(told(page, /What you change is kept in this browser/)).toBeVisible();
    await expectNoRawAnswer(page);
    await page.unroute('**/draft');
    await expect.poll(async () => (await server.api('GET', `/api/workflows/${id}`)).draft?.definition.nodes[0].params.text).toBe('typed meanwhile');
    await expect(told(page, /What you change is kept in this browser/)).toHaveCount(0);
  });
}

test('an upload that a proxy finds too large is refused in words', async ({ page, server, expectedProblems }) => {
  expectedProblems.push(/\b413\b/);
  await opened(page, server, { id: 'u', type: 'UploadVideo', position: { x: 0, y: 0 }, params: {} });
  await page.route('**/api/*/upload', answer(413, html('413 Request Entity Too Large')));
  const chooser = page.waitForEvent('filechooser');
  await node(page, 'UploadVideo').getByRole('button', { name: /file|upload|choose/i }).first().click();
  await (await chooser).setFiles(clip(server.dir));
  await expect(told(page, /clip-0\.mp4: The proxy in front of the server refused this/).first()).toBeVisible();
  await expectNoRawAnswer(page);
});

test('the lists say what answered in the server\'s place', async ({ page, server, expectedProblems }) => {
  expectedProblems.push(/\b(502|403)\b/);
  await server.api('POST', '/api/workflows', { name: 'Rain', definition: { schema: 1, nodes: [], connections: [] } });
  await visit(page, '/');
  for (const [status, words] of [[200, /was not this server's/], [502, /proxy in front of it says that it is away/], [403, /refused this: a proxy, or the network/]] as const) {
    await page.route('**/api/fn/list_workflows*', answer(status, html('Something else')));
    await page.getByRole('searchbox', { name: 'Search workflows' }).fill(`rain ${status}`);
    await expect(page.getByText(words)).toBeVisible();
    await expectNoRawAnswer(page);
    await page.unroute('**/api/fn/list_workflows*');
    await page.getByRole('searchbox', { name: 'Search workflows' }).fill('rain');
    await expect(page.getByRole('listitem').filter({ hasText: 'Rain' })).toBeVisible();
  }
});
