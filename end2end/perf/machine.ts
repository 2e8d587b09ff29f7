// What the measurements share: the programs that are compared, CPU and memory by Linux' own account, and the limits that stand beside them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Server } from '../server';

/** The programs to measure by name: PROGRAMS="before=PATH after=PATH", else what `make release` built. */
export const programs: [string, string][] = (process.env.PROGRAMS ?? `dist=${resolve(import.meta.dirname, '../../target/dist/reelgraph')}`)
  .split(' ').map((entry) => entry.split('=') as [string, string]).filter(([, path]) => existsSync(path));

const SCALE = Number(process.env.PERF_SCALE || 1);

/** A size or a count. PERF_SCALE=0.05 tries the measurements out in seconds with a twentieth of everything: the figures then say nothing. */
export const scaled = (full: number, least = 1): number => Math.max(least, Math.round(full * SCALE));

/** How often each figure is taken: in each round the limit first, then program by program. PERF_ROUNDS=1 for a trial. */
export const ROUNDS = Number(process.env.PERF_ROUNDS || 3);

const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** The fields of a process' stat behind its name in brackets (proc(5)): field 3 first. Null where it has ended. */
function stat(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  } catch {
    return null;
  }
}

/** A process with all that it has begun and that still lives. */
function family(pid: number): number[] {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), Number(stat(Number(name))?.[1])]);
  const found = [pid];
  for (let place = 0; place < found.length; place++) found.push(...parents.filter(([, parent]) => parent === found[place]).map(([child]) => child));
  return found;
}

/** CPU milliseconds that a process has used so far, itself alone: utime and stime. */
export function cpu(pid: number): number {
  const fields = stat(pid);
  return fields ? ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS : 0;
}

/** CPU milliseconds of a process and all its children, those that ended and were waited for too. */
export function cpuWithChildren(pid: number): number {
  return family(pid).reduce((sum, member) => {
    const fields = stat(member);
    return sum + (fields ? (fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * 1000) / TICKS : 0);
  }, 0);
}

/** MiB of memory that are a process' own: private pages, and its share of the rest. */
export function memory(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024;
}

/** How many files a process has open, connections among them. */
export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Runs a command; the CPU milliseconds that it took with its children, and how long it lasted. */
export function spent(command: string, args: string[], cwd?: string): { cpu: number; wall: number; output: string } {
  const script = 'TIMEFORMAT="spent %U %S %R"; { time "$@" 2>&3; } 3>&2';
  const began = execFileSync('bash', ['-c', `${script} 2>&1`, 'bash', command, ...args], { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  const found = /spent ([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(began);
  if (!found) throw new Error(`${command} was not timed:\n${began}`);
  return { cpu: (Number(found[1]) + Number(found[2])) * 1000, wall: Number(found[3]) * 1000, output: began.slice(0, found.index) };
}

export const median = (values: number[]): number => percentile(values, 0.5);

/** The value below which `share` of all are. */
export function percentile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
}

/** Waits until something is so. */
export async function until(what: string, is: () => boolean | Promise<boolean>, seconds = 120): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await is());) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Asks a server's database, or changes it, without the server's knowing. */
export function ask<Row = Record<string, any>>(server: Server, sql: string, ...values: SQLInputValue[]): Row[] {
  const database = new DatabaseSync(join(server.dir, 'media.db'), { timeout: 30_000 });
  try {
    return database.prepare(sql).all(...values) as Row[];
  } finally {
    database.close();
  }
}

/** Whether a program hashes the streams of a clip after its upload was answered; older ones do so before. */
export const hashesAfterwards = (server: Server): boolean => ask(server, "SELECT 1 FROM pragma_table_info('videos') WHERE name = 'streams_read_at'").length > 0;

/** Waits until a server has nothing to do any more: no job waits, each clip's streams are hashed, and it takes no CPU for a third of a second. */
export async function quiet(server: Server): Promise<void> {
  const later = hashesAfterwards(server) ? 'UNION ALL SELECT 1 FROM videos WHERE streams_read_at IS NULL AND damaged_at IS NULL' : '';
  await until('nothing waits', () => ask(server, `SELECT 1 FROM jobs WHERE status IN ('queued', 'running') ${later}`).length === 0, 600);
  let [used, since] = [cpuWithChildren(server.pid!), Date.now()];
  await until('the server is idle', () => {
    const now = cpuWithChildren(server.pid!);
    if (now > used + 1000 / TICKS) [used, since] = [now, Date.now()];
    return Date.now() - since > 333;
  });
}

/** Does something with a fresh server of each program and an nginx, and takes all of them away whatever comes of it. */
export async function withServers(work: (servers: [string, Server][], nginx: Nginx) => Promise<void>, settings: Record<string, string> = {}): Promise<void> {
  const servers: [string, Server][] = [];
  const nginx = await Nginx.start();
  try {
    for (const [name, path] of programs) servers.push([name, await Server.start(settings, path)]);
    await work(servers, nginx);
  } finally {
    for (const [, server] of servers) await server.remove();
    await nginx.remove();
  }
}

/** One line of a table: what was measured, each program's figure, the limit beside it, and how often it stands in the figure. */
export function tell(what: string, figures: Record<string, number[]>, limit: [string, number[]] | null, unit: string, aim = ''): void {
  const written = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0));
  const base = limit ? median(limit[1]) : Number.NaN;
  const one = ([name, values]: [string, number[]]) => `${name} ${written(median(values))} ${unit}` + (limit ? ` (${(median(values) / base).toFixed(2)} ×)` : '');
  console.log(`${what}: ${Object.entries(figures).map(one).join(', ')}${limit ? `; ${limit[0]} ${written(base)} ${unit}` : ''}${aim ? ` [${aim}]` : ''}`);
}

/** nginx with one worker a core, that serves and takes (PUT) the files of a folder: the limit of transfers. */
export class Nginx {
  readonly dir = mkdtempSync(join(tmpdir(), 'reelgraph-nginx-'));
  private constructor(readonly port: number, private readonly child: ChildProcess) {}

  static async start(): Promise<Nginx> {
    const port = await new Promise<number>((done) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
      });
    });
    const begun = new Nginx(port, undefined as never);
    for (const folder of ['files', 'body', 'other']) mkdirSync(join(begun.dir, folder));
    writeFileSync(join(begun.dir, 'nginx.conf'), `
      daemon off; worker_processes auto; pid ${begun.dir}/pid; error_log ${begun.dir}/error.log;
      ${process.getuid?.() === 0 ? 'user root;' : ''}
      events { worker_connections 4096; }
      http {
        access_log ${begun.dir}/access.log; sendfile on; tcp_nopush on; keepalive_requests 1000000; client_max_body_size 0;
        client_body_temp_path ${begun.dir}/body; proxy_temp_path ${begun.dir}/other; fastcgi_temp_path ${begun.dir}/other; uwsgi_temp_path ${begun.dir}/other; scgi_temp_path ${begun.dir}/other;
        default_type video/mp4;
        server { listen 127.0.0.1:${port}; root ${begun.dir}/files; location / { dav_methods PUT DELETE; } }
      }`);
    const child = spawn('nginx', ['-p', begun.dir, '-c', join(begun.dir, 'nginx.conf'), '-e', join(begun.dir, 'error.log')], { stdio: 'inherit' });
    const nginx = Object.assign(begun, { child });
    await until('nginx answers', () => fetch(nginx.origin).then(() => true, () => false), 10);
    return nginx;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The folder that is served. */
  get files(): string {
    return join(this.dir, 'files');
  }

  /** CPU milliseconds of it and its workers so far. */
  cpu(): number {
    return family(this.child.pid!).reduce((sum, member) => sum + cpu(member), 0);
  }

  /** MiB of memory of it and its workers. */
  memory(): number {
    return family(this.child.pid!).reduce((sum, member) => sum + memory(member), 0);
  }

  async remove(): Promise<void> {
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await gone;
    rmSync(this.dir, { recursive: true, force: true });
  }
}
