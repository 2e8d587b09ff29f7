// Where new nodes come to stand, on no other node and in sight, and what they are wired to: from the palette, and many files dropped at once.
import type { Page } from '@playwright/test';
import { add } from '../hands';
import { expect, graphReady, node, test, visit } from '../server';

type Box = { name: string; x: number; y: number; right: number; bottom: number };

const boxes = (page: Page): Promise<Box[]> =>
  page.locator('[data-node-id]').evaluateAll((nodes) =>
    nodes.map((node) => {
      const { x, y, right, bottom } = node.getBoundingClientRect();
      return { name: node.querySelector('.node-clip-name')?.textContent ?? '', x, y, right, bottom };
    }),
  );

function overlapping(all: Box[]): number {
  const on = (a: Box, b: Box) => Math.min(a.right, b.right) - Math.max(a.x, b.x) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) > 1;
  return all.flatMap((one, place) => all.slice(place + 1).filter((other) => on(one, other))).length;
}

const outside = (all: Box[], page: Page) => {
  const { width, height } = page.viewportSize()!;
  return all.filter((box) => box.x < -1 || box.y < -1 || box.right > width + 1 || box.bottom > height + 1).length;
};

test('many files dropped at once stand in a block in order of their names', async ({ page, server }) => {
  const definition = { schema: 1, nodes: [{ id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: {} }], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Takes', status: 'saved', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await page.evaluate(async () => {
    const data = new DataTransfer();
    for (const number of [10, 2, 1, 9, 3, 12, 4, 11, 5, 8, 6, 7]) {
      const drawing = new OffscreenCanvas(90, 160);
      const pen = drawing.getContext('2d')!;
      pen.fillStyle = `hsl(${number * 30} 60% 50%)`;
      pen.fillRect(0, 0, 90, 160);
      data.items.add(new File([await drawing.convertToBlob({ type: 'image/png' })], `take ${number}.png`, { type: 'image/png' }));
    }
    const options = { bubbles: true, cancelable: true, dataTransfer: data, clientX: 700, clientY: 400 };
    document.querySelector('[data-canvas]')!.dispatchEvent(new DragEvent('drop', options));
  });
  // Only nodes in sight are in the page, so what a Fit shows depends on how many stood when it was asked for.
  await expect(async () => {
    await page.getByRole('button', { name: 'Fit', exact: true }).click();
    expect(await page.locator('[data-node-type="UploadImage"]').count()).toBe(12);
  }).toPass();
  await expect(page.getByRole('list', { name: 'Uploads' }).getByRole('listitem')).toHaveCount(0);
  await page.getByRole('button', { name: 'Fit', exact: true }).click();
  await expect.poll(async () => outside(await boxes(page), page)).toBe(0);
  expect(overlapping(await boxes(page))).toBe(0);
  await page.screenshot({ path: test.info().outputPath('block-light.png') });

  await page.keyboard.press('Control+s');
  const stored = async () => (await server.api('GET', `/api/workflows/${workflow_id}`)).definition.nodes.filter((one: any) => one.type === 'UploadImage');
  await expect.poll(async () => (await stored()).filter((one: any) => one.params.image_id).length).toBe(12);
  const names = new Map((await server.api('GET', '/api/assets?kind=image')).map((asset: any) => [asset.id, asset.name]));
  const read = (await stored()).sort((a: any, b: any) => a.position.y - b.position.y || a.position.x - b.position.x);
  expect(read.map((one: any) => names.get(one.params.image_id))).toEqual(Array.from({ length: 12 }, (_, place) => `take ${place + 1}.png`));
});

test('nodes added one after another stand side by side in sight, wired where one pair fits, and Undo takes both back', async ({ page }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await add(page, 'prompt', 'Prompt');
  await add(page, 'veo', 'VeoVideo');
  await expect(page.locator('[data-connection]')).toHaveCount(1);
  await add(page, 'output', 'Output');
  await expect(page.locator('[data-connection]')).toHaveCount(2);
  const all = await boxes(page);
  expect(overlapping(all)).toBe(0);
  expect(outside(all, page)).toBe(0);
  const [prompt, shot, output] = all;
  expect(shot.x).toBeGreaterThan(prompt.right);
  expect(output.x).toBeGreaterThan(shot.right);
  expect([Math.round(shot.y), Math.round(output.y)]).toEqual([Math.round(prompt.y), Math.round(prompt.y)]);
  // The node and its wire are one step.
  await page.keyboard.press('Control+z');
  await expect(page.locator('[data-node-id]')).toHaveCount(2);
  await expect(page.locator('[data-connection]')).toHaveCount(1);

  // With nothing selected it takes the nearest free place, wired to nothing.
  await page.locator('[data-canvas]').focus();
  await page.keyboard.press('Escape');
  await add(page, 'note', 'Note');
  expect(overlapping(await boxes(page))).toBe(0);
  expect(outside(await boxes(page), page)).toBe(0);
  await expect(page.locator('[data-connection]')).toHaveCount(1);
});

test('two sockets that fit leave the choice to the hand', async ({ page }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await add(page, 'image', 'UploadImage');
  // First and last picture of the shot would both take it.
  await add(page, 'veo', 'VeoVideo');
  await expect(page.locator('[data-connection]')).toHaveCount(0);
});

test('a new shot is of the first provider that is alive and has a key, the example’s too', async ({ page, server }) => {
  const definition = (address: string) => server.api('GET', `/api/workflows/${address.split('/').at(-1)}`);
  const made = async () => {
    await page.waitForURL(/\/workflows\/[0-9a-f-]{36}$/);
    const { definition: stored, draft } = await definition(page.url());
    return (draft?.definition ?? stored).nodes.filter((one: any) => one.params.provider).map((one: any) => [one.params.provider, one.params.model]);
  };
  const first = async () => {
    await visit(page, '/workflows/new');
    await graphReady(page);
    await page.getByRole('button', { name: 'First shot' }).click();
    await expect(page.locator('[data-node-id]')).toHaveCount(3);
  };
  await first();
  const [alive] = await made();
  expect(alive[0], 'what was retired is nobody’s default').not.toBe('openai');
  await server.stop();
  await server.begin({ XAI_API_KEY: 'k' });
  await first();
  const [keyed] = await made();
  expect(keyed[0]).toBe('xai');
  await visit(page, '/');
  await page.getByRole('button', { name: 'Open the example' }).click();
  const example = await made();
  expect(example.map(([provider]: string[]) => provider)).toEqual(['xai', 'xai', 'xai', 'xai']);
});

test('Fit shows what lies very far apart', async ({ page, server }) => {
  const prompt = (id: string, x: number, y: number) => ({ id, type: 'Prompt', position: { x, y }, params: {} });
  const definition = { schema: 1, nodes: [prompt('a', 0, 0), prompt('b', 50_000, 50_000), prompt('c', -900_000, 10)], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Far', status: 'saved', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  expect(await page.locator('[data-node-id]').count()).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Fit', exact: true }).click();
  await expect(node(page, 'Prompt', 2)).toBeAttached();
  await expect.poll(async () => outside(await boxes(page), page)).toBe(0);
});
