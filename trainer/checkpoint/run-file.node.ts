/** @file config.json of a run: all that it needs to go on besides its checkpoints. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../onnx/index.js';
import { readBoundedFile, writeFileAtomic } from '../../onnx/files/files.node.js';
import { loadCheckpoint } from './checkpoint.node.js';
import type { GanConfig } from '../settings/config.js';
import type { DataOptions } from '../data/sets/dataset.js';
import { checkpoints } from './kept-checkpoints.node.js';
import { checkedConfig } from '../settings/presets.js';
import { runSettings, type RunSettings } from '../settings/run-settings.js';
import { expectSettings, found } from '../settings/table.js';
import { initialState } from '../step/tfjs/state.js';
import type { TrainState } from '../step/state/step.js';

/** What pictures are compared by, and how many; fixed by the first evaluation, as later ones are compared with it. */
export type EvaluationSettings = Partial<
  Pick<RunSettings, 'features' | 'featuresMean' | 'featuresStd' | 'featuresSize'>
> &
  Pick<RunSettings, 'evalSamples' | 'evalEvery'>;

/** What a run remembers. */
export interface RunFile {
  config: GanConfig;
  /** Absolute path of the data; null for the built-in ones. */
  data: string | null;
  /** What of it; nothing in runs of earlier versions. */
  dataOptions?: DataOptions;
  steps: number;
  /** Only in runs that are evaluated. */
  evaluation?: EvaluationSettings | undefined;
}

const MAX_BYTES = 2 ** 20;

/** Writes the run's config.json. */
export function writeRunFile(run: string, file: RunFile): Promise<void> {
  return writeFileAtomic(join(run, 'config.json'), `${JSON.stringify(file, null, 2)}\n`);
}

/** What the run remembers. @throws InputError if its config.json cannot be read or its settings make no sense */
export async function readRunFile(run: string): Promise<RunFile> {
  const path = join(run, 'config.json');
  const text = new TextDecoder().decode(await readBoundedFile(path, MAX_BYTES));
  try {
    const file = JSON.parse(text) as RunFile;
    expectSettings(file.dataOptions ?? {}, runSettings, { file: path, partial: true });
    return { ...file, config: checkedConfig(file.config, path) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ name: path, expected: 'JSON; it cannot be parsed' });
  }
}

/**
 * The state that a run goes on from: its newest checkpoint's, or where it was stopped before it had one, the initial one.
 * @throws InputError if the checkpoint cannot be read, or config.json was changed since
 */
export async function stateToGoOnFrom(run: string, config: GanConfig): Promise<TrainState> {
  const newest = (await checkpoints(run)).at(-1);
  if (newest === undefined) return initialState(config);
  const saved = await loadCheckpoint(newest);
  const names = Object.keys(config) as (keyof GanConfig)[];
  const changed = names.find((name) => !isDeepStrictEqual(config[name], saved.config[name]));
  if (changed === undefined) return saved.state;
  throw new InputError(
    `${join(run, 'config.json')}: ${changed}: expected ${found(saved.config[changed])}, with which ${newest} was trained; ` +
      `got ${found(config[changed])}: change it back or start a new run`,
  );
}
