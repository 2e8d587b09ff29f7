// Unsaved edits: whatever happens to a page, the server or the network, the next page has them.
import type { BrowserContext, Page } from '@playwright/test';
import { type Server, expect, graphReady, node, test, visit } from '../server';

const prompt = (text: string) => ({
  schema: 1, nodes: [{ id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: { text } }], connections: [],
});
const field = (page: Page, nth = 0) => node(page, 'Prompt', nth).getByLabel('Prompt');
const journals = (page: Page) => page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('reelgraph.journal.')));

async function saved(server: Server, text = 'saved words'): Promise<string> {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rain', status: 'saved', definition: prompt(text) });
  return workflow_id;
}

async function opened(page: Page, workflow: string): Promise<void> {
  await visit(page, `/workflows/${workflow}`);
  await graphReady(page);
}

const draft = async (server: Server, workflow: string) => (await server.api('GET', `/api/workflows/${workflow}`)).draft?.definition.nodes[0].params.text;

async function bringBack(page: Page): Promise<void> {
  await expect(page.getByText(/Unsaved edits from/)).toBeVisible();
  await page.getByRole('button', { name: 'Bring back' }).click();
}

/** Ends the page's process, as a crash of the tab does. */
async function crash(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  // The answer never comes.
  session.send('Page.crash').catch(() => undefined);
  await page.waitForEvent('crash');
}

test('what is typed without a rest is there after a reload', async ({ page, server }) => {
  const workflow = await saved(server);
  await opened(page, workflow);
  await field(page).click();
  await field(page).press('Control+a');
  await page.keyboard.type('The rain has not stopped since the letter came.', { delay: 30 });
  await page.reload();
  await bringBack(page);
  await expect(field(page)).toHaveValue('The rain has not stopped since the letter came.');
  await expect.poll(() => draft(server, workflow)).toBe('The rain has not stopped since the letter came.');
  await page.keyboard.press('Control+s');
  await expect(page.locator('.save-state')).toHaveText('Saved');
  await expect.poll(() => journals(page)).toEqual([]);
});

test('a number that is still being typed is there after a reload, and is one step', async ({ page, server }) => {
  const trim = { id: 't', type: 'Trim', position: { x: 0, y: 0 }, params: { in_seconds: 1 } };
  const definition = { schema: 1, nodes: [trim], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Cut', status: 'saved', definition });
  await opened(page, workflow_id);
  const start = node(page, 'Trim').getByLabel('In point (s)');
  const before = await start.inputValue();
  await start.click();
  await start.press('Control+a');
  await page.keyboard.type('12.5');
  await page.reload();
  await bringBack(page);
  await expect(start).toHaveValue('12.5');
  await page.keyboard.press('Control+z');
  await expect(start).toHaveValue(before);
});

test('who types without a rest has it on the server after 30 s all the same', async ({ page, server }) => {
  const workflow = await saved(server);
  await opened(page, workflow);
  await field(page).click();
  const isThere = async () => {
    await page.keyboard.type('rain ', { delay: 100 });
    return (await draft(server, workflow)) !== undefined;
  };
  await expect.poll(isThere, { intervals: [1], timeout: 240_000 }).toBe(true);
});

test('a document too large for a leaving page to send is offered by the next, whichever way that one went', async ({ page, server, context }) => {
  const nodes = Array.from({ length: 12 }, (_, place) => ({
    id: `p${place}`, type: 'Prompt', position: { x: (place % 4) * 330, y: Math.floor(place / 4) * 260 },
    params: { text: 'Rain on the harbour. '.repeat(400) },
  }));
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Long', status: 'saved', definition: { schema: 1, nodes, connections: [] } });
  const write = async (at: Page, words: string) => {
    await field(at).focus();
    await at.keyboard.press('Control+a');
    await at.keyboard.type(words);
  };
  await visit(page, '/');
  await page.goto(`/workflows/${workflow_id}`);
  await graphReady(page);
  await write(page, 'left by the way back');
  await page.goBack();
  await opened(page, workflow_id);
  await bringBack(page);
  await expect(field(page)).toHaveValue('left by the way back');
  await write(page, 'closed');
  await page.close();
  const again = await context.newPage();
  await opened(again, workflow_id);
  await bringBack(again);
  await expect(field(again)).toHaveValue('closed');
});

test('what is typed while the server is away outlives a crash of the tab', async ({ page, server, context, expectedProblems }) => {
  expectedProblems.push(/ERR_CONNECTION_REFUSED|Failed to (load resource|fetch)/);
  const workflow = await saved(server);
  await opened(page, workflow);
  await server.stop('SIGKILL');
  await field(page).fill('written without a server');
  await page.getByRole('textbox', { name: 'Workflow name' }).fill('Rain, second night');
  await crash(context, page);
  await server.begin();
  const again = await context.newPage();
  await opened(again, workflow);
  await bringBack(again);
  await expect(field(again)).toHaveValue('written without a server');
  await expect(again.getByRole('textbox', { name: 'Workflow name' })).toHaveValue('Rain, second night');
  await again.keyboard.press('Control+z');
  await expect(field(again)).toHaveValue('saved words');
});

test('a new workflow that the server never heard of is offered by the next new one', async ({ page, server, context, expectedProblems }) => {
  expectedProblems.push(/ERR_CONNECTION_REFUSED|Failed to (load resource|fetch)/);
  await visit(page, '/workflows/new');
  await graphReady(page);
  await server.stop('SIGKILL');
  await page.getByRole('button', { name: 'First shot' }).click();
  await field(page).fill('Nobody at the station');
  // A page that only closes tries to send its edits as it goes, and might reach the server that comes back.
  await crash(context, page);
  await server.begin();
  const again = await context.newPage();
  await visit(again, '/workflows/new');
  await graphReady(again);
  await bringBack(again);
  await expect(field(again)).toHaveValue('Nobody at the station');
  await expect(again).toHaveURL(/\/workflows\/[0-9a-f-]{36}$/);
  const rows = await server.api('GET', '/api/workflows');
  expect(rows.map((row: any) => row.node_count)).toEqual([3]);
});

test('a page that lives is not asked for its edits', async ({ page, server, context }) => {
  const workflow = await saved(server);
  await opened(page, workflow);
  await page.route('**/draft', () => undefined);
  await field(page).fill('still being written');
  const second = await context.newPage();
  await opened(second, workflow);
  await expect(field(second)).toHaveValue('saved words');
  // It waits a while for the page that wrote them to be gone.
  const waiting = () => second.evaluate(async () => (await navigator.locks.query()).pending?.length);
  await expect.poll(waiting).toBe(1);
  await expect.poll(waiting, { timeout: 15_000 }).toBe(0);
  await expect(second.getByText(/Unsaved edits from/)).toHaveCount(0);
  await page.close();
  await second.reload();
  await bringBack(second);
  await expect(field(second)).toHaveValue('still being written');
});

test('an edit in a gap of the network is sent when it is back, without another key', async ({ page, server, context, expectedProblems }) => {
  expectedProblems.push(/ERR_INTERNET_DISCONNECTED|Failed to (load resource|fetch)/);
  const workflow = await saved(server);
  await opened(page, workflow);
  await context.setOffline(true);
  await field(page).fill('typed in the gap');
  const told = page.getByRole('status').filter({ hasText: /could not be/ });
  await expect(told).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('gap.png') });
  await context.setOffline(false);
  await expect.poll(() => draft(server, workflow)).toBe('typed in the gap');
  await expect(told).toHaveCount(0);
});

test('a save in a restart of the server is done once it is back, also where the answer was lost', async ({ page, server, expectedProblems }) => {
  expectedProblems.push(/ERR_CONNECTION_REFUSED|Failed to (load resource|fetch)|ERR_FAILED/);
  const workflow = await saved(server);
  await opened(page, workflow);
  await server.stop('SIGKILL');
  await field(page).fill('first save');
  await page.keyboard.press('Control+s');
  await expect(page.getByRole('status').filter({ hasText: /could not be/ })).toBeVisible();
  await server.begin();
  await expect(page.getByText('Saved.')).toBeVisible();
  const text = async () => (await server.api('GET', `/api/workflows/${workflow}`)).definition.nodes[0].params.text;
  expect(await text()).toBe('first save');

  // The server does it, and the connection breaks before the page hears of it.
  await page.route('**/api/fn/save_workflow*', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await field(page).fill('second save');
  await page.keyboard.press('Control+s');
  await expect(page.locator('.save-state')).toHaveText('Saved');
  expect(await text()).toBe('second save');
  await expect(page.getByRole('dialog', { name: /Someone else saved/ })).toHaveCount(0);
});
