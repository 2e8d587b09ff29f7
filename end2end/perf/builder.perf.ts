// From navigation to a usable builder with 100 nodes, and what the page weighs.
import type { CDPSession } from '@playwright/test';
import { graphReady, test } from '../server';
import { drama } from './drama';

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

test('a builder with 100 nodes', async ({ server, browser }) => {
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'A hundred nodes', definition: drama(100) });
  const url = `${server.origin}/workflows/${workflow_id}`;
  const cold: number[] = [];
  const warm: number[] = [];
  const painted: number[] = [];
  let bytes: Record<string, number> = {};
  for (let round = 0; round < 5; round++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const client: CDPSession = await context.newCDPSession(page);
    await client.send('Network.enable');
    const names = new Map<string, string>();
    const weights: Record<string, number> = {};
    client.on('Network.responseReceived', ({ requestId, response }) => names.set(requestId, new URL(response.url).pathname));
    client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const name = names.get(requestId);
      if (name) weights[name] = encodedDataLength;
    });
    const measure = async () => {
      await graphReady(page);
      return page.evaluate(() => ({
        ready: performance.getEntriesByName('graph-ready')[0].startTime,
        paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      }));
    };
    await page.goto(url);
    const first = await measure();
    cold.push(first.ready);
    painted.push(first.paint);
    bytes = { ...weights };
    await page.reload();
    warm.push((await measure()).ready);
    await context.close();
  }
  const total = Object.values(bytes).reduce((sum, size) => sum + size, 0);
  console.log(`\nbuilder, 100 nodes, median of 5: graph ready ${median(cold).toFixed(0)} ms cold, ${median(warm).toFixed(0)} ms warm; ` +
    `first paint with the graph ${median(painted).toFixed(0)} ms cold`);
  console.log(`bytes over the wire, first load: ${(total / 1000).toFixed(0)} kB in all`);
  for (const [name, size] of Object.entries(bytes).sort((a, b) => b[1] - a[1])) console.log(`  ${(size / 1000).toFixed(1).padStart(8)} kB  ${name}`);
});
