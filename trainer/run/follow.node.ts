/** @file Ranks other than 0: they compute their share of each batch, and write nothing. */
import { InputError } from '../../onnx/index.js';
import { stepBatch } from '../data/batch.js';
import { cacheFolder } from '../../onnx/files/disk/cache-folder.node.js';
import { openDataset } from '../data/formats/table.node.js';
import { Loader } from '../data/loader.node.js';
import type { ChosenSettings } from '../settings/resolve-settings.node.js';
import { runDefaults } from '../settings/run-settings.js';
import { RemoteStep } from '../step/remote.node.js';
import { shareOf, type Group } from '../step/state/group.js';
import { Ada } from '../step/state/ada.js';
import { agreed } from '../step/state/rounds.js';
import { initialState } from '../step/tfjs/state.js';
import { announced } from './announcement.node.js';
import type { TrainOptions, TrainResult } from './loop.node.js';
import { configOfData } from './classes.js';
import { chosenMachine, shareConfig } from './machine.node.js';
import type { Releases } from './releases.js';

/** A run that this rank takes part in. */
export interface FollowedRun extends Pick<TrainOptions, 'config' | 'step' | 'loader' | 'done' | 'ada' | 'steps'> {
  run: string;
  /** The data set's name. */
  data: string;
  group: Group;
  machine: { notes: string[] };
}

/**
 * Joins the run of rank 0.
 * @param given settings that were chosen here; all but paths and devices have to be those of rank 0
 * @throws InputError if they are not, or if the pictures here are others
 */
export async function followedRun(
  group: Group,
  given: ChosenSettings,
  releases: Releases,
  reading: ((loaded: number, total: number) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<FollowedRun> {
  const { notes, surprising: _, ...machine } = await chosenMachine(given, group);
  const { run, config, data, dataOptions, dataIdentity, steps, done, ada } = await announced(group, given);
  const path = given.data ?? data ?? undefined;
  const dataset = await openDataset(path, { ...dataOptions, imageSize: config.imageSize });
  configOfData(config, dataset);
  const { strict, cacheSize, cache: folder } = { ...runDefaults, cache: cacheFolder(), ...given };
  const options = { strict, cache: { folder, maxBytes: cacheSize * 2 ** 30 }, share: shareOf(group) };
  const loader = new Loader(dataset, config, options);
  releases.add(() => loader.close());
  if ((await dataset.identity?.()) !== dataIdentity)
    throw new InputError({
      name: 'data',
      expected: 'the pictures that rank 0 has',
      got: `others on rank ${group.rank}`,
    });
  await loader.decodeAll({
    ...(reading && { progress_callback: ({ loaded, total }) => reading(loaded, total) }),
    ...(signal && { signal }),
  });
  const state = { ...initialState(config), step: done };
  const step = await RemoteStep.create({ config: shareConfig(config, group), state, ...machine }, group);
  releases.add(() => step.dispose());
  // The weights of rank 0.
  await step.state();
  return { run, config, step, loader, done, ada, steps, data: dataset.name, group, machine: { notes } };
}

/** Takes part until rank 0 ends the run. */
export async function follow(options: TrainOptions, group: Group): Promise<TrainResult> {
  const { config, loader, step, steps, signal } = options;
  // The same numbers as on rank 0: the results of a step are the mean over all ranks.
  const ada = config.ada ? new Ada(config, options.ada) : undefined;
  for (let done = options.done; ;) {
    const { next, stop } = await agreed(group, 'step', signal);
    if (next === 'end') return { done, files: [] };
    if (next === 'save') await step.state();
    if (next !== 'step' || stop) continue;
    const result = await step.run(await stepBatch(config, loader, done, steps, shareOf(group), ada?.probability));
    ada?.after(result);
    done += 1;
  }
}
