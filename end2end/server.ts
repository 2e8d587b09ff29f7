// A server of the release build in a folder of its own, and the page that every test starts from.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, openAsBlob, rmSync, statSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ConsoleMessage, type Page, test as base, expect } from '@playwright/test';

const binary = resolve(import.meta.dirname, '../target/release/reelgraph');
const secrets = [
  'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'GEMINI_API_KEY', 'GEMINI_BASE_URL', 'XAI_API_KEY', 'XAI_BASE_URL', 'REELGRAPH_MODELS',
  'REELGRAPH_ACCESS_TOKEN', 'REELGRAPH_PUBLIC_ORIGIN',
];

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? done(address.port) : failed(new Error('no port'))));
    });
  });
}

/** `reelgraph serve` on a port that stays the same over restarts, as the browser's storage belongs to an origin. */
export class Server {
  readonly dir = mkdtempSync(join(tmpdir(), 'reelgraph-'));
  log = '';
  private child?: ChildProcess;

  private constructor(readonly port: number, private readonly program: string) {}

  static async start(settings: Record<string, string> = {}, program = binary): Promise<Server> {
    const server = new Server(await freePort(), program);
    await server.begin(settings);
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async begin(settings: Record<string, string> = {}): Promise<void> {
    const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => !secrets.includes(key)));
    const child = spawn(this.program, ['serve'], {
      cwd: this.dir,
      env: {
        ...environment,
        LEPTOS_SITE_ADDR: `127.0.0.1:${this.port}`,
        DATABASE_URL: `sqlite://${join(this.dir, 'media.db')}`,
        VIDEOS_URL: `file:${join(this.dir, 'videos')}`,
        REELGRAPH_WORKERS: '2',
        NO_COLOR: '1',
        ...settings,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    await new Promise<void>((ready, failed) => {
      child.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${this.log}`)));
      child.stderr?.on('data', (text) => {
        this.log += text;
        if (this.log.includes('listening on http://')) ready();
      });
    });
  }

  /** Stops it: SIGTERM for a graceful stop, SIGKILL for a crash. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    this.log = '';
    if (!child || child.exitCode !== null) return;
    await new Promise((gone) => {
      child.removeAllListeners('exit');
      child.once('exit', gone);
      child.kill(signal);
    });
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.begin();
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Calls the REST API as a script would. */
  async api<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.origin + path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : (undefined as T);
  }
}

/** A small clip with sound; clips of different variants differ in bytes. */
export function clip(dir: string, variant = 0, seconds = 1): string {
  const path = join(dir, `clip-${variant}.mp4`);
  execFileSync('ffmpeg', [
    '-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=180x320:r=24:d=${seconds}`, '-f', 'lavfi', '-i', `sine=f=${300 + variant}:d=${seconds}`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-metadata', `title=clip ${variant}`, path,
  ]);
  return path;
}

/** A valid clip of `bytes` bytes: behind its last box stands a `free` box (ISO/IEC 14496-12 §8.1.2) that fills the rest. */
export function largeClip(dir: string, bytes: number): string {
  const path = clip(dir, 0);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(1, 0);
  header.write('free', 4, 'latin1');
  header.writeBigUInt64BE(BigInt(bytes - statSync(path).size), 8);
  appendFileSync(path, header);
  truncateSync(path, bytes);
  return path;
}

/** Uploads a file as a script would, and gives the video's id. */
export async function upload(server: Server, path: string, name = 'clip.mp4'): Promise<string> {
  const form = new FormData();
  form.append('file', await openAsBlob(path), name);
  const answer = await fetch(`${server.origin}/api/videos/upload`, { method: 'POST', body: form });
  return ((await answer.json()) as { video_id: string }).video_id;
}

/** Goes to a page of ours and waits until its events work. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.locator('body[data-hydrated]').waitFor();
}

/** Waits until the builder shows its graph at the window's real size and answers the pointer. */
export async function graphReady(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName('graph-ready').length > 0);
}

export const node = (page: Page, type: string, nth = 0) => page.locator(`[data-node-type="${type}"]`).nth(nth);

export const test = base.extend<{ server: Server; origin?: string; expectedProblems: RegExp[]; consoleProblems: void }>({
  // Scheme and name under which the browser reaches the server, where it is not the loopback address.
  origin: [undefined, { option: true }],
  server: async ({ origin }, use) => {
    const server = await Server.start();
    if (origin) {
      await server.stop();
      await server.begin({ REELGRAPH_PUBLIC_ORIGIN: `${server.origin},${origin}:${server.port}` });
    }
    await use(server);
    await server.remove();
  },
  baseURL: async ({ server, origin }, use) => use(origin ? `${origin}:${server.port}` : server.origin),
  // What a test makes the browser log: it may come after what the page itself tells.
  expectedProblems: async ({}, use) => use([]),
  // A page that logs an error or a warning has a bug, a hydration mismatch above all.
  consoleProblems: [
    async ({ page, expectedProblems }, use) => {
      const problems: string[] = [];
      const note = (message: ConsoleMessage) => {
        if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      };
      page.on('console', note);
      page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
      await use();
      expect(problems.filter((problem) => !expectedProblems.some((expected) => expected.test(problem)))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
