/** @file Starting or resuming a run: configuration, data, networks and the training step, ready for `train`. */
import { join, resolve } from 'node:path';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { InputError } from '../../onnx/index.js';
import { markLatest } from '../../inference/runs/runs.node.js';
import { writeRunFile } from '../checkpoint/run-file.node.js';
import { cacheFolder } from '../../onnx/files/disk/cache-folder.node.js';
import { isSameIdentity } from '../data/formats/identity.node.js';
import { openDataset } from '../data/formats/table.node.js';
import { epochSteps } from '../data/batch.js';
import { changeAbout } from '../record/about.node.js';
import { checkRecord } from '../record/record.node.js';
import { assumedOfBatches, assumedOfHeldOut, assumedOfTraining } from '../data/sets/assumed.js';
import { Loader } from '../data/loader.node.js';
import type { Dataset } from '../data/sets/dataset.js';
import { residualAdvice, smallSetAdvice } from './advice.js';
import type { GanConfig } from '../settings/config.js';
import { givenSettings, type ChosenSettings, type SettingSources } from '../settings/resolve-settings.node.js';
import { runDefaults } from '../settings/run-settings.js';
import { RemoteStep } from '../step/remote.node.js';
import type { AdaState } from '../step/state/ada.js';
import { shareOf, type Group } from '../step/state/group.js';
import type { TrainState, TrainStep } from '../step/state/step.js';
import { assumedOfReal } from '../quality/evaluator.node.js';
import { initialState } from '../step/tfjs/state.js';
import { createEvaluator, evaluationSettings, ofSettings, withDigest } from './evaluation.node.js';
import type { TrainEvaluation } from './loop.node.js';
import { announce, announceProblem } from './announcement.node.js';
import { followedRun } from './follow.node.js';
import { configOfData } from './classes.js';
import { expectFits, memoryEstimate, memoryLimit, memoryLine } from '../step/memory.node.js';
import { chosenMachine, shareConfig, type Machine } from './machine.node.js';
import type { DeviceChoice } from '../../inference/runtime/session.js';
import { isAddress, openRun, type OpenOptions, type OpenRun } from './open-run.node.js';
import { Releases } from './releases.js';

/** Settings of a new run, or of a run to resume. */
export interface RunOptions extends ChosenSettings {
  /** Settings of a file, where they are not given here. */
  file?: SettingSources['file'];
  /** A run's folder, or '' for the latest. */
  resume?: string | undefined;
  /** Whether `resume` means: or start it in that folder, where no run is there. */
  orStart?: boolean | undefined;
  /** Whether `runs/latest` leads to the run from now on; default true. */
  latest?: boolean | undefined;
  /** The processes that train together; every one of them calls this. Rank 0 opens and writes the run. */
  group?: Group | undefined;
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
  ada?: AdaState | undefined;
  steps: number;
  /** Steps between log lines, sample grids and checkpoints. */
  logEvery: number;
  stepsPerRun: number;
  sampleEvery: number;
  checkpointEvery: number;
  /** Last checkpoints that are kept. */
  keep: number;
  evaluation: Pick<TrainEvaluation, 'evaluator' | 'every'> | undefined;
  notes: string[];
  /** What was assumed of the pictures and of the network that compares them. */
  assumed: readonly Assumption[];
  /** What was found out of the devices. */
  machine: Pick<DeviceChoice, 'notes' | 'surprising'>;
  group?: Group | undefined;
  /** Releases the step, the evaluator, the pictures and the run's folder. Call it when training has ended, also by an error. */
  release(): Promise<void>;
}

/**
 * Starts a run, or resumes one where `resume` is given. The training step lives in its own thread, and no other
 * process can write to the run: release it. All settings and the run's folder are checked before pictures are decoded.
 * @param reading called while pictures are read for the first time
 * @param signal stops that reading; nothing is left behind, and the signal's reason is thrown
 * @throws InputError for options that do not fit, missing or changed data, or a device or backend that cannot be had
 */
export async function startRun(
  options: RunOptions,
  reading?: (loaded: number, total: number) => void,
  signal?: AbortSignal,
): Promise<StartedRun> {
  const { resume, orStart, group, latest = true, file, ...settings } = options;
  const given = givenSettings({ options: settings, file });
  if (given.features !== undefined && !isAddress(given.features)) given.features = resolve(given.features);
  const releases = new Releases();
  try {
    if (group && group.rank > 0) {
      const followed = await followedRun(group, given, releases, reading, signal);
      const { logEvery, sampleEvery, checkpointEvery, keep } = { ...runDefaults, ...given };
      const nothing = { stepsPerRun: 1, notes: [], assumed: [], evaluation: undefined };
      return {
        ...followed,
        ...nothing,
        logEvery,
        sampleEvery,
        checkpointEvery,
        keep,
        release: () => releases.release(),
      };
    }
    return await started({ resume, orStart, group, latest }, given, releases, reading, signal);
  } catch (error) {
    await releases.release().catch(() => undefined);
    throw error;
  }
}

/** Everything that is checked before pictures are decoded. */
async function prepared(options: OpenOptions, given: ChosenSettings, releases: Releases) {
  const { group } = options;
  const machine = await chosenMachine(given, group);
  const open = await openRun(options, given, releases);
  const { data, dataOptions, saved } = open;
  const settings = evaluationSettings(given, saved?.evaluation);
  const dataset = await openDataset(data ?? undefined, { ...dataOptions, imageSize: open.config.imageSize });
  const config = configOfData(open.config, dataset);
  const own = shareConfig(config, group);
  const { strict, cacheSize, cache: folder = cacheFolder() } = { ...runDefaults, ...given };
  const loader = new Loader(dataset, config, {
    strict,
    cache: { folder, maxBytes: cacheSize * 2 ** 30 },
    share: shareOf(group),
  });
  releases.add(() => loader.close());
  const memory = checkedMemory(own, given, machine, loader);
  const state = open.state ?? initialState(config);
  const steps = chosenSteps(given, { ...open, config, state }, epochSteps(config, loader));
  const identity = await checkedIdentity(dataset, open, given);
  return { machine, open: { ...open, config, state }, own, settings, dataset, loader, steps, identity, memory };
}

async function started(
  options: OpenOptions & { latest: boolean },
  given: ChosenSettings,
  releases: Releases,
  reading: ((loaded: number, total: number) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<StartedRun> {
  const { group } = options;
  const ready = await prepared(options, given, releases).catch(async (error: Error) => {
    if (group) await announceProblem(group, error).catch(() => undefined);
    throw error;
  });
  const { open, own, settings, dataset, loader, steps, identity, memory } = ready;
  const { notes: machineNotes, surprising, ...machine } = ready.machine;
  const { run, config, data, dataOptions, state, saved } = open;
  if (group) {
    const dataIdentity = identity.value;
    await announce(group, given, {
      run,
      config,
      data,
      dataOptions,
      dataIdentity,
      steps,
      done: state.step,
      ada: state.ada,
    });
  }
  const evaluator =
    settings && given.eval !== false
      ? await createEvaluator(settings, loader.readable, config, machine.device)
      : undefined;
  if (evaluator) releases.add(() => evaluator.dispose());
  const evaluation = evaluator && settings ? await withDigest(settings, join(run, 'config.json')) : settings;
  await loader.decodeAll({
    ...(reading && { progress_callback: ({ loaded, total }) => reading(loaded, total) }),
    ...(signal && { signal }),
  });
  const step = await RemoteStep.create({ config: own, state, ...machine }, group);
  releases.add(() => step.dispose());
  // The others begin with the same weights.
  if (group) await step.state();
  signal?.throwIfAborted();
  await checkRecord(run, state.step);
  const assumed = [
    ...(dataset.assumed ?? []),
    ...assumedOfTraining(config, `as the settings say; preset ${config.preset}`),
    ...assumedOfHeldOut(config, { trained: loader.length, heldOut: loader.heldOut?.length ?? 0 }),
    ...assumedOfBatches(config, loader.length),
  ];
  await writeRunFile(run, {
    config,
    data,
    dataOptions,
    dataIdentity: identity.value,
    steps,
    assumed,
    evaluation,
  });
  const { name, notes } = given;
  const isNew = saved === undefined;
  await changeAbout(run, {
    failed: undefined,
    ...(isNew && { started: new Date().toISOString() }),
    ...(name !== undefined && { name }),
    ...(notes !== undefined && { notes }),
  });
  if (options.latest) await markLatest(run);
  const { logEvery, stepsPerRun, sampleEvery, checkpointEvery, keep } = { ...runDefaults, ...given };
  return {
    run,
    config,
    loader,
    step,
    steps,
    notes: [
      `${saved ? `Resuming ${run} after step ${state.step}` : `New run ${run}`}: ${dataset.name}, ` +
        `${config.imageSize}×${config.imageSize}, preset ${config.preset}, seed ${config.seed}`,
      ...identity.notes,
      ...(loader.place === 'memory' ? [] : [`Decoded pictures: ${loader.place}`]),
      ...residualAdvice(config),
      ...memory,
      ...smallSetAdvice(config, loader.length),
      state.step < steps
        ? `Training on ${step.description}`
        : `Nothing is left to train: ${run} has done its ${steps} steps; more \`steps\` or \`epochs\` continue it`,
    ],
    assumed: [
      ...assumed,
      ...(evaluator ? [...evaluator.network.assumptions, ...assumedOfReal(config)] : []).map(ofSettings),
    ],
    group,
    machine: { notes: machineNotes, ...(surprising && { surprising }) },
    logEvery,
    stepsPerRun,
    sampleEvery,
    checkpointEvery,
    keep,
    data: dataset.name,
    done: state.step,
    ada: state.ada,
    evaluation: evaluator && settings && { evaluator, every: settings.evalEvery },
    release: () => releases.release(),
  };
}

/**
 * The line of the estimate; none for GPUs and other backends, whose memory was not measured.
 * @throws InputError if the run cannot fit
 */
function checkedMemory(config: GanConfig, given: ChosenSettings, machine: Machine, loader: Loader): string[] {
  const { backend, device, devices = [] } = machine;
  if (backend !== 'onnxruntime' || device !== 'cpu') return [];
  const estimate = memoryEstimate(config, loader.memoryBytes, Math.max(1, devices.length));
  const limit = memoryLimit();
  if (given.checkMemory !== false) expectFits(config, estimate, limit);
  return [memoryLine(estimate, limit)];
}

/** Updates of the whole run. @throws InputError if a resumed run has done more already */
function chosenSteps(
  given: ChosenSettings,
  { run, config, state, saved }: OpenRun & { state: TrainState },
  stepsPerEpoch: number,
): number {
  const name = given.steps === undefined && given.epochs !== undefined ? 'epochs' : 'steps';
  const epochs = given.epochs ?? config.epochs;
  const steps = given.steps ?? (given.epochs === undefined ? saved?.steps : undefined) ?? epochs * stepsPerEpoch;
  if (steps >= state.step) return steps;
  const done = name === 'steps' ? state.step : Math.ceil(state.step / stepsPerEpoch);
  throw new InputError({
    name,
    expected: `at least ${done}, which ${run} has done already`,
    got: name === 'steps' ? steps : epochs,
  });
}

/**
 * The identity of the data, compared with what a resumed run was trained on. Data that is named again is accepted as it is.
 * @throws InputError if a resumed run would continue with other pictures
 */
async function checkedIdentity(
  dataset: Dataset,
  { data, saved }: OpenRun,
  given: ChosenSettings,
): Promise<{ value: string | undefined; notes: string[] }> {
  const value = await dataset.identity?.();
  const isSame = saved?.dataIdentity === undefined || isSameIdentity(saved.dataIdentity, value);
  if (isSame) return { value, notes: [] };
  if (given.data !== undefined) return { value, notes: ['The pictures are not those the run was trained on so far.'] };
  throw new InputError({
    name: 'data',
    expected:
      'the pictures that the run was trained on so far (give `data` again to continue with these, or start a new run)',
    got: `other files in ${data}`,
  });
}
