// A workflow whose graph is damaged in the database: its page says so, offers what can be read, and gives the damaged text.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import AxeBuilder from '@axe-core/playwright';
import { expect, graphReady, node, type Server, test, visit } from '../server';

const definition = (text: string) => ({ schema: 1, nodes: [{ id: 'p', type: 'Prompt', position: { x: 0, y: 0 }, params: { text } }], connections: [] });
const rubbish = '{"schema":1,"nodes":[{"id":"p","ty';

/** Writes into the row past the program. */
function damage(server: Server, id: string): void {
  const database = new DatabaseSync(join(server.dir, 'media.db'));
  database.exec('PRAGMA busy_timeout = 10000');
  expect(database.prepare('UPDATE workflows SET definition = ? WHERE id = ?').run(rubbish, id).changes).toBe(1);
  database.close();
}

for (const [colorScheme, viewport] of [['dark', { width: 1440, height: 900 }], ['light', { width: 390, height: 844 }]] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, viewport });

    test('a damaged graph is told, given as a file, and replaced by the unsaved edits', async ({ page, server }) => {
      const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Rain', status: 'saved', definition: definition('saved') });
      await server.api('PUT', `/api/workflows/${workflow_id}/draft`, { definition: definition('edited'), base_etag: '"1-0"' });
      damage(server, workflow_id);
      await visit(page, `/workflows/${workflow_id}`);
      await expect(page.getByRole('heading', { name: 'Rain cannot be opened' })).toBeVisible();
      await expect(page.getByRole('alert')).toContainText('damaged');
      await page.screenshot({ path: test.info().outputPath('broken.png') });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => one.id)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);

      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download the damaged text' }).click();
      expect(readFileSync(await (await download).path(), 'utf8')).toBe(rubbish);

      await page.getByRole('button', { name: /Go on with the unsaved edits of/ }).click();
      await graphReady(page);
      await expect(node(page, 'Prompt').getByLabel('Prompt')).toHaveValue('edited');
      const kept = await server.api('GET', '/api/workflows?q=unreadable');
      expect(kept).toHaveLength(1);
      expect((await server.api('GET', `/api/workflows/${kept[0].id}`)).definition.unreadable).toBe(rubbish);
    });
  });
}
