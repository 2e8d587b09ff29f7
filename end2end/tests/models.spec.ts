// Models: what a retired one says, how it is swapped, what another one of the provider could do, and models that were added.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, graphReady, node, type Server, test, visit } from '../server';

const shot = (type: string, params: object) => ({ id: 'a', type, position: { x: 0, y: 0 }, params: { prompt: 'A harbour at dawn', ...params } });

/** Opens a workflow of this one node and selects it. */
async function open(page: Page, server: Server, only: ReturnType<typeof shot>) {
  const definition = { schema: 1, nodes: [only], connections: [] };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Models', definition });
  await visit(page, `/workflows/${workflow_id}`);
  await graphReady(page);
  await node(page, only.type).locator('[data-drag-handle]').click({ position: { x: 20, y: 8 } });
  return page.getByRole('complementary', { name: 'Inspector' });
}

test('a retired model says so in final mode, is swapped in one step, and Undo brings it back', async ({ page, server }) => {
  await server.stop();
  await server.begin({ OPENAI_API_KEY: 'k' });
  const inspector = await open(page, server, shot('Sora2Video', { model: 'sora-2-pro', seconds: 12, size: '1024x1792' }));
  await page.getByRole('button', { name: 'Final', exact: true }).click();
  await expect(inspector.getByRole('status').filter({ hasText: 'Sora 2 Pro was retired on 24 September 2026. Rehearsals still run.' })).toBeVisible();

  await inspector.getByRole('button', { name: 'Swap provider…' }).click();
  const choices = page.getByRole('dialog', { name: 'Swap provider' });
  await expect(choices.getByRole('button', { name: /Sora|Veo/ })).toHaveCount(0);
  const omni = choices.getByRole('button', { name: /Gemini Omni 1\.1 Flash/ });
  await expect(omni).toContainText('Seconds 12 → 10, Size 1024x1792 → 720x1280.');
  await expect(omni).toContainText('Needs the setting GEMINI_API_KEY.');
  await expect(choices.getByRole('button', { name: /Grok Imagine 1\.5/ })).toContainText('is not known');
  await omni.click();

  await expect(choices).toBeHidden();
  await expect(inspector.getByLabel('Provider', { exact: true })).toHaveValue('google');
  await expect(inspector.getByLabel('Model', { exact: true })).toHaveValue('gemini-omni-1.1-flash');
  await expect(inspector.getByLabel('Size', { exact: true })).toHaveValue('720x1280');
  await expect(node(page, 'Sora2Video').getByLabel('Seconds')).toHaveValue('10');
  await expect(inspector.getByText('was retired')).toHaveCount(0);

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(inspector.getByLabel('Provider', { exact: true })).toHaveValue('openai');
  await expect(inspector.getByLabel('Model', { exact: true })).toHaveValue('sora-2-pro');
  await expect(inspector.getByLabel('Size', { exact: true })).toHaveValue('1024x1792');
  await expect(node(page, 'Sora2Video').getByLabel('Seconds')).toHaveValue('12');
  await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
});

test('what the chosen model cannot do is disabled with the reason', async ({ page, server }) => {
  const inspector = await open(page, server, shot('VeoVideo', { model: 'veo-3.1-generate-preview', seconds: 4 }));
  const reason = 'Veo 3.1 makes 1080p in clips of 8 seconds only.';
  const large = inspector.getByLabel('Resolution', { exact: true }).locator('option[value="1080p"]');
  await expect(large).toBeDisabled();
  await expect(large).toHaveAttribute('title', reason);
  await expect(inspector.getByText(reason)).toBeVisible();
  await expect(inspector.getByLabel('Seed', { exact: true })).toBeDisabled();
  await expect(inspector.getByText('Veo 3.1 takes no seed.')).toBeVisible();
  await node(page, 'VeoVideo').getByLabel('Seconds').selectOption('8');
  await expect(large).toBeEnabled();
});

test('an added model is offered in the page as the server has it', async ({ page, server }) => {
  const file = join(server.dir, 'models.json');
  const entry = {
    provider: 'openai', model: 'house-video-1', title: 'House <Video>', durations: [1, 2], default_seconds: 1, sizes: ['180x320'],
    audio: false, image_input: true, seed: true, usd_per_second: { '180p': 0.01 },
  };
  writeFileSync(file, JSON.stringify([entry]));
  await server.stop();
  await server.begin({ REELGRAPH_MODELS: file });
  const inspector = await open(page, server, shot('Sora2Video', { model: 'house-video-1' }));
  await expect(inspector.getByLabel('Model', { exact: true }).locator('option:checked')).toHaveText('House <Video>');
  await expect(inspector.getByLabel('Seed', { exact: true })).toBeEnabled();
  await expect(node(page, 'Sora2Video').getByLabel('Seconds')).toHaveValue('1');
  await expect(inspector.getByText('A final of this shot costs about $0.01.')).toBeVisible();
});
