// What a stitch of clips that match costs: CPU of the children beside the same concatenation by ffmpeg alone with one ffprobe of its result; the
// server's own CPU for each GiB that it reads and writes; and how long after the answer ffmpeg starts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@playwright/test';
import { type Server, upload } from '../server';
import { ROUNDS, cpu, quiet, scaled, spent, tell } from './machine';
import { type Servers, allChildren, ended, endedChildren, untilChild, withEach } from './work';

const GIB = 2 ** 30;
/** So many stitches make one figure: a tick of Linux' account is 10 ms. */
const STITCHES = scaled(4);

/** A clip of 5.12 s: a whole number of frames and of AAC's packets, so that clips join without a gap. */
function clip(path: string, variant: number, encoding: string[], filter = ''): void {
  execFileSync('ffmpeg', [
    '-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=720x1280:r=25:d=5.12,hue=h=${variant * 17}${filter}`,
    '-f', 'lavfi', '-i', `sine=f=${300 + variant * 20}:r=48000:d=5.12`, '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p', ...encoding,
    '-c:a', 'aac', '-metadata', `title=${variant}`, path,
  ]);
}

/** A large clip: noise, as often behind itself as it takes. */
function large(path: string, variant: number, bytes: number): void {
  const once = `${path}.once.mp4`;
  clip(once, variant, ['-b:v', `${Math.round((bytes * 8) / 5.12 / 2)}`], `,noise=alls=60:allf=t:all_seed=${variant + 1}`);
  const again = Math.max(0, Math.ceil(bytes / statSync(once).size) - 1);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-stream_loop', String(again), '-i', once, '-c', 'copy', '-metadata', `title=${variant}`, path]);
  rmSync(once);
}

/** What one stitch took. */
interface Stitched {
  /** CPU milliseconds of the children until the result was there, and until the server was quiet. */
  children: number;
  all: number;
  own: number;
  bytes: number;
  started: number | null;
  way: string;
}

async function stitch(server: Server, ids: string[], name: string): Promise<Stitched> {
  const pid = server.pid!;
  await quiet(server);
  const [ended0, all0, own0] = [endedChildren(pid), allChildren(pid), cpu(pid)];
  const { job_id } = await server.api('POST', '/api/videos/stitch', { video_ids: ids, transition: 'cut', name });
  let isOver = false;
  const starting = untilChild(pid, 'ffmpeg', () => isOver);
  // What has begun by then is of others: a poster, say.
  const look = () => [endedChildren(pid) - ended0, cpu(pid) - own0];
  const [children, own] = await ended(server, 'jobs', job_id, look).finally(() => (isOver = true));
  const started = await starting;
  await quiet(server);
  const { video_id } = await server.api('GET', `/api/jobs/${job_id}`);
  const video = await server.api('GET', `/api/videos/${video_id}`);
  return { children, all: allChildren(pid) - all0, own, bytes: video.size_bytes, started, way: video.metadata.stitch?.params?.way ?? 'not told' };
}

/** ffmpeg and ffprobe alone. */
function alone(dir: string, paths: string[]): { cpu: number; output: string } {
  const [list, output] = [join(dir, 'list.txt'), join(dir, 'alone.mp4')];
  writeFileSync(list, paths.map((path) => `file '${path}'\n`).join(''));
  const joined = spent('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', '-movflags', '+faststart', output]);
  const probed = spent('ffprobe', ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', output]);
  return { cpu: joined.cpu + probed.cpu, output };
}

const bytes = (paths: string[]): number => paths.reduce((sum, path) => sum + statSync(path).size, 0);

/** A tenth of a second, and a second for each GiB of inputs. */
const startsWithin = (paths: string[]): string => `aim ${(100 + (bytes(paths) / GIB) * 1000).toFixed(0)}`;

const rotated = <T>(list: T[], by: number): T[] => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

test('stitches of matching clips', async () => {
  test.setTimeout(3_600_000);
  await withEach(async (servers) => {
    // Goes with the server.
    const dir = join(servers[0][1].dir, 'clips');
    mkdirSync(dir);
    const paths = Array.from({ length: 20 }, (_, variant) => join(dir, `${variant}.mp4`));
    const ids: Record<string, string[]> = {};
    const stored = async (path: string) => {
      for (const [name, server] of servers) (ids[name] ??= []).push(await upload(server, path));
    };
    for (const [variant, path] of paths.entries()) {
      clip(path, variant, ['-crf', '30']);
      await stored(path);
    }
    for (const count of [3, 20]) {
      const [children, all, starts, limits]: [Record<string, number[]>, Record<string, number[]>, Record<string, number[]>, number[]] = [{}, {}, {}, []];
      const ways = new Set<string>();
      for (let block = 0; block < ROUNDS; block++) {
        // Another order each time: the same again would be there already.
        const orders = Array.from({ length: STITCHES }, (_, turn) => rotated([...paths.keys()], block * STITCHES + turn).slice(0, count));
        limits.push(orders.reduce((sum, order) => sum + alone(dir, order.map((place) => paths[place])).cpu, 0) / STITCHES);
        for (const [name, server] of servers) {
          const done: Stitched[] = [];
          for (const order of orders) done.push(await stitch(server, order.map((place) => ids[name][place]), `${count} clips`));
          (children[name] ??= []).push(done.reduce((sum, { children }) => sum + children, 0) / STITCHES);
          (all[name] ??= []).push(done.reduce((sum, { all }) => sum + all, 0) / STITCHES);
          for (const { started, way } of done) {
            ways.add(`${name} ${way}`);
            if (started !== null) (starts[name] ??= []).push(started);
          }
        }
      }
      const limit: [string, number[]] = ['ffmpeg and one ffprobe', limits];
      tell(`stitch of ${count} clips (${[...ways].join(', ')}), CPU of the children until the result is there`, children, limit, 'ms', 'aim 1.25 ×');
      tell(`stitch of ${count} clips, CPU of the children until the server is quiet: with poster and stream hash`, all, limit, 'ms');
      tell(`stitch of ${count} clips, from the answer until ffmpeg runs`, starts, null, 'ms', startsWithin(paths.slice(0, count)));
    }
    await ofLarge(dir, servers);
  });
});

async function ofLarge(dir: string, servers: Servers): Promise<void> {
  const paths = [0, 1, 2].map((variant) => join(dir, `large-${variant}.mp4`));
  const ids: Record<string, string[]> = {};
  for (const [variant, path] of paths.entries()) {
    large(path, variant, scaled(150e6));
    for (const [name, server] of servers) (ids[name] ??= []).push(await upload(server, path));
  }
  const inputs = bytes(paths);
  console.log(`three clips of ${paths.map((path) => (statSync(path).size / 1e6).toFixed(0)).join(', ')} MB`);
  const [own, children, starts, hashes, limits]: [Record<string, number[]>, Record<string, number[]>, Record<string, number[]>, number[], number[]] = [{}, {}, {}, [], []];
  const ways = new Set<string>();
  // In as many orders as there are.
  for (let round = 0; round < Math.min(ROUNDS, paths.length); round++) {
    const { cpu: limit, output } = alone(dir, rotated(paths, round));
    limits.push(limit);
    hashes.push(spent('openssl', ['dgst', '-sha256', ...paths, output]).cpu / 1000 / ((inputs + statSync(output).size) / GIB));
    for (const [name, server] of servers) {
      const done = await stitch(server, rotated(ids[name], round), 'large');
      ways.add(`${name} ${done.way}`);
      (own[name] ??= []).push(done.own / 1000 / ((inputs + done.bytes) / GIB));
      (children[name] ??= []).push(done.children);
      if (done.started !== null) (starts[name] ??= []).push(done.started);
    }
  }
  tell(`stitch of large clips (${[...ways].join(', ')}), the server's own CPU a GiB read and written`, own, ['OpenSSL SHA-256 of the same', hashes], 's', 'aim 2.5 s');
  tell('stitch of large clips, CPU of the children until the result is there', children, ['ffmpeg and one ffprobe', limits], 'ms', 'aim 1.25 ×');
  tell('stitch of large clips, from the answer until ffmpeg runs', starts, null, 'ms', startsWithin(paths));
}
