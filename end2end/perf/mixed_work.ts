// Mixed work on a server, as a few people do it: lists, searches, pages, parts of clips, event streams, uploads, saves, runs, deletions.
import { readFileSync } from 'node:fs';
import { type Server, clip } from '../server';
import { drama } from './drama';
import { workflowId } from './library_rows';
import { ended } from './work';
import { MARKS, Random, words } from './words';

/** Things of ours that are kept at most: clips and workflows beyond them are deleted, streams closed, the oldest first. */
const [CLIPS, WORKFLOWS, STREAMS] = [200, 50, 20];

const SEARCHES = [...Object.values(MARKS), `${MARKS.everywhere} -${MARKS.often}`, '重庆', '夜の', 'cafe', 'qua'];
const ORDERS = ['', '&sort=created_at', '&sort=-name', '&sort=duration', '&sort=-size'];
const LISTS = [
  '/api/videos?source_type=stitched', '/api/videos?min_width=1900', '/api/videos?limit=200', `/api/videos?workflow_id=${workflowId(0)}`, '/api/assets', '/api/workflows',
  '/api/workflows?sort=name&status=draft', '/api/executions', '/api/executions?status=succeeded', '/api/jobs', '/api/jobs?kind=generate&status=failed', '/api/spend', '/metrics',
];
const PAGES = ['/', '/?q=rain', '/jobs', '/spend', '/workflows/new'];

/** One of our clips on a server. */
interface Clip {
  id: string;
  size: number;
}

/** Works on one server. What one step does depends on its number alone, so that every server gets the same. */
export class Worker {
  /** Answers by step and status. */
  readonly answers = new Map<string, number>();
  private readonly clips: Clip[] = [];
  private readonly workflows: string[] = [];
  private readonly streams: AbortController[] = [];
  private readonly bytes: Buffer[];

  constructor(private readonly server: Server) {
    this.bytes = [0, 1, 2].map((variant) => readFileSync(clip(server.dir, variant, 1)));
  }

  async step(number: number): Promise<void> {
    // The log of an hour, gone through at each of its lines, would be most of the work here.
    if (this.server.log.length > 50_000) this.server.log = '';
    await this.work(number).catch((error) => this.count('broken off:', String(error).slice(0, 100)));
  }

  private async work(number: number): Promise<void> {
    const random = new Random(number * 9973 + 5);
    const share = random.below(100);
    if (share < 20) return this.ask('list', 'GET', random.of(LISTS));
    if (share < 35) return this.ask('search', 'GET', `/api/${random.chance(0.7) ? 'videos' : 'workflows'}?q=${encodeURIComponent(random.of(SEARCHES))}`);
    if (share < 40) return this.ask('search in order', 'GET', `/api/videos?q=${encodeURIComponent(random.of(SEARCHES))}${random.of(ORDERS)}`);
    if (share < 45) return this.ask('builder', 'GET', `/workflows/${random.chance(0.5) ? workflowId(random.below(40)) : this.workflows[0] ?? workflowId(0)}`);
    if (share < 52) return this.ask('page', 'GET', random.of(PAGES));
    if (share < 72) return this.part(random);
    if (share < 80) return this.follow();
    if (share < 86) return this.upload(number, random);
    if (share < 95) return this.save(number, random);
    if (share < 97) return this.run(number);
    return this.delete();
  }

  /** Ends what is still open. */
  close(): void {
    for (const stream of this.streams.splice(0)) stream.abort();
  }

  private count(what: string, status: number | string): void {
    const key = `${what} ${status}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }

  private async call(what: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<any> {
    const json = body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(this.server.origin + path, {
      method, headers: { accept: path.startsWith('/api/') ? 'application/json' : 'text/html', ...json, ...headers },
      body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    this.count(what, answer.status);
    return answer.ok && answer.headers.get('content-type')?.includes('json') ? JSON.parse(bytes.toString()) : undefined;
  }

  private async ask(what: string, method: string, path: string): Promise<void> {
    await this.call(what, method, path);
  }

  private async part(random: Random): Promise<void> {
    const found = this.clips.length ? random.of(this.clips) : undefined;
    if (!found) return;
    const first = random.below(found.size);
    const range = random.chance(0.2) ? {} : { range: `bytes=${first}-${first + 65_535}` };
    await this.call('part of a clip', 'GET', `/api/videos/${found.id}/download`, undefined, range);
  }

  private async follow(): Promise<void> {
    const stop = new AbortController();
    const answer = await fetch(`${this.server.origin}/api/events`, { signal: stop.signal });
    this.count('event stream', answer.status);
    // Read as a page reads it, until it is closed.
    (async () => {
      for await (const bytes of answer.body!) void bytes;
    })().catch(() => {});
    this.streams.push(stop);
    if (this.streams.length > STREAMS) this.streams.shift()!.abort();
  }

  private async upload(number: number, random: Random): Promise<void> {
    // A box of free space behind the last one: other bytes each time.
    const free = Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from('free'), Buffer.alloc(8)]);
    free.writeDoubleBE(number, 8);
    const bytes = Buffer.concat([random.of(this.bytes), free]);
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(bytes)]), `${words(random, 3).join(' ')}.mp4`);
    const kept = await this.call('upload', 'POST', '/api/videos/upload', form);
    if (!kept) return;
    this.clips.push({ id: kept.video_id, size: bytes.length });
    // Waits for the poster: no more is begun than is done.
    await this.call('thumbnail', 'GET', `/api/videos/${kept.video_id}/thumbnail`);
  }

  private async save(number: number, random: Random): Promise<void> {
    const definition = drama(10 + random.below(60));
    for (const node of definition.nodes) if (node.type === 'Prompt') node.params.text = words(random, 12).join(' ');
    const id = this.workflows.length ? random.of(this.workflows) : undefined;
    if (id && random.chance(0.7)) {
      const shown = await this.call('workflow', 'GET', `/api/workflows/${id}`);
      if (shown && random.chance(0.5)) await this.call('draft', 'PUT', `/api/workflows/${id}/draft`, { definition, base_etag: shown.etag ?? '"1"' });
      else await this.call('save', 'PUT', `/api/workflows/${id}`, { definition });
      return;
    }
    const made = await this.call('new workflow', 'POST', '/api/workflows', { name: `Mixed ${number}`, status: 'saved', definition });
    if (made) this.workflows.push(made.workflow_id);
  }

  private async run(number: number): Promise<void> {
    const definition = drama(6);
    for (const node of definition.nodes) {
      if (node.type === 'Prompt') node.params.text = `Run ${number} of ${node.id}`;
      else node.params = { provider: 'animatic', model: 'animatic', seconds: 1, size: '90x160' };
    }
    const begun = await this.call('run', 'POST', '/api/executions', { definition, mode: 'draft' });
    if (begun) await ended(this.server, 'executions', begun.execution_id, () => {});
  }

  private async delete(): Promise<void> {
    while (this.clips.length > CLIPS) await this.call('delete clip', 'DELETE', `/api/videos/${this.clips.shift()!.id}`);
    while (this.workflows.length > WORKFLOWS) await this.call('delete workflow', 'DELETE', `/api/workflows/${this.workflows.shift()}`);
  }
}
