/** @file What the server answers to: one entry per address. */
import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { IncomingMessage } from 'node:http';
import { openInside } from './files/files.node.js';
import type { Answer } from './http/answer.node.js';
import { bodyOf, expectAllowed, expectOwnPage } from './http/guard.node.js';
import { Refusal } from './http/refusal.node.js';
import { roles, type CheckpointNetworks } from './networks/checkpoint-networks.node.js';
import { foldersOf, runInfo, type RunPlaces } from './runs.node.js';
import { runDetails } from './runs/details.node.js';
import { stepLines } from './runs/lines.node.js';
import { parsedResume, parsedTraining } from './training/request.node.js';
import type { TrainingInfo, Trainings } from './training/trainings.node.js';

/** What the answers come from. */
export interface Context {
  places: RunPlaces;
  networks: CheckpointNetworks;
  /** Only where trainings may be started from the page. */
  training?: { trainings: Trainings; token: string } | undefined;
}

/** A request as its route sees it. */
export interface Asked {
  request: IncomingMessage;
  /** Parts of the address by their names in the route's path. */
  named: Readonly<Record<string, string>>;
  /** The parts from the route's `*` on. */
  rest: readonly string[];
  query: URLSearchParams;
}

/** An address and its answer; none means that there is no such thing. */
export interface Route {
  method: 'GET' | 'POST';
  /** Parts between slashes: a word, `:name` for any part, or a last `*` for all that follow. */
  path: string;
  answer: (asked: Asked, context: Context) => Promise<Answer | undefined>;
}

const PAGE = fileURLToPath(new URL('../../browser/', import.meta.url));
const RUNTIME = runtimeFolder();

/** onnxruntime-web where it is installed, which has WebGPU; else the part of it that ships with this package. */
function runtimeFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  } catch {
    return fileURLToPath(new URL('../../wasm/', import.meta.url));
  }
}

/** All routes; the first that fits answers. */
export const routes: readonly Route[] = [
  get('/api/runs', async (_, { places }) => ({
    json: await Promise.all([...(await foldersOf(places))].map(([run, folder]) => runInfo(run, folder, places))),
  })),
  ofRun('/api/runs/:run', async (folder, { named }) => ({ json: await runDetails(named['run'] ?? '', folder) })),
  ofRun('/api/runs/:run/metrics', async (folder, asked) => ({
    json: await stepLines(folder, 'metrics.jsonl', offsetOf(asked)),
  })),
  ofRun('/api/runs/:run/quality', async (folder, asked) => ({
    json: await stepLines(folder, 'quality.jsonl', offsetOf(asked)),
  })),
  get('/api/trainings', async (_, { training }) => ({
    json: { allowed: training !== undefined, trainings: training?.trainings.list() ?? [] },
  })),
  change('/api/trainings', async (trainings, { body, places }) =>
    trainings.start(parsedTraining(body), (await foldersOf(places)).keys()),
  ),
  change('/api/trainings/:run/pause', async (trainings, { run }) => trainings.pause(run)),
  change('/api/trainings/:run/stop', async (trainings, { run }) => trainings.stop(run)),
  change('/api/trainings/:run/resume', async (trainings, { run, body, places }) =>
    trainings.resume(run, (await foldersOf(places)).get(run), parsedResume(body)),
  ),
  get('/api/*', async () => undefined),
  ofRun('/runs/:run/real.png', (folder) => fileOf(folder, ['real.png'])),
  ofRun('/runs/:run/samples/:file', (folder, { named }) => fileOf(folder, ['samples', named['file'] ?? ''], '.png')),
  ofRun('/runs/:run/onnx/:file', (folder, { named }) => fileOf(folder, ['onnx', named['file'] ?? ''], '.onnx')),
  ofRun('/runs/:run/checkpoints/:checkpoint/:file', async (folder, { request, named }, { networks }) => {
    const { checkpoint = '', file: name = '' } = named;
    const role = roles.find((each) => name === `${each}.onnx`);
    if (role === undefined || !/^step-\d{7,15}$/.test(checkpoint)) return undefined;
    expectOwnPage(request);
    const file = await networks.open(folder, checkpoint, role);
    return file && { file, name };
  }),
  get('/runs/*', async () => undefined),
  get('/onnxruntime-web/*', async ({ rest }) => fileOf(RUNTIME, rest)),
  get('/', async () => fileOf(PAGE, ['index.html'])),
  get('/*', async ({ rest }) => fileOf(PAGE, rest)),
];

function get(path: string, answer: Route['answer']): Route {
  return { method: 'GET', path, answer };
}

/** A route about a run: it may have been deleted since the page listed it. */
function ofRun(
  path: string,
  answer: (folder: string, asked: Asked, context: Context) => Promise<Answer | undefined>,
): Route {
  return get(path, async (asked, context) => {
    const folder = (await foldersOf(context.places)).get(asked.named['run'] ?? '');
    if (folder === undefined) throw new Refusal(404, `there is no run ${asked.named['run']}`);
    return answer(folder, asked, context);
  });
}

/** A route that changes something: only where that is allowed, only from our page, only with the token. */
function change(
  path: string,
  answer: (trainings: Trainings, asked: { run: string; body: unknown; places: RunPlaces }) => Promise<TrainingInfo>,
): Route {
  return {
    method: 'POST',
    path,
    answer: async ({ request, named }, { training, places }) => {
      if (training === undefined) throw new Refusal(405, 'this server only shows things');
      expectAllowed(request, training.token);
      const body = await bodyOf(request);
      return { json: await answer(training.trainings, { run: named['run'] ?? '', body, places }) };
    },
  };
}

async function fileOf(folder: string, parts: readonly string[], end = ''): Promise<Answer | undefined> {
  const name = parts.at(-1) ?? '';
  const file = name.endsWith(end) ? await openInside(folder, parts) : undefined;
  return file && { file, name };
}

function offsetOf({ query }: Asked): number {
  const offset = Number(query.get('offset') ?? 0);
  return Number.isSafeInteger(offset) && offset > 0 ? offset : 0;
}
