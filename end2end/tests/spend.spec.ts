// Final mode with the providers' doubles: the price before, the clip, what waits for the user, and the ledger of it all.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { succeeded } from '../hands';
import { expect, graphReady, node, type Server, test as base, visit } from '../server';

const test = base.extend<{ paid: Server }>({
  // The server again, with its providers' addresses pointing at doubles.
  paid: async ({ server }, use) => {
    const double: ChildProcess = spawn(resolve(import.meta.dirname, '../../target/release/provider-double'), ['--address', '127.0.0.1:0']);
    const settings = await new Promise<Record<string, string>>((ready, failed) => {
      let said = '';
      double.once('exit', () => failed(new Error('the double ended')));
      double.stdout?.on('data', (text) => {
        said += text;
        if (said.includes('XAI_API_KEY')) ready(Object.fromEntries(said.trim().split(/\s+/).map((pair) => pair.split('='))));
      });
    });
    await server.stop();
    await server.begin({ ...settings, REELGRAPH_CAP_DAY_USD: '1' });
    await use(server);
    double.removeAllListeners('exit');
    double.kill();
  },
});

async function open(server: Server, name: string, params: object): Promise<string> {
  const only = { id: 'a', type: 'Sora2Video', position: { x: 0, y: 0 }, params };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name, definition: { schema: 1, nodes: [only], connections: [] } });
  return `/workflows/${workflow_id}`;
}

test('a final run tells its price, is paid once, and stands in the ledger', async ({ page, paid }) => {
  const rain = await open(paid, 'Rain', { provider: 'openai', model: 'sora-2', seconds: 4, prompt: 'A lantern in the rain' });
  await visit(page, rain);
  await graphReady(page);
  await page.getByRole('button', { name: 'Final', exact: true }).click();
  await expect(page.getByText('$0.40')).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('final.png') });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await succeeded(page, 'Sora2Video');
  await expect(node(page, 'Sora2Video').locator('video')).toBeVisible();
  // What is there already costs nothing.
  await expect(page.getByText('$0.00')).toBeVisible();

  await visit(page, await open(paid, 'Fog', { provider: 'xai', model: 'grok-imagine-video', seconds: 1, size: '480x854', prompt: 'Lost [[drop]]' }));
  await graphReady(page);
  await page.getByRole('button', { name: 'Final', exact: true }).click();
  // The answer to how the run stands comes after the events that know better.
  const late = page.waitForResponse('**/api/fn/execution');
  await page.route('**/api/fn/execution', async (route) => {
    const response = await route.fetch();
    await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'unknown');
    await route.fulfill({ response });
  });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await (await late).finished();
  await page.unroute('**/api/fn/execution');
  await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'unknown');
  await node(page, 'Sora2Video').press('Enter');
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('button', { name: 'Check again' }).click();
  await expect(node(page, 'Sora2Video')).toHaveAttribute('data-node-status', 'unknown');

  for (const theme of ['dark', 'light'] as const) {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize(viewport);
      await visit(page, '/spend');
      await page.screenshot({ path: test.info().outputPath(`spend-${theme}-${viewport.width}.png`) });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => `${one.id} ${one.nodes.map((node) => node.target).join(' ')}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    }
  }
  const row = (words: string) => page.getByRole('listitem').filter({ hasText: words });
  await expect(row('A lantern in the rain')).toContainText('In the library');
  await expect(row('A lantern in the rain')).toContainText('about $0.40');
  await row('Lost').getByRole('button', { name: 'Give up' }).click();
  await expect(row('Lost')).toContainText('Given up');

  const { requests } = await paid.api('GET', '/api/spend');
  expect(requests.length).toBe(2);

  // What was paid for once comes back without any key.
  await paid.stop();
  await paid.begin();
  await visit(page, rain);
  await graphReady(page);
  await page.getByRole('button', { name: 'Final', exact: true }).click();
  await page.getByRole('button', { name: 'Stay in final' }).click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(node(page, 'Sora2Video').getByText('Cached').first()).toBeVisible();
});
