// How long a library of 100,000 videos, 10,000 workflows, 100,000 jobs and 300,000 events takes to answer: each list in each order with each filter,
// searches, pages half way down, events; and the memory of a server with it, 10 s after its start.
import { join } from 'node:path';
import { test } from '@playwright/test';
import type { Server } from '../server';
import { replayed, timed } from './client';
import { largeLibrary } from './large_library';
import { median, memory, percentile, programs, quiet, scaled, tell } from './machine';
import { type Question, questions } from './questions';
import { type Servers, untilAge, withEach } from './work';

/** How often each question is asked after it was asked to warm up: some times of one program, then of the next. */
const [REQUESTS, AT_ONCE, WARM_UP] = [scaled(20, 3), 5, 2];
/** A program that is slow at something is asked fewer times: until this much was spent on one question, in milliseconds. */
const PATIENCE = 2000;
const [AIM, COMMON_AIM] = [30, 150];

test('lists of a large library', async () => {
  test.setTimeout(4 * 3_600_000);
  await withEach(async (servers) => {
    const idle: Record<string, number[]> = {};
    for (const [name, server] of servers) {
      await server.restart();
      await untilAge(server.pid!, 10);
      idle[name] = [memory(server.pid!)];
      await quiet(server);
    }
    tell('memory 10 s after the start', idle, null, 'MiB', 'aim 30');

    const found: [Question, Record<string, number[]>][] = [];
    for (const question of questions(join(servers[0][1].dir, 'media.db'))) {
      const times = await answers(servers, question);
      if (Object.keys(times).length) found.push([question, times]);
    }
    report(found);
    await events(servers);
  }, largeLibrary);
});

/** Milliseconds of each program's answers to a question; those that refuse it are left out. */
async function answers(servers: Servers, question: Question): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  const asked: [string, Server, string][] = [];
  for (const [name, server] of servers) {
    // Gone through at each line.
    server.log = '';
    try {
      const path = await pathOf(server, question);
      await timed(server, path, WARM_UP);
      asked.push([name, server, path]);
      times[name] = [];
    } catch (error) {
      console.log(`${question.path} is left out of ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  for (let request = 0; request < REQUESTS; request += AT_ONCE) {
    for (const [name, server, path] of asked) {
      if (times[name].reduce((sum, time) => sum + time, 0) < PATIENCE) times[name].push(...(await timed(server, path, Math.min(AT_ONCE, REQUESTS - request))));
    }
  }
  return times;
}

/** The address of a question: half way down by a cursor like those that the program makes. */
async function pathOf(server: Server, { path, behind }: Question): Promise<string> {
  if (!behind) return path;
  const answer = await fetch(`${server.origin}${path}&limit=1`);
  await answer.arrayBuffer();
  const given = /[?&]cursor=([0-9a-f]+)/.exec(answer.headers.get('link') ?? '')?.[1];
  if (!given) throw new Error(`no cursor (${answer.status})`);
  const cursor = { ...JSON.parse(Buffer.from(given, 'hex').toString()), key: behind.key, id: behind.id };
  const next = `${path}&cursor=${Buffer.from(JSON.stringify(cursor)).toString('hex')}`;
  const [first] = await server.api('GET', next);
  if (first.id !== behind.next) throw new Error('its pages go on elsewhere');
  return next;
}

const p95 = (times: number[]): number => percentile(times, 0.95);

function report(found: [Question, Record<string, number[]>][]): void {
  const last = programs.at(-1)![0];
  const slowness = (times: Record<string, number[]>) => p95(times[last] ?? Object.values(times)[0]);
  found.sort(([, a], [, b]) => slowness(b) - slowness(a));
  for (const [{ path, isCommonInOtherOrder, behind }, times] of found) {
    const aim = isCommonInOtherOrder ? COMMON_AIM : AIM;
    const figures = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, [p95(all)]]));
    const first = programs[0][0];
    const change = first !== last && times[first] && times[last] ? `, ${(p95(times[last]) / p95(times[first])).toFixed(3)} ×` : '';
    tell(`${decodeURIComponent(path)}${behind ? ' (half way down)' : ''}`, figures, null, 'ms', `p95, aim ${aim}${change}${slowness(times) > aim ? ', MISSED' : ''}`);
  }
  for (const isCommonInOtherOrder of [false, true]) {
    const kind = found.filter(([question]) => question.isCommonInOtherOrder === isCommonInOtherOrder);
    const aim = isCommonInOtherOrder ? COMMON_AIM : AIM;
    const sums = programs.map(([name]) => {
      const all = kind.flatMap(([, times]) => (times[name] ? [p95(times[name])] : []));
      return all.length ? `${name} ${all.filter((time) => time > aim).length} of ${all.length} above, median ${median(all).toFixed(1)} ms, most ${Math.max(...all).toFixed(0)} ms` : `${name} none`;
    });
    console.log(`${isCommonInOtherOrder ? 'common word and another order' : 'lists, filters, orders, searches and pages'}, p95 against ${aim} ms: ${sums.join('; ')}`);
  }
}

/** Until 200 events from then on are there: the last ones, those half way, and the oldest that are kept. */
async function events(servers: Servers): Promise<void> {
  for (const [what, share] of [['the last 200 events', 1], ['200 events from half way', 0.5], ['the 200 oldest events', 0]] as const) {
    const times: Record<string, number[]> = {};
    for (let request = 0; request < REQUESTS + WARM_UP; request++) {
      for (const [name, server] of servers) {
        const job = await fetch(`${server.origin}/api/jobs?limit=1`);
        await job.arrayBuffer();
        const newest = Number(job.headers.get('x-event-id'));
        const time = await replayed(server, Math.max(0, Math.floor((newest - 200) * share)), 200);
        if (request >= WARM_UP) (times[name] ??= []).push(time);
      }
    }
    tell(what, Object.fromEntries(Object.entries(times).map(([name, all]) => [name, [p95(all)]])), null, 'ms', `p95, aim ${AIM}`);
  }
}
