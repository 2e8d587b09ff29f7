// How long a workflow with 20 clips takes to come back: the first time from the server, then from the browser's own storage.
import { statSync } from 'node:fs';
import { clip, test, upload } from '../server';

// Wide enough that every clip is in view.
test.use({ viewport: { width: 2600, height: 1500 } });

test('restoring 20 clips', async ({ server, page }) => {
  const definition = { schema: 1, nodes: [] as any[], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Twenty clips', definition });
  let size = 0;
  for (let index = 0; index < 20; index++) {
    const path = clip(server.dir, index, 8);
    size += statSync(path).size;
    const video_id = await upload(server, path, `clip-${index}.mp4`);
    definition.nodes.push({ id: `clip-${index}`, type: 'UploadVideo', position: { x: (index % 10) * 330, y: Math.floor(index / 10) * 780 }, params: { video_id } });
  }
  await server.api('PUT', `/api/workflows/${workflow_id}`, { definition, status: 'saved' });

  let downloads = 0;
  page.on('request', (request) => { if (request.url().endsWith('/download')) downloads++; });
  const restore = async () => {
    downloads = 0;
    const began = Date.now();
    await page.goto(`${server.origin}/workflows/${workflow_id}`);
    await page.waitForFunction(() => document.querySelectorAll('[data-node-id] video[src^="blob:"]').length === 20);
    return { milliseconds: Date.now() - began, downloads };
  };
  const cold = await restore();
  const warm = await restore();
  console.log(`\nrestore of 20 clips (${(size / 1e6).toFixed(1)} MB): cold ${cold.milliseconds} ms with ${cold.downloads} downloads, ` +
    `warm ${warm.milliseconds} ms with ${warm.downloads} downloads; warm / cold = ${(warm.milliseconds / cold.milliseconds).toFixed(2)}`);
});
