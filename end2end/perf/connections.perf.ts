// What a connection and an event stream cost: memory of a thousand, whether it is given back, and CPU of an event for each that listens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from '@playwright/test';
import { Server } from '../server';
import { Nginx, ROUNDS, cpu, memory, openFiles, programs, quiet, scaled, tell, until } from './machine';
import { Peer, Writer } from './peers';

const CONNECTIONS = scaled(1_000);
const EVENTS = 100;
/** How often as many connections come, one time after the other. */
const TIMES = 5;

test.describe.configure({ timeout: 3_600_000 });

/** Waits until a figure of memory has come to rest: no lower for eight seconds, or back where it was. */
async function rested(now: () => number, before: number): Promise<number> {
  let [lowest, since] = [now(), Date.now()];
  await until('memory is at rest', () => {
    const found = now();
    if (found < lowest - 0.1) [lowest, since] = [found, Date.now()];
    return lowest <= before || Date.now() - since > 8_000;
  });
  return Math.min(lowest, now());
}

/** Closes all and waits until the server knows, by its own count where it has one. */
async function close(peers: Peer[], server: Server, files: number): Promise<void> {
  for (const { socket } of peers) socket.destroy();
  await until('the server let go of the connections', async () => {
    const metrics = await (await fetch(`${server.origin}/metrics`, { headers: { connection: 'close' } })).text();
    const open = /^reelgraph_http_connections (\d+)/m.exec(metrics);
    return open ? Number(open[1]) <= 5 : openFiles(server.pid!) <= files + 5;
  });
}

/** Memory, and open files, of a server that has answered as many at a time as will come, and has no connections: what that takes is no connection's. */
async function warmed(server: Server, path: string): Promise<{ before: number; files: number }> {
  const files = openFiles(server.pid!);
  for (let time = 0; time < 4; time++) await close(await Peer.many(50, server.port, path, '*/*'), server, files);
  return { before: await rested(() => memory(server.pid!), 0), files: openFiles(server.pid!) };
}

/** Does something with each program in turn, each time with a fresh server. */
async function each(settings: Record<string, string>, work: (name: string, server: Server) => Promise<void>): Promise<void> {
  for (const [name, path] of programs) {
    const server = await Server.start(settings, path);
    try {
      await quiet(server);
      await work(name, server);
    } finally {
      await server.remove();
    }
  }
}

class Figures {
  private readonly all: Record<string, Record<string, number[]>> = {};
  note(what: string, name: string, value: number): void {
    ((this.all[what] ??= {})[name] ??= []).push(value);
  }

  of(what: string): Record<string, number[]> {
    return this.all[what] ?? {};
  }
}

test('memory of idle connections', async () => {
  const figures = new Figures();
  const limit: number[] = [];
  const kib = (after: number, before: number) => ((after - before) * 1024) / CONNECTIONS;
  for (let round = 0; round < ROUNDS; round++) {
    const nginx = await Nginx.start();
    try {
      const before = nginx.memory();
      const peers = await Peer.many(CONNECTIONS, nginx.port, '/', '*/*');
      limit.push(kib(nginx.memory(), before));
      for (const { socket } of peers) socket.destroy();
    } finally {
      await nginx.remove();
    }
    await each({}, async (name, server) => {
      const { files, before } = await warmed(server, '/api/videos');
      const peers = await Peer.many(CONNECTIONS, server.port, '/api/videos', '*/*');
      figures.note('open', name, kib(memory(server.pid!), before));
      await close(peers, server, files);
      figures.note('kept', name, kib(await rested(() => memory(server.pid!), before), before));
      // What is kept and taken again is no leak.
      for (let time = 1; time < TIMES; time++) {
        const again = await Peer.many(CONNECTIONS, server.port, '/api/videos', '*/*');
        if (time === TIMES - 1) figures.note('again', name, kib(memory(server.pid!), before));
        await close(again, server, files);
      }
      figures.note('end', name, kib(await rested(() => memory(server.pid!), before), before));
    });
  }
  console.log(`\n${CONNECTIONS} idle connections that each made a request:`);
  tell('memory a connection', figures.of('open'), ['nginx', limit], 'KiB', '≤ 51 KiB');
  tell('still taken once they are closed', figures.of('kept'), null, 'KiB', 'given back');
  tell(`with as many for the ${TIMES}th time`, figures.of('again'), null, 'KiB');
  tell('still taken once those are closed', figures.of('end'), null, 'KiB');
});

/** CPU microseconds of a process while events come, one when all have the one before; `make` makes one. */
async function cost(pid: number, peers: Peer[], make: () => unknown, atOnce: boolean): Promise<number> {
  const begin = peers.map(({ marks }) => marks);
  const have = (number: number) => until('everybody has the event', () => peers.every(({ marks }, at) => marks - begin[at] >= number));
  const before = cpu(pid);
  for (let event = 1; event <= EVENTS; event++) {
    await make();
    if (!atOnce) await have(event);
  }
  await have(EVENTS);
  const used = (cpu(pid) - before) * 1000;
  const wrong = peers.filter(({ marks }, at) => marks - begin[at] !== EVENTS).length;
  if (wrong) throw new Error(`${wrong} of ${peers.length} listeners got an event twice`);
  return used;
}

test('event streams', async () => {
  const figures = new Figures();
  const limit: number[] = [];
  // Takes a request and never answers: a job that runs and takes no CPU, whose priority can be changed, an event each time.
  let asked = 0;
  const provider = createServer(() => asked++).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const settings = { OPENAI_API_KEY: 'none', OPENAI_BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1` };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const writer = await Writer.start(CONNECTIONS);
      try {
        const peers = await Peer.many(CONNECTIONS, writer.port, '/', '*/*');
        limit.push((await cost(writer.child.pid!, peers, () => writer.child.stdin!.write('\n'), false)) / EVENTS / CONNECTIONS);
        for (const { socket } of peers) socket.destroy();
      } finally {
        writer.child.kill('SIGKILL');
      }
      await each(settings, async (name, server) => {
        const before = asked;
        const { job_id } = await server.api('POST', '/api/videos/generate', { provider: 'openai', prompt: 'A door opens' });
        await until('the job waits for its provider', () => asked > before);
        let priority = 0;
        const make = () => server.api('PATCH', `/api/jobs/${job_id}`, { priority: (priority = priority === 1 ? 2 : 1) });
        const one = [await Peer.get(server.port, '/api/events', 'text/event-stream')];
        await cost(server.pid!, one, make, false);
        one[0].socket.destroy();
        const calls = await cost(server.pid!, [], make, true);
        const { files, before: free } = await warmed(server, '/api/events');
        const peers = await Peer.many(CONNECTIONS, server.port, '/api/events', 'text/event-stream');
        figures.note('stream', name, ((memory(server.pid!) - free) * 1024) / CONNECTIONS);
        for (const atOnce of [false, true]) {
          const used = await cost(server.pid!, peers, make, atOnce);
          figures.note(atOnce ? 'burst' : 'single', name, (used - calls) / EVENTS / CONNECTIONS);
        }
        figures.note('calls', name, calls / EVENTS);
        await close(peers, server, files);
        figures.note('kept', name, ((await rested(() => memory(server.pid!), free)) - free) * 1024 / CONNECTIONS);
      });
    }
  } finally {
    provider.closeAllConnections();
    provider.close();
  }
  console.log(`\n${CONNECTIONS} event streams, ${EVENTS} events:`);
  tell('memory a stream', figures.of('stream'), null, 'KiB', '≤ 51 KiB');
  tell('still taken once they are closed', figures.of('kept'), null, 'KiB', 'given back');
  tell('CPU an event a listener, one after the other', figures.of('single'), ['write(2) to as many sockets', limit], 'µs', '< 10 µs');
  tell('CPU an event a listener, as fast as calls make them', figures.of('burst'), ['the same, one after the other', limit], 'µs');
  tell('CPU of the call that makes an event, which is taken off', figures.of('calls'), null, 'µs');
});
