// What it costs the server to schedule a shot of a rehearsal: its own CPU from the request for a run of 20 to 400 shots to the end of it, with that of
// ffmpeg beside it. The shots are as small as can be: what is drawn of one in the server is little beside what is scheduled.
import { test } from '@playwright/test';
import type { Server } from '../server';
import { drama } from './drama';
import { ROUNDS, cpu, median, quiet, scaled, tell } from './machine';
import { allChildren, ended, withEach } from './work';

const SIZE = '32x32';

/** Shots, each with words of its own: none is there already. */
function shots(count: number, words: string) {
  const definition = drama(count * 2);
  for (const [place, node] of definition.nodes.entries()) {
    if (node.type === 'Prompt') node.params.text = `${words}, ${place}`;
    else node.params = { provider: 'animatic', model: 'animatic', seconds: 1, size: SIZE };
  }
  return definition;
}

/** CPU milliseconds a shot: the server's own and its children's until the run has ended, and both once posters and digests are made too. */
async function run(server: Server, count: number, words: string): Promise<Record<'own' | 'children' | 'ownAtRest' | 'childrenAtRest', number>> {
  const pid = server.pid!;
  const { workflow_id } = await server.api('POST', '/api/workflows', { name: words, status: 'saved', definition: shots(count, words) });
  await quiet(server);
  const [own, children] = [cpu(pid), allChildren(pid)];
  const { execution_id } = await server.api('POST', '/api/executions', { workflow_id, mode: 'draft' });
  const since = () => [(cpu(pid) - own) / count, (allChildren(pid) - children) / count];
  const atEnd = await ended(server, 'executions', execution_id, since);
  await quiet(server);
  const atRest = since();
  return { own: atEnd[0], children: atEnd[1], ownAtRest: atRest[0], childrenAtRest: atRest[1] };
}

test('scheduling of shots', async () => {
  test.setTimeout(2 * 3_600_000);
  await withEach(async (servers) => {
    // The first run of a program warms it up.
    for (const [, server] of servers) await run(server, 2, 'warm');
    const smallest: Record<string, number> = {};
    for (const full of [20, 100, 200, 400]) {
      const count = scaled(full, 2);
      const [own, children, both]: Record<string, number[]>[] = [{}, {}, {}];
      for (let round = 0; round < (full > 100 ? 1 : ROUNDS); round++) {
        for (const [name, server] of servers) {
          const used = await run(server, count, `${full} shots, ${round}`);
          (own[name] ??= []).push(used.own);
          (children[name] ??= []).push(used.children);
          (both[name] ??= []).push(used.ownAtRest);
        }
      }
      for (const [name] of servers) smallest[name] ??= median(own[name]);
      const growth = servers.map(([name]) => `${name} ${(median(own[name]) / smallest[name]).toFixed(2)} ×`).join(', ');
      tell(`a shot of ${count}, the server's own CPU`, own, null, 'ms', `aim 30 and flat: ${growth} of the smallest run`);
      tell(`a shot of ${count}, with what is done once it is over`, both, null, 'ms');
      tell(`a shot of ${count}, CPU of ffmpeg and ffprobe`, children, null, 'ms');
    }
  });
});
