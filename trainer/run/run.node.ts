/** @file Starting a run or going on with one: configuration, data, networks and the training step, ready for `train`. */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../onnx/index.js';
import { epochSteps } from '../data/batch.js';
import { chosenConfig, givenSettings, type ChosenSettings } from '../settings/resolve-settings.node.js';
import type { GanConfig } from '../settings/config.js';
import { defaultCacheFolder } from '../data/cache/cache-folder.node.js';
import { Loader } from '../data/loader.node.js';
import { openDataset } from '../data/formats/table.node.js';
import { createEvaluator, evaluationSettings } from './evaluation.node.js';
import type { TrainEvaluation } from './loop.node.js';
import { chosenMachine } from './machine.node.js';
import { readRunFile, stateToGoOnFrom, writeRunFile } from '../checkpoint/run-file.node.js';
import { runDefaults } from '../settings/run-settings.js';
import { markLatest, newRunFolder, resolveRun } from '../../inference/networks/runs.node.js';
import { found } from '../settings/table.js';
import { initialState } from '../step/tfjs/state.js';
import { RemoteStep } from '../step/remote.node.js';
import type { TrainStep } from '../step/state/step.js';

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
  /** The data set's name. */
  data: string;
  step: TrainStep;
  done: number;
  steps: number;
  /** Steps between log lines, sample grids and checkpoints. */
  logEvery: number;
  sampleEvery: number;
  checkpointEvery: number;
  /** Last checkpoints that are kept. */
  keep: number;
  evaluation: Pick<TrainEvaluation, 'evaluator' | 'every'> | undefined;
  notes: string[];
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
  'keep',
  'eval',
  'evalEvery',
];

/** What may be told anew until there is an evaluation. */
const evaluationNames: readonly string[] = ['features', 'featuresMean', 'featuresStd', 'featuresSize', 'evalSamples'];

/**
 * Starts a run, or goes on with one where `resume` is given. The training step lives in its own thread: dispose of it.
 * @param reading told while pictures are read for the first time
 * @param signal stops that reading; nothing is left behind, and the signal's reason is thrown
 * @throws InputError for options that do not fit, missing data, or a device or backend that cannot be had
 */
export async function startRun(
  options: RunOptions,
  reading?: (loaded: number, total: number) => void,
  signal?: AbortSignal,
): Promise<StartedRun> {
  const { resume, ...settings } = options;
  const given = givenSettings({ options: settings });
  if (given.features !== undefined) given.features = resolve(given.features);
  const resumed = resume === undefined ? undefined : await resumedRun(resume, given);
  const config = resumed?.config ?? chosenConfig(given);
  const data = given.data === undefined ? (resumed?.data ?? null) : resolve(given.data);
  const { split, classes, cropToBox } = { ...runDefaults, ...given };
  const dataOptions = resumed?.dataOptions ?? { split, classes, cropToBox };
  const dataset = await openDataset(data ?? undefined, { ...dataOptions, imageSize: config.imageSize });
  const { strict, cacheSize, cache: folder = defaultCacheFolder() } = { ...runDefaults, ...given };
  const loader = new Loader(dataset, config, { strict, cache: { folder, maxBytes: cacheSize * 2 ** 30 } });
  await loader.decodeAll({
    ...(reading && { progress_callback: ({ loaded, total }) => reading(loaded, total) }),
    ...(signal && { signal }),
  });
  const stepsPerEpoch = epochSteps(config, loader);
  const steps =
    given.steps ?? (given.epochs ? given.epochs * stepsPerEpoch : (resumed?.steps ?? config.epochs * stepsPerEpoch));
  const { notes: machineNotes, ...machine } = await chosenMachine(given);
  const evaluation = evaluationSettings(given, resumed?.evaluation);
  const evaluator =
    evaluation && given.eval !== false
      ? await createEvaluator(evaluation, loader.readable, config, machine.device)
      : undefined;
  const state = resumed?.state ?? initialState(config);
  const step = await RemoteStep.create({ config, state, ...machine });
  if (signal?.aborted) {
    await step.dispose();
    throw signal.reason;
  }
  const run = resumed?.run ?? (await newRunFolder(given.out, config.preset));
  await writeRunFile(run, { config, data, dataOptions, steps, evaluation });
  await markLatest(run);
  const notes = [
    `${resumed ? `Going on with ${run} after step ${state.step}` : `New run ${run}`}: ${dataset.name}, ` +
      `${config.imageSize}×${config.imageSize}, preset ${config.preset}, seed ${config.seed}`,
    ...machineNotes,
    ...(loader.place === 'memory' ? [] : [`Decoded pictures: ${loader.place}`]),
    `Training on ${step.description}`,
  ];
  const { logEvery, sampleEvery, checkpointEvery, keep } = { ...runDefaults, ...given };
  return {
    run,
    config,
    loader,
    step,
    steps,
    notes,
    logEvery,
    sampleEvery,
    checkpointEvery,
    keep,
    data: dataset.name,
    done: state.step,
    evaluation: evaluator && evaluation && { evaluator, every: evaluation.evalEvery },
  };
}

async function resumedRun(folder: string, given: ChosenSettings) {
  if (given.out !== undefined) throw new InputError({ name: 'out', conflictsWith: 'resume' });
  const run = await resolveRun(folder || undefined);
  const file = await readRunFile(run);
  const { config, dataOptions, evaluation } = file;
  const state = await stateToGoOnFrom(run, config);
  const own: ChosenSettings = { ...runDefaults, ...evaluation, ...dataOptions, ...config };
  const open = evaluation === undefined ? [...free, ...evaluationNames] : free;
  const changed = Object.entries(given).find(
    ([name, value]) => !open.includes(name) && !isDeepStrictEqual(value, own[name as keyof ChosenSettings]),
  );
  if (changed !== undefined) {
    const [name, value] = changed;
    throw new InputError({
      name,
      expected: `${found(own[name as keyof ChosenSettings])}, as a resumed run keeps it (leave it out or start a new run)`,
      got: found(value),
    });
  }
  return { run, state, ...file };
}
