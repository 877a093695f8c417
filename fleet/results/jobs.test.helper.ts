/** @file Jobs of all commands with models and pictures from a small S3 server, for tests of their results. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { startExplainJob } from '../../explain/tasks/explain-job.node.js';
import { openSampling } from '../../inference/jobs/bulk/sampling.node.js';
import { sampleJob } from '../../inference/jobs/sample-job.node.js';
import { Generator } from '../../inference/networks/generator.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { localEngine, performJob, type TaskEngine } from '../../inference/tasks/engine.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import { spacePicture } from '../../trainer/data/space/space.js';
import { startEvaluationJob } from '../../trainer/evaluate/tasks/evaluation-job.node.js';
import { S3Inputs } from '../storage/inputs.node.js';
import { TestS3 } from '../storage/s3.test.helper.js';
import { StoredFolder } from './stored-folder.node.js';

export const tiny = fileURLToPath(new URL('../../../fixtures/tiny/', import.meta.url));

/** What workers of the scene may read and write. */
export const ROOTS = ['s3://open/models', 's3://open/birds/', 's3://open/out'];

/** What jobs need; `openScene` fills it. */
export const scene = {} as {
  folder: string;
  s3: TestS3;
  inputs: S3Inputs;
  generator: Generator;
  models: { generator: string; discriminator: string };
  pictures: string;
};

/** Starts a server with models and pictures, and fetches them. */
export async function openScene(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-results-'));
  const s3 = await TestS3.start();
  const quiet = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  for (const [name, value] of Object.entries({ ...s3.env, GANSCOPE_CACHE: join(folder, 'cache'), ...quiet }))
    vi.stubEnv(name, value);
  for (const name of ['generator.onnx', 'discriminator.onnx'])
    s3.put(`models/${name}`, await readFile(join(tiny, name)));
  // The third of five pictures is none.
  for (let i = 0; i < 5; i++) s3.put(`birds/${i}.png`, i === 2 ? 'none' : await encodePng(spacePicture(32, 0, i)));
  const inputs = await S3Inputs.open({ environment: process.env });
  const model = (name: string) => inputs.model(`s3://open/models/${name}`, 'model', 'discriminator.onnx');
  const models = { generator: await model('generator.onnx'), discriminator: await model('discriminator.onnx') };
  const { folder: pictures } = await inputs.pictures('s3://open/birds', 'IMAGE');
  const generator = await Generator.load(models.generator, { device: 'cpu' });
  Object.assign(scene, { folder, s3, inputs, generator, models, pictures });
}

export async function closeScene(): Promise<void> {
  await scene.generator.dispose();
  scene.inputs.close();
  vi.unstubAllEnvs();
  await scene.s3.stop();
  await rm(scene.folder, { recursive: true, force: true });
}

/** Opens a job in a folder. */
export type Open = (out: string, shared: boolean) => Promise<TaskJob>;

export const sampling =
  (from = 0): Open =>
  (out, shared) => {
    const job = sampleJob({ format: 'png', seeds: [{ from, to: from + 199 }], sort: 'score', keep: 20, out });
    if (job.kind !== 'shards') throw new Error(job.kind);
    return openSampling(
      { ...job, shardSize: 8 },
      { model: scene.models.generator, generator: scene.generator },
      shared,
    );
  };

export const explaining: Open = async (out, shared) => {
  const style = { palette: 'jet', overlay: 'report', alpha: 0.5, format: 'png', sameScale: false } as const;
  const runs = { augment: false, eigen: false, seed: 0, samples: 25, noise: 0.15, steps: 50, taskSize: 2 };
  const paths = (await readdir(scene.pictures)).toSorted().map((name) => join(scene.pictures, name));
  const texts = { method: 'gradcam', ...style, ...runs };
  return startExplainJob({
    paths,
    texts,
    model: scene.models.discriminator,
    out,
    device: 'cpu',
    shared,
    resume: false,
  });
};

export const evaluating: Open = (out, shared) =>
  startEvaluationJob({
    pair: {
      asTrained: false,
      sets: [
        { kind: 'data', path: scene.pictures, options: {} },
        { kind: 'generator', path: scene.models.generator },
      ],
    },
    features: scene.models.discriminator,
    texts: { samples: 300, strict: false, mean: '0.5', std: '0.5' },
    out,
    device: 'cpu',
    shared,
    resume: false,
  });

export const commands = [
  ['gan-sample', sampling()],
  ['gan-gradcam', explaining],
  ['gan-eval', evaluating],
] as const;
export type Command = (typeof commands)[number][0];

/** Performs a job with its results in a folder. */
export async function performed(open: Open, out: string, engine: TaskEngine): Promise<unknown> {
  const job = await open(out, engine.shared);
  return performJob(job, engine, {}).finally(() => job.dispose());
}

/** Performs a job with its results at an address. */
export async function stored(command: Command, open: Open, address: string, engine: TaskEngine = localEngine) {
  const place = await StoredFolder.open(address, command, process.env);
  try {
    return await performed(open, place.folder, place.engine(engine));
  } finally {
    await place.dispose();
    place.forget();
  }
}
