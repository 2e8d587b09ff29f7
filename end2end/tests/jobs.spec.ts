// The page of jobs: moving progress, the order of the queue, pause, resume and cancel.
import { expect, test, visit } from '../server';

const long = (prompt: string) => ({ provider: 'animatic', prompt, params: { seconds: 60, size: '1080x1920' } });

test('a running job moves, waiting ones are put in order, paused, resumed and cancelled', async ({ page, server }) => {
  // Two workers: the first two run, the rest waits.
  for (const name of ['Dawn', 'Noon', 'Dusk', 'Night', 'Rain']) await server.api('POST', '/api/videos/generate', long(name));
  await visit(page, '/');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Jobs' }).click();
  const group = (name: string) => page.getByRole('region', { name });
  const titles = (name: string) => group(name).locator('.job-title').allInnerTexts();
  await expect.poll(() => titles('Running')).toEqual(['Dawn', 'Noon']);
  const figure = async () => Number(/(\d+) %/.exec(await group('Running').getByRole('listitem').first().innerText())?.[1] ?? 0);
  await expect.poll(figure).toBeGreaterThan(0);
  const before = await figure();
  await expect.poll(figure).toBeGreaterThan(before);

  expect(await titles('Waiting')).toEqual(['Dusk', 'Night', 'Rain']);
  await page.getByRole('button', { name: 'Move Rain to the front' }).click();
  await expect.poll(() => titles('Waiting')).toEqual(['Rain', 'Dusk', 'Night']);
  const up = page.getByRole('button', { name: 'Move Night up' });
  await up.focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => titles('Waiting')).toEqual(['Rain', 'Night', 'Dusk']);
  await expect(up).toBeFocused();
  await page.getByRole('button', { name: 'Move Rain down' }).click();
  await expect.poll(() => titles('Waiting')).toEqual(['Night', 'Rain', 'Dusk']);

  await page.getByRole('button', { name: 'Pause Rain' }).click();
  await expect.poll(() => titles('Paused')).toEqual(['Rain']);
  await page.getByRole('button', { name: 'Cancel Dusk' }).click();
  await expect(group('Ended').getByRole('listitem').filter({ hasText: 'Dusk' })).toContainText('Cancelled');

  // What runs is cancelled only after a question; the next one starts, and not the paused one.
  await page.getByRole('button', { name: 'Cancel Dawn' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Let it go on' }).click();
  await expect.poll(() => titles('Running')).toContain('Dawn');
  await page.getByRole('button', { name: 'Cancel Dawn' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
  await expect.poll(() => titles('Running')).toEqual(['Noon', 'Night']);
  await page.getByRole('button', { name: 'Cancel Noon' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
  await expect.poll(() => titles('Running')).toEqual(['Night']);
  await page.getByRole('button', { name: 'Resume Rain' }).click();
  await expect.poll(() => titles('Running')).toEqual(['Night', 'Rain']);

  await page.getByRole('link', { name: 'Cancelled' }).click();
  await expect(page.getByRole('region')).toHaveCount(1);
  await expect.poll(async () => (await titles('Ended')).sort()).toEqual(['Dawn', 'Dusk', 'Noon']);
});

test('a job leads to its workflow, and a clip of a run appears by itself', async ({ page, server }) => {
  await visit(page, '/jobs');
  await expect(page.getByRole('heading', { name: 'No jobs yet' })).toBeVisible();
  const node = { id: 'a', type: 'Sora2Video', position: { x: 0, y: 0 }, params: { prompt: 'A lantern', provider: 'animatic', model: 'animatic', seconds: 1, size: '180x320' } };
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: 'Lanterns', definition: { schema: 1, nodes: [node], connections: [] } });
  await server.api('POST', '/api/executions', { workflow_id, mode: 'draft' });
  const row = page.getByRole('region', { name: 'Ended' }).getByRole('listitem').filter({ hasText: 'A lantern' });
  await expect(row).toContainText('Done');
  await row.getByRole('link', { name: 'Lanterns' }).click();
  await page.waitForURL(`**/workflows/${workflow_id}`);
});

test('older jobs come page by page', async ({ page, server }) => {
  test.setTimeout(180_000);
  for (let job = 0; job < 60; job++) {
    const { job_id } = await server.api('POST', '/api/videos/generate', long(`Take ${job}`));
    await server.api('DELETE', `/api/jobs/${job_id}`);
  }
  await visit(page, '/jobs');
  const rows = page.getByRole('region', { name: 'Ended' }).getByRole('listitem');
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'Older jobs' }).click();
  await expect(rows).toHaveCount(60);
  await expect(page.getByRole('button', { name: 'Older jobs' })).toHaveCount(0);
});
