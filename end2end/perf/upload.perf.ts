// What an upload costs: CPU until the answer beside nginx' PUT and OpenSSL's SHA-256, what comes after it, many small ones at once, and memory.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@playwright/test';
import { type Server, clip, largeClip, upload } from '../server';
import { type Nginx, ROUNDS, ask, cpu, cpuWithChildren, hashesAfterwards, quiet, scaled, spent, tell, until, withServers } from './machine';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const AT_ONCE = 8;

/** What the server asks ffprobe of an MP4 with plain tables (src/server/media/probe.rs, report.rs, arguments.rs). */
const ENTRIES = 'format=format_name,start_time,duration:format_tags=major_brand:stream=index,id,codec_type,codec_name,profile,level,codec_tag_string,extradata_hash,pix_fmt,width,height,sample_aspect_ratio,avg_frame_rate,' +
  'r_frame_rate,time_base,start_time,duration,duration_ts,nb_frames,sample_rate,channels,field_order,color_range,color_space,color_primaries,' +
  'color_transfer:stream_disposition=attached_pic:stream_side_data=rotation';
const PROBE = ['-hide_banner', '-v', 'error', '-fflags', '+discardcorrupt', '-show_data_hash', 'murmur3', '-show_entries', ENTRIES, '-of', 'json=c=1',
  '-protocol_whitelist', 'file,pipe', '-format_whitelist', 'mov,matroska,avi,mpegts'];

let dir = '';
test.describe.configure({ timeout: 3_600_000 });
test.beforeAll(() => { dir = mkdtempSync(join(tmpdir(), 'reelgraph-clips-')); });
test.afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A clip of about that many bytes of packets as cameras and models make them, 16 Mbit/s with sound; a `free` box of 24 bytes ends it. */
function footage(name: string, bytes: number): string {
  const [pattern, path] = [join(dir, 'pattern.mp4'), join(dir, name)];
  const seconds = Math.min(10, bytes / 2e6);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=720x1280:r=24:d=${seconds},noise=alls=40:allf=t`, '-f', 'lavfi', '-i', `sine=d=${seconds}`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '16M', '-pix_fmt', 'yuv420p', pattern]);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-stream_loop', '-1', '-i', pattern, '-c', 'copy', '-fs', `${bytes}`, path]);
  appendFileSync(path, Buffer.from([0, 0, 0, 24, ...Buffer.from('free'), ...randomBytes(16)]));
  return path;
}

/** Makes other bytes of a clip that a `free` box ends: those that are known are not stored. */
function vary(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, randomBytes(16), 0, 16, statSync(path).size - 16);
  closeSync(file);
}

/** Uploads by curl, whose CPU is not counted. */
function send(server: Server, path: string): string {
  const answer = execFileSync('curl', ['-sS', '-F', `file=@${path}`, `${server.origin}/api/videos/upload`], { encoding: 'utf8' });
  const { video_id, duplicate } = JSON.parse(answer);
  if (!video_id || duplicate) throw new Error(`not stored as new: ${answer}`);
  return video_id;
}

async function forget(server: Server, id: string): Promise<void> {
  await quiet(server);
  // Older programs have no trash, and delete for good.
  const hasTrash = ask(server, "SELECT 1 FROM pragma_table_info('videos') WHERE name = 'deleted_at'").length > 0;
  if (hasTrash) {
    await server.api('DELETE', `/api/assets/${id}`);
    await server.api('DELETE', `/api/assets/${id}?permanent=true`);
  } else {
    await server.api('DELETE', `/api/videos/${id}`);
  }
  await quiet(server);
}

/** CPU of nginx for taking a file, which is deleted again. */
function put(nginx: Nginx, path: string): number {
  const before = nginx.cpu();
  execFileSync('curl', ['-sS', '-f', '-T', path, `${nginx.origin}/put.mp4`]);
  const used = nginx.cpu() - before;
  rmSync(join(nginx.files, 'put.mp4'));
  return used;
}

const digest = (...paths: string[]): number => spent('openssl', ['dgst', '-sha256', ...paths]).cpu;

function room(bytes: number): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < bytes + 2 * GIB) throw new Error(`${tmpdir()} lacks room for ${(bytes / GIB).toFixed(1)} GiB`);
}

for (const [what, make] of [['of packets', (bytes: number) => footage('large.mp4', bytes)], ['of packing', (bytes: number) => largeClip(dir, bytes)]] as const) {
  test(`a large upload, ${what}`, async () => {
    room(4 * scaled(GIB));
    const path = make(scaled(GIB));
    const size = statSync(path).size;
    // Read once, so that all find it in the system's cache.
    digest(path);
    const [limit, sums]: number[][] = [[], []];
    const figures: Record<string, Record<string, number[]>> = { answer: {}, itself: {}, poster: {}, hash: {} };
    const note = (kind: string, name: string, used: number) => ((figures[kind][name] ??= []).push(used));
    await withServers(async (servers, nginx) => {
      for (const [, server] of servers) await quiet(server);
      for (let round = 0; round < ROUNDS; round++) {
        vary(path);
        sums.push(digest(path));
        limit.push(put(nginx, path) + sums.at(-1)!);
        for (const [name, server] of servers) {
          vary(path);
          const [all, own] = [cpuWithChildren(server.pid!), cpu(server.pid!)];
          const id = send(server, path);
          const answered = cpuWithChildren(server.pid!);
          note('answer', name, answered - all);
          note('itself', name, cpu(server.pid!) - own);
          await until('the poster is made', () => ask(server, "SELECT 1 FROM jobs WHERE status IN ('queued', 'running')").length === 0);
          const drawn = cpuWithChildren(server.pid!);
          note('poster', name, drawn - answered);
          if (hashesAfterwards(server)) {
            await until('the streams are hashed', () => ask(server, 'SELECT 1 FROM videos WHERE id = ? AND streams_read_at IS NULL', id).length === 0, 600);
            note('hash', name, cpuWithChildren(server.pid!) - drawn);
            if (!ask(server, 'SELECT stream_hash FROM videos WHERE id = ?', id)[0].stream_hash) throw new Error(`${name} made no stream hash`);
          } else if (round === 0) {
            console.log(`${name} hashes the streams before it answers: nothing comes after but the poster`);
          }
          await forget(server, id);
        }
      }
    });
    const gib = (values: number[]) => values.map((value) => (value / 1000 / size) * GIB);
    const each = (kind: string) => Object.fromEntries(Object.entries(figures[kind]).map(([name, values]) => [name, gib(values)]));
    console.log(`\n${(size / MIB).toFixed(0)} MiB ${what}:`);
    tell('upload until the answer, all CPU', each('answer'), ['nginx PUT + OpenSSL SHA-256', gib(limit)], 's/GiB', '≤ 1.25 ×');
    tell('of that the server itself', each('itself'), ['the same', gib(limit)], 's/GiB');
    tell('then the poster, all CPU', figures.poster, null, 'ms');
    // Where nearly all is packing, there is nearly nothing to hash.
    if (Object.keys(figures.hash).length && what === 'of packets') tell('then the stream hash, all CPU', each('hash'), ['OpenSSL SHA-256', gib(sums)], 's/GiB', '≤ 2 ×');
    rmSync(path);
  });
}

test('many small uploads at once', async () => {
  const number = scaled(200, AT_ONCE);
  const one = footage('small.mp4', 2e6);
  mkdirSync(join(dir, 'small'));
  const paths = Array.from({ length: number }, (_, at) => join(dir, 'small', `${at}.mp4`));
  for (const path of paths) copyFileSync(one, path);
  const [limit, probes, puts, sums]: number[][] = [[], [], [], []];
  const figures: Record<string, Record<string, number[]>> = { answers: {}, itself: {}, wall: {}, posters: {} };
  const note = (kind: string, name: string, used: number) => ((figures[kind][name] ??= []).push(used));
  await withServers(async (servers, nginx) => {
    for (const [, server] of servers) await quiet(server);
    for (let round = 0; round < ROUNDS; round++) {
      paths.forEach(vary);
      probes.push(spent('bash', ['-c', 'input="$1"; shift; while read -r path; do ffprobe "$@" -i "file:$path" < /dev/null > /dev/null || exit; done < "$input"', 'bash',
        writeList(paths), ...PROBE]).cpu);
      sums.push(digest(...paths));
      const before = nginx.cpu();
      execFileSync('curl', ['-sS', '-f', '--parallel', '--parallel-max', `${AT_ONCE}`, '-T', `{${paths.join(',')}}`, `${nginx.origin}/`], { stdio: 'pipe' });
      puts.push(nginx.cpu() - before);
      limit.push(probes.at(-1)! + sums.at(-1)! + puts.at(-1)!);
      for (const [name, server] of servers) {
        paths.forEach(vary);
        const [all, own, began] = [cpuWithChildren(server.pid!), cpu(server.pid!), Date.now()];
        const waiting = paths.values();
        const ids = new Set<string>();
        await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (const path of waiting) ids.add(await upload(server, path)); }));
        note('answers', name, cpuWithChildren(server.pid!) - all);
        note('itself', name, cpu(server.pid!) - own);
        note('wall', name, Date.now() - began);
        note('posters', name, ask(server, "SELECT 1 FROM jobs WHERE kind = 'poster' AND status = 'succeeded'").length - number * round);
        if (ids.size !== number || ids.has(undefined!)) throw new Error(`${name} took ${ids.size} of ${number} uploads`);
        await quiet(server);
      }
      for (const path of paths) rmSync(join(nginx.files, path.slice(path.lastIndexOf('/') + 1)));
    }
  });
  console.log(`\n${number} uploads of ${(statSync(one).size / 1e6).toFixed(1)} MB, ${AT_ONCE} at once:`);
  tell('all CPU until the last answer', figures.answers, ['ffprobe + nginx PUT + SHA-256', limit], 'ms', '≤ 2 ×');
  tell('of the limit', { ffprobe: probes, 'nginx PUT': puts, 'SHA-256': sums }, null, 'ms');
  tell('of that the server itself', figures.itself, ['nginx PUT + SHA-256', puts.map((used, round) => used + sums[round])], 'ms');
  tell('posters made meanwhile, which count', figures.posters, null, 'of them');
  tell('wall time', figures.wall, null, 'ms');
});

/** A list of paths, a line each. */
function writeList(paths: string[]): string {
  const list = join(dir, 'paths');
  rmSync(list, { force: true });
  appendFileSync(list, paths.map((path) => `${path}\n`).join(''));
  return list;
}

test('memory of a very large upload', async () => {
  room(scaled(4 * GIB));
  const path = largeClip(dir, scaled(4 * GIB));
  const peak = (server: Server) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
  await withServers(async (servers) => {
    const [small, large]: Record<string, number[]>[] = [{}, {}];
    for (const [name, server] of servers) {
      await upload(server, clip(server.dir, 1));
      await quiet(server);
      small[name] = [peak(server)];
      const id = send(server, path);
      large[name] = [peak(server)];
      await forget(server, id);
    }
    console.log('');
    tell('peak of the server’s memory after a small upload', small, null, 'MiB');
    tell(`and one of ${(statSync(path).size / GIB).toFixed(1)} GiB`, large, null, 'MiB');
  });
});
