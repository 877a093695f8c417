/** @file Starting a run or going on with one: configuration, data, networks and the training step, ready for `train`. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { InputError, writeFileAtomic } from '../onnx/index.js';
import { epochSteps } from './batch.js';
import { loadCheckpoint } from './checkpoint.node.js';
import { chosenConfig, givenSettings, type ChosenSettings } from './chosen.node.js';
import type { GanConfig } from './config.js';
import { defaultCacheFolder } from './data/cache-folder.node.js';
import type { DataOptions } from './data/dataset.js';
import { Loader } from './data/loader.node.js';
import { openDataset } from './data/open.node.js';
import { newestCheckpoint } from './kept-checkpoints.node.js';
import { chosenMachine } from './machine.node.js';
import { runDefaults } from './run-settings.js';
import { markLatest, newRunFolder, resolvedRun } from './runs.node.js';
import { found, settingName } from './settings.js';
import { initialState } from './state.js';
import { RemoteStep } from './step/remote.node.js';
import type { TrainStep } from './step/step.js';

/** What a user may ask for: settings of a run, and to go on with one. */
export interface RunOptions extends ChosenSettings {
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
  /** Steps between log lines, sample grids and checkpoints. */
  logEvery: number;
  sampleEvery: number;
  checkpointEvery: number;
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

/** What a resumed run may be told anew: the rest decides what it computes. */
const free: readonly string[] = [
  'data',
  'strict',
  'cache',
  'cacheSize',
  'epochs',
  'steps',
  'backend',
  'device',
  'devices',
  'logEvery',
  'sampleEvery',
  'checkpointEvery',
];

/**
 * Starts a run, or goes on with one where `resume` is given. The training step lives in its own thread: dispose of it.
 * @param reading told while pictures are read for the first time
 * @throws InputError for options that do not fit, missing data, or a device or backend that cannot be had
 */
export async function startedRun(
  options: RunOptions,
  reading?: (loaded: number, total: number) => void,
): Promise<StartedRun> {
  const { resume, ...flags } = options;
  const given = givenSettings({ flags });
  const resumed = resume === undefined ? undefined : await resumedRun(resume, given);
  const config = resumed?.config ?? chosenConfig(given);
  const data = given.data === undefined ? (resumed?.data ?? null) : resolve(given.data);
  const { split, classes, cropToBox } = { ...runDefaults, ...given };
  const dataOptions = resumed?.dataOptions ?? { split, classes, cropToBox };
  const dataset = await openDataset(data ?? undefined, { ...dataOptions, imageSize: config.imageSize });
  const { strict, cacheSize, cache: folder = defaultCacheFolder() } = { ...runDefaults, ...given };
  const loader = new Loader(dataset, config, { strict, cache: { folder, maxBytes: cacheSize * 2 ** 30 } });
  await loader.decodeAll({ ...(reading && { progress_callback: ({ loaded, total }) => reading(loaded, total) }) });
  const stepsPerEpoch = epochSteps(config, loader);
  const steps =
    given.steps ?? (given.epochs ? given.epochs * stepsPerEpoch : (resumed?.steps ?? config.epochs * stepsPerEpoch));
  const { notes: machineNotes, ...machine } = await chosenMachine(given);
  const run = resumed?.run ?? (await newRunFolder(given.out, config.preset));
  const state = resumed?.state ?? initialState(config);
  const step = await RemoteStep.create({ config, state, ...machine });
  await writeFileAtomic(
    join(run, 'config.json'),
    `${JSON.stringify({ config, data, dataOptions, steps } satisfies RunFile, null, 2)}\n`,
  );
  await markLatest(run);
  const notes = [
    `${resumed ? `Going on with ${run} after step ${state.step}` : `New run ${run}`}: ${dataset.name}, ` +
      `${config.imageSize}×${config.imageSize}, preset ${config.preset}, seed ${config.seed}`,
    ...machineNotes,
    ...(loader.place === 'memory' ? [] : [`Decoded pictures: ${loader.place}`]),
    `Training on ${step.description}`,
  ];
  const { logEvery, sampleEvery, checkpointEvery } = { ...runDefaults, ...given };
  return { run, config, loader, step, done: state.step, steps, logEvery, sampleEvery, checkpointEvery, notes };
}

async function resumedRun(folder: string, given: ChosenSettings) {
  if (given.out !== undefined) throw new InputError('--out: a resumed run stays in its folder; leave the option out');
  const run = await resolvedRun(folder || undefined);
  const { data, dataOptions, steps } = await readRunFile(run);
  const { state, config } = await loadCheckpoint(await newestCheckpoint(run));
  const own: ChosenSettings = { ...runDefaults, ...dataOptions, ...config };
  const changed = Object.entries(given).find(
    ([name, value]) => !free.includes(name) && !isDeepStrictEqual(value, own[name as keyof ChosenSettings]),
  );
  if (changed !== undefined) {
    const [name, value] = changed;
    throw new InputError(
      `${settingName(name)}: a resumed run keeps its ${found(own[name as keyof ChosenSettings])}; got ${found(value)}: ` +
        'leave the option out or start a new run',
    );
  }
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
