// Footage as it comes: what a stitch will do to each clip is told before it is done, and what is damaged on the server is told and healed. Leaves
// screenshots.
import AxeBuilder from '@axe-core/playwright';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clip, expect, graphReady, node, test, upload, visit } from '../server';

const hlg = (dir: string) => {
  const path = join(dir, 'phone.mov');
  execFileSync('ffmpeg', [
    '-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30:d=1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le',
    '-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc', path,
  ]);
  return path;
};

const given = (id: string, video_id: string, y: number) => ({ id, type: 'UploadVideo', position: { x: 0, y }, params: { video_id } });

test('what a stitch will do to each clip stands in its inspector', async ({ page, server }) => {
  const ids = [await upload(server, clip(server.dir, 1), 'plain.mp4'), await upload(server, hlg(server.dir), 'phone.mov')];
  const nodes = [
    given('a', ids[0], 0),
    given('b', ids[1], 420),
    { id: 's', type: 'VideoStitcher', position: { x: 420, y: 100 }, params: { order: ['a', 'b'] } },
  ];
  const wire = (from: string) => ({ from: { node: from, socket: 'video' }, to: { node: 's', socket: 'videos' } });
  const definition = { schema: 1, nodes, connections: [wire('a'), wire('b')] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Mixed', status: 'saved', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await node(page, 'VideoStitcher').locator('[data-drag-handle]').click({ position: { x: 20, y: 8 } });
  const order = page.locator('.clip-order');
  await expect(order.getByText(/HDR \(HLG\) made SDR \(BT\.709\)/)).toBeVisible();
  await expect(order.getByText('180x320, 24 frames a second, 2.00 s: encoded as one.')).toBeVisible();
  expect(await server.api('GET', '/api/jobs?status=running')).toEqual([]);
  for (const theme of ['dark', 'light'] as const) {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize(viewport);
      await page.screenshot({ path: test.info().outputPath(`stitch-${theme}-${viewport.width}.png`) });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => `${one.id} ${one.nodes.map((node) => node.target).join(' ')}`)).toEqual([]);
    }
  }
});

test('a clip that is damaged on the server says so, and is whole again once its file is uploaded', async ({ page, server, expectedProblems }) => {
  const file = clip(server.dir, 4);
  const id = await upload(server, file, 'take.mp4');
  const definition = { schema: 1, nodes: [given('a', id, 0)], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rot', status: 'saved', definition });
  const stored = readdirSync(join(server.dir, 'videos'), { recursive: true }).map(String).find((name) => /^..[/\\].*\.mp4$/.test(name));
  rmSync(join(server.dir, 'videos', stored ?? ''));
  // The browser itself logs the refusal.
  expectedProblems.push(/\b410\b/);
  await visit(page, `/workflows/${workflow_id}`);
  await expect(node(page, 'UploadVideo').getByText(/damaged on the server, or deleted\. Upload the same file again/)).toBeVisible();
  await node(page, 'UploadVideo').getByRole('button', { name: /choose|upload|other|replace/i }).first().waitFor();
  const chooser = page.waitForEvent('filechooser');
  await node(page, 'UploadVideo').getByRole('button', { name: /choose|upload|other|replace/i }).first().click();
  await (await chooser).setFiles({ name: 'take.mp4', mimeType: 'video/mp4', buffer: readFileSync(file) });
  await expect(node(page, 'UploadVideo').locator('video')).toHaveAttribute('src', /^blob:/);
  expect((await server.api('GET', `/api/videos/${id}`)).damaged_at).toBeNull();
});
