// A client that takes next to nothing itself: node's own collects its garbage every few dozen answers, for longer than a list takes.
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Server } from '../server';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Asks for a path so many times, one after the other on one connection: milliseconds until each answer was read whole. A refusal is an error. */
export async function timed(server: Server, path: string, count: number): Promise<number[]> {
  const accept = `accept: ${path.startsWith('/api/') ? 'application/json' : 'text/html'}`;
  // The part behind # stays here.
  const url = `${server.origin}${path}#[1-${count}]`;
  const output = await new Promise<string>((done, failed) => {
    const args = ['-sS', '-o', '/dev/null', '-H', accept, '-w', '%{http_code} %{time_total}\n', url];
    execFile('curl', args, (error, text) => (error ? failed(error) : done(text)));
  });
  return output.trim().split('\n').map((line) => {
    const [status, seconds] = line.split(' ');
    if (!status.startsWith('2')) throw new Error(status);
    return Number(seconds) * 1000;
  });
}

/** Milliseconds until so many events behind a number have come. */
export async function replayed(server: Server, after: number, count: number): Promise<number> {
  collectGarbage();
  const began = performance.now();
  const socket = connect(server.port, '127.0.0.1');
  socket.write(`GET /api/events?after=${after} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: text/event-stream\r\n\r\n`);
  let [seen, end] = [0, Buffer.alloc(0)];
  for await (const piece of socket) {
    const bytes = Buffer.concat([end, piece]);
    for (let at = bytes.indexOf('\nid:'); at >= 0; at = bytes.indexOf('\nid:', at + 1)) seen++;
    // A mark may come in two pieces, but never whole in what is kept.
    end = bytes.subarray(-3);
    if (seen >= count) break;
  }
  if (seen < count) throw new Error(`${seen} events`);
  return performance.now() - began;
}
