// A 4 GiB upload: how long, against writing and hashing the same bytes with the machine's own tools, and how much memory the server took.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { largeClip, test } from '../server';

const GIB = 2 ** 30;

test('a 4 GiB upload', async ({ server }) => {
  const path = largeClip(server.dir, 4 * GIB);
  const began = Date.now();
  const answer = JSON.parse(execFileSync('curl', ['-sS', '-F', `file=@${path}`, `${server.origin}/api/videos/upload`], { encoding: 'utf8' }));
  const seconds = (Date.now() - began) / 1000;
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
  const floorBegan = Date.now();
  execFileSync('sh', ['-c', `tee "${join(server.dir, 'copy')}" < "${path}" | sha256sum; sync "${join(server.dir, 'copy')}"`]);
  const floor = (Date.now() - floorBegan) / 1000;
  console.log(`\nupload of 4 GiB: ${seconds.toFixed(1)} s, ${(seconds / floor).toFixed(2)} times what tee | sha256sum and sync take (${floor.toFixed(1)} s); ` +
    `the server's memory peaked at ${peak.toFixed(0)} MiB; stored as ${answer.video?.size_bytes} bytes`);
});
