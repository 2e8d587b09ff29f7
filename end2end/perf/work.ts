// What several measurements do with a server: wait for what it was asked for, tell its children's CPU apart, and see when they begin.
import { readFileSync, readdirSync } from 'node:fs';
import { Server } from '../server';
import { ask, cpu, cpuWithChildren, programs, until } from './machine';

export type Servers = [string, Server][];

/** Does something with a server of each program, fresh ones if nothing else is said, and takes them away whatever comes of it. */
export async function withEach(work: (servers: Servers) => Promise<void>, make = (_: string, path: string) => Server.start({}, path)): Promise<void> {
  const servers: Servers = [];
  try {
    for (const [name, path] of programs) servers.push([name, await make(name, path)]);
    await work(servers);
  } finally {
    for (const [, server] of servers) await server.remove();
  }
}

/** Fields of a process' stat behind its name, field 3 first (proc(5)); none where it has ended. */
function stat(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  } catch {
    return [];
  }
}

/** A second of Linux' account. */
const TICKS = 100;

/** CPU milliseconds of those children of a process that have ended: what still runs is not in it. */
export const endedChildren = (pid: number): number => {
  const fields = stat(pid);
  return ((Number(fields[13]) + Number(fields[14])) * 1000) / TICKS;
};

/** CPU milliseconds of all children, those that run too. */
export const allChildren = (pid: number): number => cpuWithChildren(pid) - cpu(pid);

/** Seconds since a process was started. */
export const age = (pid: number): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) - Number(stat(pid)[19]) / TICKS;

/** Waits until a process is so old, by the system's clock. */
export const untilAge = (pid: number, seconds: number) => until(`${seconds} s after the start`, () => age(pid) >= seconds, seconds + 10);

/** Waits until a job or an execution has ended, by its row, so that the server does not answer for it; what `look` gives then. */
export async function ended<T>(server: Server, kind: 'jobs' | 'executions', id: string, look: () => T, seconds = 1800): Promise<T> {
  await until(`the end of ${kind} ${id}`, () => ask(server, `SELECT 1 FROM ${kind} WHERE id = ? AND finished_at IS NOT NULL`, id).length > 0, seconds);
  const seen = look();
  const found = await server.api('GET', `/api/${kind}/${id}`);
  if (found.status !== 'succeeded') throw new Error(JSON.stringify(found).slice(0, 2000));
  return seen;
}

const processes = () => new Set(readdirSync('/proc').map(Number).filter((pid) => pid > 0));

/** Waits until a process begins a child of that name, and gives how many milliseconds that took; null where `isOver` comes first. */
export async function untilChild(pid: number, name: string, isOver: () => boolean): Promise<number | null> {
  const began = performance.now();
  const others = new Set<number>();
  const is = (candidate: number) => {
    try {
      const text = readFileSync(`/proc/${candidate}/stat`, 'utf8');
      const found = /^\d+ \((.*)\) \S (\d+)/s.exec(text);
      if (found && Number(found[2]) === pid) return found[1] === name;
      others.add(candidate);
    } catch {
      // It has ended.
    }
    return false;
  };
  while (!isOver()) {
    for (const candidate of processes()) if (!others.has(candidate) && is(candidate)) return performance.now() - began;
    await new Promise((done) => setTimeout(done, 4));
  }
  return null;
}
