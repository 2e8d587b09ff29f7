// The rows of the large library that tell of work: runs with their nodes, jobs, paid requests and events.
import { drama } from './drama';
import { type Row, DAY, EXECUTIONS, NODES, NOW, at, counts, executionId, hash, jobId, jobMade, made, videoId, workflowId } from './library_rows';
import { Random } from './words';

const SPENDS = Math.floor(counts.jobs * 0.4);
/** Paid requests whose outcome is not known: they wait for their user. */
const UNKNOWN = Math.min(100, Math.floor(counts.jobs / 50));

const outcome = (number: number): string => (number % 25 === 7 ? 'failed' : number % 60 === 11 ? 'cancelled' : 'succeeded');

export function* executions(): Generator<Row> {
  const random = new Random(5);
  const definition = JSON.stringify(drama(NODES * 2));
  for (let number = 0; number < EXECUTIONS; number++) {
    const created = made(number, EXECUTIONS);
    // The first workflow has many.
    const workflow = number % 50 === 0 ? 0 : random.below(counts.workflows);
    yield {
      id: executionId(number), workflow_id: workflowId(workflow), mode: random.chance(0.6) ? 'draft' : 'final', status: outcome(number), definition,
      created_at: at(created, number), started_at: at(created + 1000, number), finished_at: at(created + 240_000, number),
    };
  }
}

/** What a job or a node made, as the older schema names it and as the newer. */
const result = (number: number) => {
  const video = videoId(number % counts.videos);
  return { video_id: video, asset_kind: 'video', asset_id: video };
};
const failure = (status: string) => ({ error_kind: status === 'failed' ? 'unavailable' : null, error_message: status === 'failed' ? 'It was not to be had.' : null });

export function* executionNodes(): Generator<Row> {
  for (let number = 0; number < EXECUTIONS * NODES; number++) {
    const status = outcome(Math.floor(number / NODES));
    yield {
      execution_id: executionId(Math.floor(number / NODES)), node_id: `shot-${number % NODES}`, node_type: 'Sora2Video', position: number % NODES, status,
      progress: 1, message: '', cached: number % 9 === 0 ? 1 : 0, content_key: hash('step', number), job_id: jobId(number), ...result(number),
      ...failure(status), cost_usd_micros: 400_000, cost_estimated: 1, finished_at: at(jobMade(number) + 60_000, number),
    };
  }
}

export function* jobs(): Generator<Row> {
  const input = JSON.stringify({ request: { provider: 'openai', model: 'sora-2', prompt: 'She turns at the door', seconds: 8, size: [720, 1280] }, name: 'Shot' });
  for (let number = 0; number < counts.jobs; number++) {
    const [isOfExecution, isPoster] = [number < EXECUTIONS * NODES, number >= counts.jobs * 0.9];
    const isUnknown = isPoster && number >= counts.jobs - UNKNOWN;
    const status = isUnknown ? 'unknown' : outcome(isOfExecution ? Math.floor(number / NODES) : number);
    const created = jobMade(number);
    yield {
      id: jobId(number), kind: isUnknown ? 'generate' : isPoster ? 'poster' : number % 6 === 5 ? 'stitch' : 'generate', status, progress: 1, message: '',
      execution_id: isOfExecution ? executionId(Math.floor(number / NODES)) : null, node_id: isOfExecution ? `shot-${number % NODES}` : null,
      ...(isUnknown ? { video_id: null, asset_kind: null, asset_id: null } : result(number)), content_key: isPoster ? null : hash('step', number),
      stand_alone: isOfExecution ? 0 : 1, input, ...failure(status), paused: 0, attempts: 1, version: 1,
      lane: isUnknown ? 'openai' : 'local', created_at: at(created, number), started_at: at(created + 2000, number),
      finished_at: isUnknown ? null : at(created + 60_000, number),
    };
  }
}

export function* spends(): Generator<Row> {
  for (let number = 0; number < SPENDS; number++) {
    const sent = jobMade(number) + 3000;
    yield {
      job_id: jobId(number), execution_id: executionId(Math.floor(number / NODES)), node_id: `shot-${number % NODES}`, provider: number % 3 ? 'openai' : 'google',
      model: number % 3 ? 'sora-2' : 'veo-3.1-generate-preview', prompt: 'She turns at the door', state: number % 25 === 7 ? 'refused' : 'kept',
      provider_job_id: `video_${number}`, estimated_usd_micros: 800_000, usd_micros: number % 2 ? 800_000 : null, told: 0, created_at: at(sent - 1000, number),
      sent_at: at(sent, number), accepted_at: at(sent + 1000, number), ended_at: at(sent + 50_000, number),
    };
  }
}

/** Of the last six days: older ones are forgotten. */
export function* events(): Generator<Row> {
  for (let number = 0; number < counts.events; number++) {
    const moment = at(NOW - 6 * DAY + Math.floor((number / counts.events) * 6 * DAY), number);
    const job = number % counts.jobs;
    yield {
      name: 'job', created_at: moment, data: JSON.stringify({
        id: jobId(job), kind: 'generate', status: 'running', progress: 0.25, message: 'Waits for the provider', execution_id: executionId(job % EXECUTIONS),
        node_id: `shot-${number % NODES}`, created_at: moment, started_at: moment, finished_at: null, priority: 0, paused: false,
      }),
    };
  }
}
