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
  // The inspector of the node in the hand lies at the right: what it covers counts as beyond the edge.
  await page.mouse.move(1110, 400, { steps: 5 });
  // The pointer rests, and the plane goes on under it.
  await expect.poll(onPlane).toBeLessThan(before - 300);
  expect(await onScreen()).toBe(1110 - 20);
  await page.mouse.move(700, 400, { steps: 5 });
  await page.mouse.up();
  const rests = await onPlane();
  expect(await onScreen()).toBe(700 - 20);
  await page.keyboard.press('Control+z');
  await expect.poll(onScreen).toBe(Math.round(place + rests - before));
});

test('Fit keeps clear of the inspector', async ({ page }) => {
  await visit(page, '/workflows/new');
  await graphReady(page);
  await add(page, 'note', 'Note');
  // The inspector of the second node takes the place of the first one's.
  await add(page, 'output', 'Output');
  const inspector = (await page.getByRole('complementary', { name: 'Inspector' }).boundingBox())!;
  await page.getByRole('button', { name: 'Fit', exact: true }).click();
  const aside = async () => {
    const [note, output] = [(await node(page, 'Note').boundingBox())!, (await node(page, 'Output').boundingBox())!];
    const [left, right] = [Math.min(note.x, output.x), Math.max(note.x + note.width, output.x + output.width)];
    return Math.abs((left + right) / 2 - inspector.x / 2);
  };
  await expect.poll(aside).toBeLessThan(3);
});

test('on a phone the sheet of a node makes way while the node is dragged', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await visit(page, '/workflows/new');
  await graphReady(page);
  await add(page, 'note', 'Note');
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector).toBeVisible();
  await page.getByRole('button', { name: 'Close the inspector' }).click();
  const handle = (await node(page, 'Note').locator('[data-drag-handle]').boundingBox())!;
  await page.mouse.move(handle.x + 20, handle.y + 8);
  await page.mouse.down();
  await expect(inspector).toBeVisible();
  await page.mouse.move(handle.x + 40, handle.y + 40, { steps: 3 });
  await expect(inspector).toBeHidden();
  await page.mouse.up();
  await expect(inspector).toBeVisible();
});
