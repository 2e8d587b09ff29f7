// What the canvas does by itself while a hand is on it.
import { add } from '../hands';
import { expect, graphReady, node, test, visit } from '../server';

test('a node that is dragged to the edge takes the view along, and Undo brings it back', async ({ page }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await add(page, 'note', 'Note');
  const onPlane = () => page.locator('.plane').evaluate((plane) => new DOMMatrix(getComputedStyle(plane).transform).e);
  const onScreen = () => node(page, 'Note').boundingBox().then((box) => Math.round(box!.x));
  const [before, place] = [await onPlane(), await onScreen()];

  const handle = (await node(page, 'Note').locator('[data-drag-handle]').boundingBox())!;
  await page.mouse.move(handle.x + 20, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(1436, 400, { steps: 5 });
  // The pointer rests, and the plane goes on under it.
  await expect.poll(onPlane).toBeLessThan(before - 300);
  expect(await onScreen()).toBe(1436 - 20);
  await page.mouse.move(700, 400, { steps: 5 });
  await page.mouse.up();
  const rests = await onPlane();
  expect(await onScreen()).toBe(700 - 20);
  await page.keyboard.press('Control+z');
  await expect.poll(onScreen).toBe(Math.round(place + rests - before));
});
