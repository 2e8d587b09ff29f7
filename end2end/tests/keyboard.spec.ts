// The main job without a pointer: every step by keys that a user has, the focus found by Tab.
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { succeeded } from '../hands';
import { expect, graphReady, node, test, visit } from '../server';

/** Presses Tab until `goal` has the focus, as someone without a mouse does; Shift turns around. */
async function tabTo(page: Page, goal: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab') {
  await expect(goal).toBeAttached();
  for (let presses = 0; presses < 80; presses++) {
    if (await goal.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${goal} is not reached by ${key}`);
}

async function add(page: Page, words: string, type: string) {
  await tabTo(page, page.getByRole('button', { name: 'Add node' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toBeFocused();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await expect(node(page, type)).toBeFocused();
}

const socket = (page: Page, type: string, name: string, direction: 'in' | 'out') =>
  node(page, type).locator(`[data-socket="${name}"][data-direction="${direction}"]`);

test('a workflow is built, run and saved by keyboard alone', async ({ page, server }) => {
  test.setTimeout(120_000);
  await visit(page, '/');
  await tabTo(page, page.getByRole('link', { name: 'New workflow' }).first());
  await page.keyboard.press('Enter');
  await page.waitForURL('**/workflows/new');
  await graphReady(page);

  await add(page, 'prompt', 'Prompt');
  await tabTo(page, node(page, 'Prompt').getByLabel('Prompt'));
  await page.keyboard.type('A lantern in the rain');
  // With nothing selected, what is added is wired to nothing: the first Escape leaves the field, the second lets go of the node.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await add(page, 'sora', 'Sora2Video');
  await page.keyboard.press('Escape');
  await add(page, 'output', 'Output');
  await expect(page.locator('[data-connection]')).toHaveCount(0);

  // Arrow keys move the selected node, and Undo brings it back.
  const at = () => node(page, 'Output').boundingBox().then((box) => Math.round(box!.x));
  const before = await at();
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(at).toBeGreaterThan(before);
  await page.keyboard.press('Control+z');
  await expect.poll(at).toBe(before);

  // Enter takes up a wire, arrow keys go to what fits, Enter connects.
  for (const [type, name, to, into] of [['Prompt', 'text', 'Sora2Video', 'prompt'], ['Sora2Video', 'video', 'Output', 'video']]) {
    await tabTo(page, socket(page, type, name, 'out'), 'Shift+Tab');
    await page.keyboard.press('Enter');
    for (let presses = 0; presses < 5; presses++) {
      if (await socket(page, to, into, 'in').evaluate((element) => element === document.activeElement)) break;
      await page.keyboard.press('ArrowDown');
    }
    await expect(socket(page, to, into, 'in')).toBeFocused();
    await page.keyboard.press('Enter');
  }
  await expect(page.locator('[data-connection]')).toHaveCount(2);

  await tabTo(page, page.getByRole('button', { name: 'Run', exact: true }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await succeeded(page, 'Sora2Video');

  await tabTo(page, page.getByRole('textbox', { name: 'Workflow name' }), 'Shift+Tab');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('Lantern');
  await tabTo(page, page.getByRole('button', { name: 'Save', exact: true }));
  await page.keyboard.press('Enter');
  const id = page.url().split('/').at(-1)!;
  await expect.poll(async () => (await server.api('GET', `/api/workflows/${id}`)).status).toBe('saved');
  const saved = await server.api('GET', `/api/workflows/${id}`);
  expect(saved.name).toBe('Lantern');
  expect(saved.videos.map((one: any) => [one.node_type, one.role]).sort()).toEqual([['Output', 'output'], ['Sora2Video', 'output']]);
});

test('keys run and save while a prompt is being written, and a list names them', async ({ page, server }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await page.keyboard.press('n');
  await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toBeFocused();
  await page.keyboard.type('sora');
  await page.keyboard.press('Enter');
  await node(page, 'Sora2Video').getByLabel('Prompt').fill('A lantern in the rain');
  // A key that is pressed again before the server has answered, and then kept down until after the run, starts one run.
  let starts = 0;
  let answer = () => {};
  const pressed = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/fn/start_execution', async (route) => {
    starts++;
    await pressed;
    await route.continue();
  });
  const asked = page.waitForRequest('**/api/fn/start_execution');
  await page.keyboard.down('Control');
  await page.keyboard.press('Enter');
  await asked;
  await page.keyboard.down('Enter');
  answer();
  await succeeded(page, 'Sora2Video');
  await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await page.keyboard.up('Control');
  await page.keyboard.press('Control+s');
  const id = page.url().split('/').at(-1)!;
  await expect.poll(async () => (await server.api('GET', `/api/workflows/${id}`)).status).toBe('saved');
  expect(starts).toBe(1);

  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(list).toContainText('Full screen');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(list).toBeHidden();
});

test('keys of an input method are not the page’s', async ({ page, server }) => {
  /** A key that an input method takes, as Chromium and Firefox tell it, or as Safari does at the end of a composition. */
  const compose = (at: Locator, key: string, init: object) =>
    at.evaluate((element, event) => element.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...event })), { key, ...init });
  const told = [{ isComposing: true }, { keyCode: 229 }];
  await visit(page, '/workflows/new');
  await graphReady(page);
  await page.keyboard.press('n');
  const search = page.getByRole('searchbox', { name: 'Search nodes' });
  await search.fill('note');
  for (const init of told) {
    await compose(search, 'Enter', init);
    await compose(search, 'Escape', init);
    await compose(page.locator('[data-canvas]'), 'n', { ...init, ctrlKey: false });
  }
  await expect(search).toBeVisible();
  await expect(page.locator('[data-node-id]')).toHaveCount(0);
  await search.press('Enter');
  await expect(node(page, 'Note')).toBeFocused();
  for (const init of told) await compose(node(page, 'Note'), 'Delete', init);
  await expect(node(page, 'Note')).toBeVisible();

  await server.api('POST', '/api/workflows', { name: '第1集', status: 'saved', definition: { schema: 1, nodes: [], connections: [] } });
  await visit(page, '/');
  await page.getByRole('button', { name: 'Rename 第1集' }).click();
  for (const init of told) await compose(page.getByRole('textbox', { name: 'Name' }), 'Escape', init);
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Name' }).press('Escape');
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeHidden();
});
