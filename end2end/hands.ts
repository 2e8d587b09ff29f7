// What a hand does in the builder: adding, placing and wiring nodes.
import type { Page } from '@playwright/test';
import { expect, node } from './server';

export async function add(page: Page, words: string, type: string) {
  const before = await page.locator(`[data-node-type="${type}"]`).count();
  await page.getByRole('button', { name: 'Add node' }).click();
  await page.getByRole('searchbox', { name: 'Search nodes' }).fill(words);
  await page.keyboard.press('Enter');
  await expect(page.locator(`[data-node-type="${type}"]`)).toHaveCount(before + 1);
}

/** Drags a node by its header so that its upper left corner comes to `x`, `y` of the window. */
export async function place(page: Page, type: string, nth: number, x: number, y: number) {
  const handle = node(page, type, nth).locator('[data-drag-handle]');
  const box = (await handle.boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(x + 40, y + 30, { steps: 4 });
  await page.mouse.move(x + 20, y + 8, { steps: 2 });
  await page.mouse.up();
}

export async function connect(page: Page, from: [string, number, string], to: [string, number, string]) {
  const centre = async ([type, nth, socket]: [string, number, string], direction: string) => {
    const box = (await node(page, type, nth).locator(`[data-socket="${socket}"][data-direction="${direction}"]`).boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const [start, end] = [await centre(from, 'out'), await centre(to, 'in')];
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 3 });
  await page.mouse.move(end.x, end.y, { steps: 3 });
  await page.mouse.up();
}

/** Waits until a node has succeeded, as long as anything in the graph still moves: a slow machine is no failure. */
export async function succeeded(page: Page, type: string, nth = 0) {
  let last = '';
  let moved = Date.now();
  await expect
    .poll(async () => {
      const shown = (await page.locator('[data-node-id]').allInnerTexts()).join();
      if (shown !== last) [last, moved] = [shown, Date.now()];
      if (Date.now() - moved > 120_000) return 'stands still';
      return (await node(page, type, nth).getAttribute('data-node-status')) ?? 'not there';
    }, { timeout: 0 })
    .toMatch(/succeeded|stands still/);
  await expect(node(page, type, nth)).toHaveAttribute('data-node-status', 'succeeded');
}
