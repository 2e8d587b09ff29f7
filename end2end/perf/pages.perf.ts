// What a page costs the server, CPU milliseconds a request: the builder of 11 to 1,000 nodes, lists, `/` with 1,000 workflows; and what is still spent on
// a page whose client has left.
import { connect } from 'node:net';
import { test } from '@playwright/test';
import { type Server, clip, upload } from '../server';
import { drama } from './drama';
import { ROUNDS, cpu, median, programs, quiet, scaled, tell, until } from './machine';
import { type Servers, withEach } from './work';

const AIMS: Record<string, string> = { 'builder of 11 nodes': 'aim 4', 'builder of 100 nodes': 'aim 12', 'builder of 1000 nodes': 'aim 80', '/ with 1,000 workflows': 'aim 5' };
const LARGEST = 1000;

/** What a page is asked for in: plain, and what browsers take, of which the server chooses. */
const ENCODINGS = ['identity', 'gzip, deflate, br, zstd'];

/** The address of a page on each server. */
type Path = (name: string) => string;

async function measure(servers: Servers, what: string, path: Path, encoding: string): Promise<void> {
  const requests = scaled(what.includes('1000') ? 8 : 40, 2);
  const used: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, server] of servers) {
      const before = cpu(server.pid!);
      for (let request = 0; request < requests; request++) {
        await (await fetch(server.origin + path(name), { headers: { accept: 'text/html', 'accept-encoding': encoding } })).arrayBuffer();
      }
      // The first round warms up.
      if (round > 0) (used[name] ??= []).push((cpu(server.pid!) - before) / requests);
    }
  }
  const base = programs[0][0];
  const beside: [string, number[]] | null = programs.length > 1 ? [base, used[base]] : null;
  tell(`${what}, ${encoding}`, used, beside, 'ms', AIMS[what] ?? '');
}

/** Asks for a page and closes the connection, at once or some milliseconds after the question was written. */
async function leave(server: Server, path: string, after: number): Promise<void> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((done) => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: text/html\r\n\r\n`, done));
  const left = performance.now() + after;
  await until('the client leaves', () => performance.now() >= left, 10);
  await new Promise((done) => socket.once('close', done).destroy());
}

/** What is spent on a page whose client has left, beside that of one which is read to its end. */
async function left(servers: Servers, path: Path): Promise<void> {
  const requests = scaled(40, 4);
  const [whole, atOnce, soon]: Record<string, number[]>[] = [{}, {}, {}];
  const spent = async (server: Server, into: number[], ask: () => Promise<unknown>) => {
    await quiet(server);
    const before = cpu(server.pid!);
    for (let request = 0; request < requests; request++) await ask();
    await quiet(server);
    into.push((cpu(server.pid!) - before) / requests);
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, server] of servers) {
      const read = async () => (await fetch(server.origin + path(name), { headers: { accept: 'text/html', 'accept-encoding': 'identity' } })).arrayBuffer();
      await spent(server, (whole[name] ??= []), read);
      await spent(server, (atOnce[name] ??= []), () => leave(server, path(name), 0));
      await spent(server, (soon[name] ??= []), () => leave(server, path(name), 20));
    }
  }
  for (const [name] of servers) {
    const both = { 'left at once': atOnce[name], 'left after 20 ms': soon[name] };
    tell(`${name}: builder of ${LARGEST} nodes whose client leaves`, both, ['read to the end', whole[name]], 'ms', 'what a left client waits for is stopped');
  }
  const share = servers.map(([name]) => `${name} ${((median(atOnce[name]) / median(whole[name])) * 100).toFixed(0)} %`);
  console.log(`spent on a page that nobody waits for: ${share.join(', ')} of one that is read`);
}

test('CPU of pages', async () => {
  test.setTimeout(3_600_000);
  await withEach(async (servers) => {
    const paths = new Map<string, Path>();
    for (const nodes of [11, 100, LARGEST]) {
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
    for (const [, server] of servers) await quiet(server);
    for (const encoding of ENCODINGS) for (const [what, path] of paths) await measure(servers, what, path, encoding);
    await left(servers, paths.get(`builder of ${LARGEST} nodes`)!);
    // With the 23 that are there.
    for (const [, server] of servers) {
      for (let row = 23; row < scaled(1000, 60); row++) await server.api('POST', '/api/workflows', { name: `Workflow ${row}`, definition: drama(11) });
      await quiet(server);
    }
    for (const encoding of ENCODINGS) await measure(servers, '/ with 1,000 workflows', () => '/', encoding);
  });
});
