// What a page costs the server, of the quick build beside the optimised one: CPU milliseconds a request, from Linux' own account.
// PROGRAMS="release=PATH dist=PATH" measures others; the last is what the rest are compared with.
import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from '@playwright/test';
import { Server, clip, upload } from '../server';
import { drama } from './drama';

const built = (profile: string) => resolve(import.meta.dirname, `../../target/${profile}/reelgraph`);
const programs = (process.env.PROGRAMS ?? `release=${built('release')} dist=${built('dist')}`)
  .split(' ').map((entry) => entry.split('=') as [string, string]).filter(([, path]) => existsSync(path));
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU milliseconds that a process has used so far: fields 14 and 15 of its stat (proc(5)), behind the name in brackets. */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

test('CPU of pages', async () => {
  const servers: [string, Server][] = [];
  for (const [name, path] of programs) servers.push([name, await Server.start({}, path)]);
  const paths = new Map<string, (server: string) => string>();
  for (const nodes of [11, 100, 1000]) {
    const ids: Record<string, string> = {};
    for (const [name, server] of servers) {
      ids[name] = (await server.api('POST', '/api/workflows', { name: `${nodes} nodes`, definition: drama(nodes) })).workflow_id;
    }
    paths.set(`builder of ${nodes} nodes`, (name) => `/workflows/${ids[name]}`);
  }
  // Lists of twenty rows.
  for (let row = 0; row < 20; row++) {
    const file = clip(servers[0][1].dir, row, 0.2);
    for (const [, server] of servers) {
      await server.api('POST', '/api/workflows', { name: `Episode ${row}`, definition: drama(11) });
      await upload(server, file);
    }
  }
  paths.set('/', () => '/').set('/api/videos', () => '/api/videos');
  for (const encoding of ['identity', 'br']) {
    for (const [what, path] of paths) {
      const requests = what.includes('1000') ? 8 : 40;
      const used: Record<string, number[]> = {};
      for (let round = 0; round < 4; round++) {
        for (const [name, server] of servers) {
          const before = cpu(server.pid!);
          for (let request = 0; request < requests; request++) {
            await (await fetch(server.origin + path(name), { headers: { accept: 'text/html', 'accept-encoding': encoding } })).arrayBuffer();
          }
          // The first round warms up.
          if (round > 0) (used[name] ??= []).push((cpu(server.pid!) - before) / requests);
        }
      }
      const base = median(used[programs.at(-1)![0]]);
      console.log(`${what}, ${encoding}: ` + programs.map(([name]) => `${name} ${median(used[name]).toFixed(1)} ms (${(median(used[name]) / base).toFixed(2)})`).join(', '));
    }
  }
  for (const [, server] of servers) await server.remove();
});
