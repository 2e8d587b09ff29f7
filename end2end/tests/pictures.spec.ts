// Pictures go the way of clips: given, kept in the browser, saved, restored, told when they are gone. Leaves screenshots.
import { expect, graphReady, node, test, visit } from '../server';

/** A picture of 1200 by 800 pixels, drawn by the page, is dropped on the canvas. */
const drop = (page: import('@playwright/test').Page) =>
  page.evaluate(async () => {
    const drawing = new OffscreenCanvas(1200, 800);
    const pen = drawing.getContext('2d')!;
    pen.fillStyle = '#276';
    pen.fillRect(0, 0, 1200, 800);
    pen.fillStyle = '#fd7';
    pen.fillRect(300, 200, 600, 400);
    const data = new DataTransfer();
    data.items.add(new File([await drawing.convertToBlob({ type: 'image/png' })], 'harbour.png', { type: 'image/png' }));
    const options = { bubbles: true, cancelable: true, dataTransfer: data, clientX: 500, clientY: 300 };
    document.querySelector('[data-canvas]')!.dispatchEvent(new DragEvent('drop', options));
  });

test('a picture is given, kept, restored, and told when it is gone', async ({ page, server }) => {
  const fetched: string[] = [];
  page.on('request', (request) => request.url().includes('/download') && fetched.push(request.url()));
  await visit(page, '/workflows/new');
  await graphReady(page);
  await drop(page);
  const picture = node(page, 'UploadImage').locator('img');
  await expect(picture).toHaveAttribute('src', /^blob:/);
  await expect(node(page, 'UploadImage').getByText('1200x800')).toBeVisible();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/workflows\/[0-9a-f-]{36}$/);
  await expect(page.getByText('Saved').first()).toBeVisible();

  await page.reload();
  await graphReady(page);
  await expect(picture).toHaveAttribute('src', /^blob:/);
  expect(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => [image.naturalWidth, image.naturalHeight]))).toEqual([1200, 800]);
  expect(fetched, 'the browser has the bytes that it sent').toEqual([]);
  await node(page, 'UploadImage').locator('[data-drag-handle]').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByRole('heading', { name: 'Image' }).last()).toBeVisible();
  for (const fact of ['1200 × 800', 'PNG', 'Uploaded', ' as input of UploadImage']) await expect(inspector.getByText(fact, { exact: true })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('picture-light.png') });

  // A browser that has nothing yet brings it once.
  const other = await page.context().browser()!.newContext({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  const stranger = await other.newPage();
  let downloads = 0;
  stranger.on('request', (request) => { if (request.url().includes('/download')) downloads++; });
  await visit(stranger, page.url());
  await expect(node(stranger, 'UploadImage').locator('img')).toHaveAttribute('src', /^blob:/);
  await visit(stranger, page.url());
  await expect(node(stranger, 'UploadImage').locator('img')).toHaveAttribute('src', /^blob:/);
  expect(downloads).toBe(1);

  const [{ id }] = await server.api('GET', '/api/assets?kind=image');
  await server.api('DELETE', `/api/assets/${id}?force=true`);
  await visit(stranger, page.url());
  await expect(node(stranger, 'UploadImage').getByText('harbour.png').first()).toBeVisible();
  await expect(node(stranger, 'UploadImage').getByText('It is in the trash.')).toBeVisible();
  await stranger.screenshot({ path: test.info().outputPath('picture-gone-phone-dark.png') });
  await other.close();
});
