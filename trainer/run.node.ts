/** @file Starting a run or going on with one: configuration, data, networks and the training step, ready for `train`. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { resolvedDevice } from '../inference/devices.node.js';
import { InputError, writeFileAtomic } from '../onnx/index.js';
import { loadCheckpoint } from './checkpoint.node.js';
import type { GanConfig, Head, PresetName } from './config.js';
import type { DataOptions, Split } from './data/dataset.js';
import { openDataset } from './data/open.node.js';
import { Loader } from './data/loader.node.js';
import { newestCheckpoint } from './kept-checkpoints.node.js';
import { configWith } from './presets.js';
import { markLatest, newRunFolder, resolvedRun } from './runs.node.js';
import { initialState } from './state.js';
import type { Backend } from './step/create.node.js';
import { RemoteStep } from './step/remote.node.js';
import type { TrainStep } from './step/step.js';

/** What a user may ask for, in the command line's words. */
export interface RunOptions {
  data?: string | undefined;
  split?: Split | undefined;
  classes?: readonly string[] | undefined;
  preset?: PresetName | undefined;
  out?: string | undefined;
  steps?: number | undefined;
  epochs?: number | undefined;
  batchSize?: number | undefined;
  imageSize?: number | undefined;
  ngf?: number | undefined;
  ndf?: number | undefined;
  latentDim?: number | undefined;
  lr?: number | undefined;
  lrD?: number | undefined;
  beta1?: number | undefined;
  head?: Head | undefined;
  seed?: number | undefined;
  backend?: 'auto' | Backend | undefined;
  device?: 'auto' | 'cuda' | 'webgpu' | 'cpu' | undefined;
  /** A run's folder, or '' for the latest. */
  resume?: string | undefined;
}

/** All that `train` needs, and what to tell the user. */
export interface StartedRun {
  run: string;
  config: GanConfig;
  loader: Loader;
  step: TrainStep;
  done: number;
  steps: number;
  notes: string[];
}

/** What a run remembers in its config.json. */
interface RunFile {
  config: GanConfig;
  /** Absolute path of the data; null for the built-in ones. */
  data: string | null;
  /** What of it; nothing in runs of earlier versions. */
  dataOptions?: DataOptions;
  steps: number;
}

const keptOptions = [
  'preset',
  'batchSize',
  'imageSize',
  'ngf',
  'ndf',
  'latentDim',
  'lr',
  'lrD',
  'beta1',
  'head',
  'seed',
  'split',
  'classes',
] as const;

/**
 * Starts a run, or goes on with one where `resume` is given. The training step lives in its own thread: dispose of it.
 * @param reading told while pictures are read for the first time
 * @throws InputError for options that do not fit, missing data, or a device or backend that cannot be had
 */
export async function startedRun(
  options: RunOptions,
  reading?: (loaded: number, total: number) => void,
): Promise<StartedRun> {
  const resumed = options.resume === undefined ? undefined : await resumedRun(options);
  const config = resumed?.config ?? newConfig(options);
  const data = options.data === undefined ? (resumed?.data ?? null) : resolve(options.data);
  const dataOptions = resumed?.dataOptions ?? { split: options.split ?? 'all', classes: options.classes ?? [] };
  const dataset = await openDataset(data ?? undefined, { ...dataOptions, imageSize: config.imageSize });
  const loader = new Loader(dataset, config);
  await loader.decodeAll({ ...(reading && { progress_callback: ({ loaded, total }) => reading(loaded, total) }) });
  const steps =
    options.steps ??
    (options.epochs
      ? options.epochs * loader.batchesPerEpoch
      : (resumed?.steps ?? config.epochs * loader.batchesPerEpoch));
  if (!Number.isInteger(steps) || steps < 1)
    throw new InputError(`--steps: expected a positive whole number; got ${steps}`);
  const backend = options.backend === undefined || options.backend === 'auto' ? 'onnxruntime' : options.backend;
  const device = await resolvedDevice(backend === 'onnxruntime' ? (options.device ?? 'auto') : 'cpu');
  const run = resumed?.run ?? (await newRunFolder(options.out, config.preset));
  const state = resumed?.state ?? initialState(config);
  const step = await RemoteStep.create({ config, state, backend, device: device.device });
  await writeFileAtomic(
    join(run, 'config.json'),
    `${JSON.stringify({ config, data, dataOptions, steps } satisfies RunFile, null, 2)}\n`,
  );
  await markLatest(run);
  const notes = [
    `${resumed ? `Going on with ${run} after step ${state.step}` : `New run ${run}`}: ${dataset.name}, ` +
      `${config.imageSize}×${config.imageSize}, preset ${config.preset}, seed ${config.seed}`,
    ...(backend === 'onnxruntime' ? device.notes : []),
    `Training on ${step.description}`,
  ];
  return { run, config, loader, step, done: state.step, steps, notes };
}

function newConfig(options: RunOptions): GanConfig {
  const { preset = 'space', ...rest } = options;
  const { batchSize, imageSize, ngf, ndf, latentDim, lr, lrD, beta1, head, seed, epochs } = rest;
  return configWith(preset, { batchSize, imageSize, ngf, ndf, latentDim, lr, lrD, beta1, head, seed, epochs });
}

async function resumedRun(options: RunOptions) {
  const changed = keptOptions.find((name) => options[name] !== undefined);
  if (changed) {
    const flag = changed.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new InputError(`--${flag}: a resumed run keeps its own value; leave the option out or start a new run`);
  }
  if (options.out !== undefined) throw new InputError('--out: a resumed run stays in its folder; leave the option out');
  const run = await resolvedRun(options.resume || undefined);
  const { data, dataOptions, steps } = await readRunFile(run);
  const { state, config } = await loadCheckpoint(await newestCheckpoint(run));
  return { run, state, config, data, dataOptions, steps };
}

async function readRunFile(run: string): Promise<RunFile> {
  const path = join(run, 'config.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new InputError(`${path}: expected the configuration of a run; it cannot be read`);
  });
  try {
    return JSON.parse(text) as RunFile;
  } catch {
    throw new InputError(`${path}: expected JSON; it cannot be parsed`);
  }
}
