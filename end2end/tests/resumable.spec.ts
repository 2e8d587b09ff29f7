// Resumable uploads by a client of others: tus-js-client as it is without settings, which sends the whole file in one request.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Socket, connect, createServer } from 'node:net';
import { Upload } from 'tus-js-client';
import { type Server, expect, largeClip, test } from '../server';

const BYTES = 24 * 2 ** 20;

/** What lies between client and server: counts the bytes on their way up, and breaks the connection once when so many have passed. */
async function between(server: Server, breaksAt: number, onBreak: () => Promise<void> = async () => {}) {
  const state = { up: 0, broken: false };
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => { client.destroy(); upstream.destroy(); });
    }
    upstream.pipe(client);
    client.on('data', (bytes) => {
      state.up += bytes.length;
      if (!state.broken && state.up >= breaksAt) {
        state.broken = true;
        client.pause();
        // What has passed arrives.
        upstream.write(bytes, () => void onBreak().then(() => client.destroy()));
      } else if (!upstream.write(bytes)) {
        client.pause();
        upstream.once('drain', () => client.resume());
      }
    });
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  const address = listener.address();
  if (!address || typeof address !== 'object') throw new Error('no port');
  const close = () => { for (const socket of sockets) socket.destroy(); listener.close(); };
  return { origin: `http://127.0.0.1:${address.port}`, state, close };
}

/** Sends a file through it, and gives the id of the asset that it became. */
function send(server: Server, origin: string, file: Buffer): Promise<string> {
  return new Promise((done, failed) => {
    let asset: string | undefined;
    new Upload(file, {
      endpoint: `${origin}/api/uploads`,
      headers: { Host: `127.0.0.1:${server.port}` },
      metadata: { filename: 'harbour.mp4' },
      onAfterResponse: (_, response) => { asset ??= response.getHeader('Upload-Asset-Id'); },
      onError: failed,
      onSuccess: () => (asset ? done(asset) : failed(new Error('nothing says what became of it'))),
    }).start();
  });
}

async function expectWhole(server: Server, id: string, file: Buffer): Promise<void> {
  const bytes = Buffer.from(await (await fetch(`${server.origin}/api/assets/${id}/download`)).arrayBuffer());
  const digest = (of: Buffer) => createHash('sha256').update(of).digest('hex');
  expect(digest(bytes)).toBe(digest(file));
}

function footage(server: Server): Buffer {
  const file = readFileSync(largeClip(server.dir, BYTES));
  // No holes and no repetition: bytes in another place would be seen.
  randomBytes(BYTES / 2).copy(file, BYTES / 2);
  return file;
}

test('an upload whose connection is lost at nine tenths goes on there', async ({ server }) => {
  const file = footage(server);
  const way = await between(server, BYTES * 0.9);
  await expectWhole(server, await send(server, way.origin, file), file);
  expect(way.state.broken).toBe(true);
  // But for what lay in the buffers of the connection that broke.
  expect(way.state.up).toBeLessThan(BYTES * 1.3);
  way.close();
});

test('an upload goes on though the server was killed', async ({ server }) => {
  const file = footage(server);
  const way = await between(server, BYTES / 2, () => server.restart('SIGKILL'));
  await expectWhole(server, await send(server, way.origin, file), file);
  expect(way.state.up).toBeLessThan(BYTES * 1.7);
  way.close();
});
