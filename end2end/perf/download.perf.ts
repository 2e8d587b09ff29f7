// What a download costs beside nginx: 256 MiB whole, verified that day and the first that day, and 64 KiB ranges for 64 clients.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@playwright/test';
import { type Server, largeClip, upload } from '../server';
import { type Nginx, ROUNDS, ask, cpuWithChildren, quiet, scaled, tell, withServers } from './machine';

const MIB = 2 ** 20;
const PIECE = 64 * 1024;
/** Downloads a round of each: one takes a fifth of a second. */
const REPEATED = 5;

let dir = '';
test.describe.configure({ timeout: 3_600_000 });
test.beforeAll(() => { dir = mkdtempSync(join(tmpdir(), 'reelgraph-clips-')); });
test.afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** One side of the comparison: where it is asked, and its CPU milliseconds so far. */
interface Side { name: string; url: string; cpu: () => number; server?: Server; id?: string }

/** Lets nginx and every server have the same clip, nginx first. */
async function sides(servers: [string, Server][], nginx: Nginx, bytes: number): Promise<Side[]> {
  const path = largeClip(dir, bytes);
  // No holes: the servers' files have none either.
  execFileSync('cp', ['--sparse=never', path, join(nginx.files, 'clip.mp4')]);
  const all: Side[] = [{ name: 'nginx', url: `${nginx.origin}/clip.mp4`, cpu: () => nginx.cpu() }];
  for (const [name, server] of servers) {
    const id = await upload(server, path);
    await quiet(server);
    all.push({ name, url: `${server.origin}/api/videos/${id}/download`, cpu: () => cpuWithChildren(server.pid!), server, id });
  }
  const known = readFileSync(path);
  for (const side of all) {
    const found = execFileSync('curl', ['-sS', '-f', side.url], { maxBuffer: 2 * bytes });
    if (!known.equals(found)) throw new Error(`${side.name} gives other bytes`);
  }
  return all;
}

const note = (figures: Map<string, number[]>, name: string, value: number) => figures.set(name, [...(figures.get(name) ?? []), value]);

/** What was noted of the servers, and of nginx. */
function split(all: Map<string, number[]>): [Record<string, number[]>, number[]] {
  const figures = Object.fromEntries([...all].filter(([name]) => name !== 'nginx'));
  return [figures, all.get('nginx')!];
}

/** Whether a program reads a clip through each day before it gives it out; older ones never do. */
const verifies = ({ server }: Side): boolean => ask(server!, "SELECT 1 FROM pragma_table_info('videos') WHERE name = 'verified_at'").length > 0;

const verifiedAt = (side: Side): string => ask(side.server!, 'SELECT verified_at FROM videos WHERE id = ?', side.id!)[0].verified_at;

for (const day of ['verified that day', 'the first that day'] as const) {
  test(`a whole download, ${day}`, async () => {
    await withServers(async (servers, nginx) => {
      const bytes = scaled(256 * MIB, MIB);
      const all = (await sides(servers, nginx, bytes)).filter((side) => !side.server || day === 'verified that day' || verifies(side));
      const [speeds, costs] = [new Map<string, number[]>(), new Map<string, number[]>()];
      const old = new Date(Date.now() - 2 * 86_400_000).toISOString().replace('Z', '000Z');
      for (let round = 0; round < ROUNDS * REPEATED; round++) {
        for (const side of all) {
          const isStale = side.server && day === 'the first that day';
          if (isStale) ask(side.server!, 'UPDATE videos SET verified_at = ? WHERE id = ?', old, side.id!);
          const before = side.cpu();
          // By curl's own clock: what it takes to begin is nobody's.
          const seconds = Number(execFileSync('curl', ['-sS', '-f', '-o', '/dev/null', '-w', '%{time_total}', side.url], { encoding: 'utf8' }));
          const used = side.cpu() - before;
          if (isStale && verifiedAt(side) === old) throw new Error(`${side.name} did not read the clip through`);
          note(speeds, side.name, bytes / MIB / seconds);
          note(costs, side.name, (used / bytes) * 1024 * MIB);
        }
      }
      const [speed, limit] = split(speeds);
      console.log(`\ndownload of ${(bytes / MIB).toFixed(0)} MiB, ${day}:`);
      tell('speed', speed, ['nginx', limit], 'MiB/s', day === 'verified that day' ? '≥ 0.8' : '≥ 0.45');
      // One takes a few ticks of the clock: their mean, not the median.
      const mean = ([name, values]: [string, number[]]): [string, number[]] => [name, [values.reduce((sum, value) => sum + value, 0) / values.length]];
      const [cost, floor] = split(new Map([...costs].map(mean)));
      tell('CPU', cost, ['nginx', floor], 'ms/GiB');
    });
  });
}

/** Runs wrk with 64 clients for some seconds: requests a second, and what each cost the other side in CPU microseconds. */
function load(side: Pick<Side, 'name' | 'cpu'>, url: string, script?: string): { rate: number; cost: number } {
  const before = side.cpu();
  const output = execFileSync('wrk', ['-t', '2', '-c', '64', '-d', `${scaled(5)}s`, ...(script ? ['-s', script] : []), url], { encoding: 'utf8' });
  const used = side.cpu() - before;
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  if (!requests || /Non-2xx|Socket errors/.test(output)) throw new Error(`${side.name}, ${url}:\n${output}`);
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]), cost: (used * 1000) / requests };
}

test('ranges', async () => {
  await withServers(async (servers, nginx) => {
    const bytes = scaled(256 * MIB, MIB);
    const all = await sides(servers, nginx, bytes);
    const script = join(dir, 'ranges.lua');
    // Each of wrk's threads goes over all pieces with a stride of its own that shares no factor with their number.
    writeFileSync(script, `
      local threads = 0
      function setup(thread) thread:set("number", threads); threads = threads + 1 end
      local pieces, piece = ${Math.floor(bytes / PIECE)}, 0
      function init(args) piece = number * 1009 end
      function request()
        piece = (piece + 997 + 6 * number) % pieces
        local first = piece * ${PIECE}
        return wrk.format("GET", nil, { Range = "bytes=" .. first .. "-" .. first + ${PIECE - 1} })
      end`);
    for (const { name, url } of all) {
      const got = execFileSync('curl', ['-sS', '-f', '-r', '65536-131071', '-w', '%{http_code}', url], { maxBuffer: 1 << 20 });
      if (got.length !== PIECE + 3 || !got.subarray(PIECE).equals(Buffer.from('206'))) throw new Error(`${name} gives no range`);
    }
    const [rates, costs, healthy, healthCosts] = Array.from({ length: 4 }, () => new Map<string, number[]>());
    writeFileSync(join(nginx.files, 'healthz'), 'ok');
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of all) {
        const ranges = load(side, side.url, script);
        note(rates, side.name, ranges.rate);
        note(costs, side.name, ranges.cost);
        const health = load(side, `${new URL(side.url).origin}/healthz`);
        note(healthy, side.name, health.rate);
        note(healthCosts, side.name, health.cost);
      }
    }
    console.log(`\n64 KiB ranges of ${(bytes / MIB).toFixed(0)} MiB, 64 clients:`);
    for (const [what, figures, unit, aim] of [
      ['requests', rates, '/s', '≥ 0.35'], ['CPU a request', costs, 'µs', ''], ['/healthz', healthy, '/s', ''], ['CPU a request', healthCosts, 'µs', ''],
    ] as const) {
      const [figure, limit] = split(figures);
      tell(what, figure, [what === '/healthz' ? 'nginx, a file of 2 bytes' : 'nginx', limit], unit, aim);
    }
  });
});
