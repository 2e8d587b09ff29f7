// The rows of the large library that tell of what is kept: videos, pictures, workflows. A row names every column that any version of the schema
// has; those that a database lacks are left out.
import { createHash } from 'node:crypto';
import { drama } from './drama';
import { scaled } from './machine';
import { MARKS, Random, sentence } from './words';

export type Row = Record<string, string | number | bigint | null>;

export const counts = {
  videos: scaled(100_000, 400), workflows: scaled(10_000, 40), jobs: scaled(100_000, 400), events: scaled(300_000, 1200), images: scaled(2000, 20),
};
/** Executions: a node of each is one of four out of five jobs. */
export const NODES = 4;
export const EXECUTIONS = Math.floor((counts.jobs * 0.8) / NODES);

export const DAY = 86_400_000;
/** The same for every program of a run; whole seconds, as files are dated by it. */
export const NOW = Math.floor(Date.now() / 1000) * 1000;

const MODELS = [
  ['openai', 'sora-2', 0.35], ['openai', 'sora-2-pro', 0.1], ['google', 'veo-3.1-generate-preview', 0.2], ['google', 'veo-3.1-fast-generate-preview', 0.15],
  ['xai', 'grok-imagine-video', 0.1], ['animatic', 'animatic', 0.1],
] as const;
const FRAMES = [[720, 1280, '9:16'], [1280, 720, '16:9'], [1080, 1920, '9:16'], [1024, 1792, '4:7'], [1920, 1080, '16:9'], [480, 480, '1:1']] as const;

/** A moment as the program writes it; `order` tells rows of one millisecond apart. */
export const at = (moment: number, order = 0): string => `${new Date(moment).toISOString().slice(0, -1)}${String(order % 1000).padStart(3, '0')}Z`;

/** An id in order of time, as the program makes them: a kind's digit and the row's number are its random part. */
function id(kind: number, number: number, moment: number): string {
  const time = Math.floor(moment).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${kind}00-8000-${number.toString(16).padStart(12, '0')}`;
}

/** When the row of that number was made: evenly over two years. */
export const made = (number: number, count: number): number => NOW - 2 * 365 * DAY + Math.floor(((number + 0.5) / count) * 2 * 365 * DAY);

export const videoId = (number: number): string => id(1, number, made(number, counts.videos));
export const workflowId = (number: number): string => id(2, number, made(number, counts.workflows));
export const executionId = (number: number): string => id(3, number, made(number, EXECUTIONS));
const imageId = (number: number): string => id(4, number, made(number, counts.images));
export const jobId = (number: number): string => id(5, number, jobMade(number));

/** Jobs of executions are made with them; the last tenth are posters, which go a day after they ended. */
export function jobMade(number: number): number {
  if (number < EXECUTIONS * NODES) return made(Math.floor(number / NODES), EXECUTIONS) + 1000;
  if (number < counts.jobs * 0.9) return made(number - EXECUTIONS * NODES, Math.ceil(counts.jobs * 0.1));
  return NOW - DAY / 2 + Math.floor(((number / counts.jobs - 0.9) / 0.1) * (DAY / 4));
}

export const hash = (kind: string, number: number): string => createHash('sha256').update(`${kind} ${number}`).digest('hex');

/** What a file's row says of it, beside its time and its name. */
const stored = (digest: string, extension: string, size: number) => ({
  file_path: `${digest.slice(0, 2)}/${digest}.${extension}`, file_hash: digest, size_bytes: size, mtime_ns: BigInt(NOW) * 1_000_000n,
  verified_at: at(NOW - DAY), damaged_at: null,
});

function origin(number: number, isOld: boolean): string {
  const share = new Random(number * 11 + 1).next();
  if (share < 0.8) return 'generated';
  if (share < 0.92) return 'uploaded';
  return share < 0.99 || isOld ? 'stitched' : 'derived';
}

const prompt = (number: number): string => sentence(new Random(number * 7 + 3), 20 + (number % 17));

export function* videos(isOld: boolean): Generator<Row> {
  const random = new Random(1);
  for (let number = 0; number < counts.videos; number++) {
    const source = origin(number, isOld);
    const [width, height, aspect] = random.of(FRAMES);
    const seconds = source === 'generated' ? random.of([4, 8, 12, 5, 6, 10]) : Math.round(random.next() * 90_000) / 1000 + 0.5;
    const metadata = { width, height, audio: { codec: 'aac', sample_rate: 48_000, channels: 2 } };
    const created = made(number, counts.videos);
    yield {
      id: videoId(number),
      name: source === 'uploaded' ? `${MARKS.everywhere}_take-${number}.mp4` : `${prompt(number).slice(0, 60)}…`,
      ...stored(hash('video', number), 'mp4', Math.floor(400_000 * 100 ** random.next())), stream_hash: hash('streams', number),
      duration_seconds: seconds, resolution: `${width}x${height}`, aspect_ratio: aspect, codec: 'h264', fps: random.of([24, 25, 30]), source_type: source,
      created_at: at(created, number), metadata: JSON.stringify(metadata), media_type: 'video/mp4', width, height, streams_read_at: at(created + 5000),
      // One in a hundred of the last is in the trash, and stays there while this runs.
      deleted_at: number % 100 === 50 ? at(NOW - DAY, number) : null,
    };
  }
}

export function* generations(): Generator<Row> {
  const random = new Random(2);
  for (let number = 0; number < counts.videos; number++) {
    if (origin(number, true) !== 'generated') continue;
    let share = random.next();
    const [provider, model] = MODELS.find(([, , part]) => (share -= part) < 0) ?? MODELS[0];
    const created = made(number, counts.videos);
    yield {
      video_id: videoId(number), provider, model, prompt: prompt(number), generation_params: JSON.stringify({ seconds: 8, size: '720x1280', take: 1 }),
      job_id: jobId(number % counts.jobs), status: 'succeeded', started_at: at(created - 60_000), completed_at: at(created), provider_job_id: `video_${number}`,
    };
  }
}

export function* images(): Generator<Row> {
  for (let number = 0; number < counts.images; number++) {
    yield {
      id: imageId(number), name: `${MARKS.everywhere} ${number}.png`, ...stored(hash('image', number), 'png', 20_000 + number), width: 720, height: 1280,
      media_type: 'image/png', source_type: 'uploaded', created_at: at(made(number, counts.images), number), stream_hash: null, metadata: '{}', deleted_at: null,
    };
  }
}

export function* workflows(): Generator<Row> {
  for (let number = 0; number < counts.workflows; number++) {
    const random = new Random(number * 5 + 2);
    const definition = drama(4 + Math.floor(36 * random.next() ** 2));
    // The marks are in the description alone: their shares are of rows.
    for (const node of definition.nodes) if (node.type === 'Prompt') node.params.text = `Shot ${random.below(1000)}: she turns at door ${random.below(1e6)}`;
    const created = made(number, counts.workflows);
    const changed = created + Math.floor(random.next() * (NOW - created));
    yield {
      id: workflowId(number), name: `Episode ${random.below(100_000)}`, description: sentence(random, 12), status: random.chance(0.7) ? 'saved' : 'draft',
      definition: JSON.stringify(definition), created_at: at(created, number), updated_at: at(changed, number), last_executed_at: at(changed, number),
      revision: 1, node_count: definition.nodes.length,
    };
  }
}

/** Three of five videos belong to a workflow, most of them to few: the first has hundreds. */
export function* uses(): Generator<Row> {
  const random = new Random(4);
  for (let number = 0; number < counts.videos; number++) {
    if (!random.chance(0.6)) continue;
    const workflow = number % 200 === 0 ? 0 : Math.floor(counts.workflows * random.next() ** 2);
    yield {
      workflow_id: workflowId(workflow), video_id: videoId(number), node_id: `shot-${number % 20}`, node_type: 'Sora2Video', role: 'output',
      execution_id: null, created_at: at(made(number, counts.videos), number),
    };
  }
}
