// The clipboard is the system's, and a document that is dropped is read as one: ours puts in its nodes, any other is named and leaves nothing.
import type { Page } from '@playwright/test';
import { type Server, expect, graphReady, node, test, visit } from '../server';

const prompt = (id: string, x: number, text = '') => ({ id, type: 'Prompt', position: { x, y: 0 }, params: { text } });
const count = (page: Page) => page.locator('[data-node-id]').count();

async function opened(page: Page, server: Server, nodes: object[], connections: object[] = []): Promise<void> {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Copies', status: 'saved', definition: { schema: 1, nodes, connections } });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
}

/** Drops a file of that text near the middle of the canvas. */
const drop = (page: Page, name: string, text: string, type = 'application/json') =>
  page.evaluate(
    ([name, text, type]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], name, { type }));
      const options = { bubbles: true, cancelable: true, dataTransfer: data, clientX: 700, clientY: 400 };
      document.querySelector('[data-canvas]')!.dispatchEvent(new DragEvent('drop', options));
    },
    [name, text, type],
  );

test.beforeEach(async ({ context, server }) => context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin }));

test('nodes copied in one tab are pasted in another workflow, and text copied later wins', async ({ page, server, context }) => {
  const shot = { id: 's', type: 'Sora2Video', position: { x: 400, y: 0 }, params: { provider: 'animatic', model: 'animatic' } };
  const wire = { from: { node: 'p', socket: 'text' }, to: { node: 's', socket: 'prompt' } };
  await opened(page, server, [prompt('p', 0, '雨の夜'), shot], [wire]);
  await page.locator('[data-canvas]').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');

  const other = await context.newPage();
  await opened(other, server, [prompt('p', 0, 'already here')]);
  await other.locator('[data-canvas]').focus();
  await other.keyboard.press('Control+v');
  await expect(other.locator('[data-node-id]')).toHaveCount(3);
  await expect(other.locator('[data-connection]')).toHaveCount(1);
  await expect(node(other, 'Prompt', 1).getByLabel('Prompt')).toHaveValue('雨の夜');
  // What was pasted lies on nothing.
  const boxes = await other.locator('[data-node-id]').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
  const on = (a: DOMRect, b: DOMRect) => Math.min(a.right, b.right) - Math.max(a.x, b.x) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) > 1;
  expect(boxes.flatMap((one, place) => boxes.slice(place + 1).filter((next) => on(one, next)))).toEqual([]);
  await other.keyboard.press('Control+z');
  await expect(other.locator('[data-node-id]')).toHaveCount(1);

  // Words of a field, copied after the nodes, are what is pasted: into a field as ever, onto the canvas as nothing.
  await node(other, 'Prompt').getByLabel('Prompt').click();
  await other.keyboard.press('Control+a');
  await other.keyboard.press('Control+c');
  await other.locator('[data-canvas]').focus();
  await other.keyboard.press('Control+v');
  await expect(other.getByRole('status').filter({ hasText: 'The clipboard holds no nodes.' })).toBeVisible();
  expect(await count(other)).toBe(1);
});

test('cut takes the nodes away, and they come back where they are pasted', async ({ page, server }) => {
  await opened(page, server, [prompt('a', 0, 'first'), prompt('b', 400, 'second')]);
  await node(page, 'Prompt', 1).locator('[data-drag-handle]').click({ position: { x: 20, y: 8 } });
  await page.keyboard.press('Control+x');
  await expect(page.locator('[data-node-id]')).toHaveCount(1);
  await page.keyboard.press('Control+v');
  await expect(page.locator('[data-node-id]')).toHaveCount(2);
  await expect(node(page, 'Prompt', 1).getByLabel('Prompt')).toHaveValue('second');
});

test('a workflow’s document that is dropped puts in its nodes', async ({ page, server }) => {
  await opened(page, server, [prompt('p', 0, 'here')]);
  await drop(page, 'night.json', JSON.stringify({ schema: 1, nodes: [prompt('p', 0, 'from a file'), prompt('q', 400)], connections: [] }));
  await expect(page.locator('[data-node-id]')).toHaveCount(3);
  await expect(node(page, 'Prompt', 1).getByLabel('Prompt')).toHaveValue('from a file');
  await page.keyboard.press('Control+z');
  await expect(page.locator('[data-node-id]')).toHaveCount(1);
});

for (const [tool, text] of [
  ['ComfyUI', '{"last_node_id":1,"nodes":[{"id":1,"type":"KSampler"}],"links":[],"version":0.4}'],
  ['n8n', '{"name":"Mail","nodes":[{"name":"Cron","type":"n8n-nodes-base.cron","parameters":{}}],"connections":{}}'],
  ['no JSON', 'nodes: []'],
]) {
  test(`a document that is not ours is refused in words: ${tool}`, async ({ page, server }) => {
    await opened(page, server, [prompt('p', 0)]);
    await drop(page, 'workflow.json', text);
    const said = page.getByRole('status').filter({ hasText: tool });
    await expect(said).toContainText('workflow.json');
    await expect(said).toContainText('Nothing was added.');
    expect(await count(page)).toBe(1);
    await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
  });
}

test('a file that is no clip leaves no node', async ({ page, server, expectedProblems }) => {
  // The browser itself logs the refusal.
  expectedProblems.push(/\b4(15|22)\b/);
  await opened(page, server, [prompt('p', 0)]);
  await drop(page, 'notes.mp4', 'these are words', 'video/mp4');
  await expect(page.getByRole('status').filter({ hasText: 'notes.mp4' })).toBeVisible();
  await expect(page.locator('[data-node-id]')).toHaveCount(1);
});
