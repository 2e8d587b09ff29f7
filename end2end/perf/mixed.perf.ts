// Memory of a server with 100,000 videos over two periods of mixed work (PERF_MINUTES each, 60 where nothing is said), each with a minute of rest behind
// it: at the start, after each quarter of a period, and at the end of the rest.
import { test } from '@playwright/test';
import { largeLibrary } from './large_library';
import { ask, hashesAfterwards, memory, quiet, tell, until } from './machine';
import { Worker } from './mixed_work';
import { untilAge, withEach } from './work';

const MINUTES = Number(process.env.PERF_MINUTES || 60);
/** A minute; in a trial no longer than a period. */
const REST_SECONDS = Math.min(60, MINUTES * 60);
/** Steps under way at once on each server. */
const HANDS = 4;

test('memory over mixed work', async () => {
  test.setTimeout((MINUTES * 2 + 240) * 60_000);
  await withEach(async (servers) => {
    const now = () => Object.fromEntries(servers.map(([name, server]) => [name, [memory(server.pid!)]]));
    for (const [, server] of servers) {
      await server.restart();
      await untilAge(server.pid!, 10);
    }
    tell('memory at the start', now(), null, 'MiB', 'aim 30');
    for (const [, server] of servers) await quiet(server);
    const workers: [string, Worker][] = servers.map(([name, server]) => [name, new Worker(server)]);
    let number = 0;
    const rested: Record<string, number>[] = [];
    for (const period of [1, 2]) {
      for (const quarter of [1, 2, 3, 4]) {
        const end = Date.now() + (MINUTES * 60_000) / 4;
        const hand = async () => {
          while (Date.now() < end) {
            const step = number++;
            // Every server gets the same work at the same time.
            await Promise.all(workers.map(([, worker]) => worker.step(step)));
          }
        };
        await Promise.all(Array.from({ length: HANDS }, hand));
        tell(`period ${period}, quarter ${quarter}, ${number} steps so far`, now(), null, 'MiB');
      }
      for (const [, worker] of workers) worker.close();
      const end = Date.now() + REST_SECONDS * 1000;
      await until('a minute of rest', () => Date.now() >= end, REST_SECONDS + 10);
      const after = now();
      rested.push(Object.fromEntries(Object.entries(after).map(([name, [value]]) => [name, value])));
      tell(`period ${period}, a minute after`, after, null, 'MiB', 'aim 80');
      for (const [place, [name, worker]] of workers.entries()) {
        const server = servers[place][1];
        const left = hashesAfterwards(server) ? ask(server, 'SELECT count(*) AS clips FROM videos WHERE streams_read_at IS NULL')[0].clips : 0;
        console.log(`${name}, digests of ${left} clips not made yet; ${[...worker.answers].toSorted(([a], [b]) => a.localeCompare(b)).map(([what, count]) => `${what}: ${count}`).join(', ')}`);
      }
    }
    const grown = servers.map(([name]) => `${name} ${((rested[1][name] / rested[0][name] - 1) * 100).toFixed(1)} %`).join(', ');
    console.log(`what a second period adds: ${grown} [aim 10 % at most]`);
  }, largeLibrary);
});
