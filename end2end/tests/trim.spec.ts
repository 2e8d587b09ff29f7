// A part of a clip, as a new user makes it: given, wired, cut, and what is said before it can be cut. Leaves screenshots.
import AxeBuilder from '@axe-core/playwright';
import { readFileSync } from 'node:fs';
import { add, connect, place, succeeded } from '../hands';
import { clip, expect, graphReady, node, test, visit } from '../server';

test('a part of a clip is kept, exact to the frame', async ({ page, server, expectedProblems }) => {
  const file = readFileSync(clip(server.dir, 6, 3));
  await visit(page, '/workflows/new');
  await graphReady(page);
  await add(page, 'trim', 'Trim');
  await place(page, 'Trim', 0, 620, 160);
  await add(page, 'upload a video', 'UploadVideo');
  await place(page, 'UploadVideo', 0, 240, 160);
  const chooser = page.waitForEvent('filechooser');
  await node(page, 'UploadVideo').getByRole('button', { name: /choose|upload/i }).first().click();
  await (await chooser).setFiles({ name: 'take.mp4', mimeType: 'video/mp4', buffer: file });
  await expect(node(page, 'UploadVideo').locator('video')).toHaveAttribute('src', /^blob:/);
  await connect(page, ['UploadVideo', 0, 'video'], ['Trim', 0, 'video']);
  await node(page, 'Trim').getByLabel('In point (s)').fill('2');
  await node(page, 'Trim').getByLabel('Out point (s)').fill('1');
  await node(page, 'Trim').getByLabel('Out point (s)').blur();
  // The browser itself logs the refusal.
  expectedProblems.push(/\b422\b/);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('The out point comes after the in point: choose a later one.').first()).toBeVisible();
  await node(page, 'Trim').getByLabel('In point (s)').fill('0.5');
  await node(page, 'Trim').getByLabel('Out point (s)').fill('1.5');
  await node(page, 'Trim').getByLabel('Out point (s)').blur();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await succeeded(page, 'Trim');
  await expect(page.getByText(/^Nothing was started/)).toHaveCount(0);
  await expect(node(page, 'Trim').locator('video')).toHaveAttribute('src', /^blob:/);
  const [made] = (await server.api('GET', '/api/videos')).filter((one: { duration_seconds: number }) => one.duration_seconds < 2);
  expect(made.duration_seconds).toBeCloseTo(1, 2);

  await node(page, 'Trim').locator('[data-drag-handle]').click({ position: { x: 20, y: 8 } });
  for (const theme of ['dark', 'light'] as const) {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize(viewport);
      await page.screenshot({ path: test.info().outputPath(`trim-${theme}-${viewport.width}.png`) });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => `${one.id} ${one.nodes.map((node) => node.target).join(' ')}`)).toEqual([]);
    }
  }
});
