/** @file config.json of a run: all that it needs to go on besides its checkpoints. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { MAX_RUN_FILE_BYTES } from '../../inference/runs/runs.node.js';
import { isRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/index.js';
import { readBoundedFile, writeFileAtomic } from '../../onnx/files/files.node.js';
import { loadCheckpoint } from './checkpoint.node.js';
import type { GanConfig } from '../settings/config.js';
import type { DataOptions } from '../data/sets/dataset.js';
import { checkpoints } from './kept-checkpoints.node.js';
import { checkedConfig } from '../settings/checked-config.js';
import { runSettings, type RunSettings } from '../settings/run-settings.js';
import { expectSettings, found, text, type Setting } from '../settings/table.js';
import { initialState } from '../step/tfjs/state.js';
import type { TrainState } from '../step/state/step.js';

/** Settings of the feature network. */
type FeatureSettings = Pick<RunSettings, 'features' | 'featuresMean' | 'featuresStd' | 'featuresSize'>;

/** What pictures are compared by, and how many; fixed by the first evaluation, as later ones are compared with it. */
export type EvaluationSettings = Partial<FeatureSettings> &
  Pick<RunSettings, 'evalSamples' | 'evalEvery'> & {
    /** Of the network's files; nothing where it is at an address, and in runs of earlier versions. */
    featuresDigest?: string;
  };

/** What a run remembers. */
export interface RunFile {
  config: GanConfig;
  /** Absolute path of the data; null for the built-in ones. */
  data: string | null;
  /** What of it; nothing in runs of earlier versions. */
  dataOptions?: DataOptions;
  /** `Dataset.identity` of the data; nothing in runs of earlier versions. */
  dataIdentity?: string | undefined;
  steps: number;
  /** What was assumed of the data, for people; not read back. */
  assumed?: readonly Assumption[];
  /** Only in runs that are evaluated. */
  evaluation?: EvaluationSettings | undefined;
}

/** Settings of a part of the file: what must be there, and what may be. */
type Part = Record<'required' | 'optional', Readonly<Record<string, Setting>>>;

/** What is no setting but is checked like one. */
const digest: Setting = { ...runSettings.data, ...text('a text') };

/** The parts of the file besides `config`. */
const parts = {
  run: {
    required: settings('steps'),
    optional: { ...settings('data'), dataIdentity: digest },
  },
  dataOptions: { required: {}, optional: settings('split', 'classes', 'cropToBox', 'followLinks') },
  evaluation: {
    required: settings('evalSamples', 'evalEvery'),
    optional: { ...settings('features', 'featuresMean', 'featuresStd', 'featuresSize'), featuresDigest: digest },
  },
} satisfies Record<string, Part>;

function settings(...names: (keyof RunSettings)[]): Readonly<Record<string, Setting>> {
  return Object.fromEntries(names.map((name) => [name, runSettings[name]]));
}

/** Writes the run's config.json. @throws InputError where it would be too large to be read */
export async function writeRunFile(run: string, file: RunFile): Promise<void> {
  const path = join(run, 'config.json');
  const bytes = Buffer.from(`${JSON.stringify(file, null, 2)}\n`);
  if (bytes.length > MAX_RUN_FILE_BYTES)
    throw new InputError({
      name: path,
      expected: `at most ${MAX_RUN_FILE_BYTES} bytes (names of classes are in it; \`classes\` takes some of them)`,
      got: bytes.length,
    });
  await writeFileAtomic(path, bytes);
}

/** What the run remembers. @throws InputError if its config.json cannot be read or a value in it is not valid */
export async function readRunFile(run: string): Promise<RunFile> {
  const path = join(run, 'config.json');
  const content = parsedObject(new TextDecoder().decode(await readBoundedFile(path, MAX_RUN_FILE_BYTES)), path);
  const { config, data: source = null, dataOptions, dataIdentity, steps: total, evaluation } = content;
  const given = { steps: total, dataIdentity, ...(source !== null && { data: source }) };
  expectPart(given, parts.run, path);
  if (dataOptions !== undefined) expectPart(dataOptions, parts.dataOptions, `${path}: dataOptions`);
  if (evaluation !== undefined) expectPart(evaluation, parts.evaluation, `${path}: evaluation`);
  // The checks above establish these types.
  return {
    config: checkedConfig(config, path),
    data: source as string | null,
    dataOptions: dataOptions as DataOptions,
    dataIdentity: dataIdentity as string | undefined,
    steps: total as number,
    evaluation: evaluation as EvaluationSettings | undefined,
  };
}

function parsedObject(json: string, path: string): Record<string, unknown> {
  const refuse = (got: string): never => {
    throw new InputError({ name: path, expected: 'the settings of a run in JSON', got });
  };
  try {
    const content: unknown = JSON.parse(json);
    return isRecord(content) ? content : refuse(found(content));
  } catch (error) {
    if (error instanceof InputError) throw error;
    return refuse('something else');
  }
}

/** @throws InputError if `values` is no object, lacks a value, or has one that is not valid */
function expectPart(values: unknown, { required, optional }: Part, name: string): void {
  if (!isRecord(values)) {
    throw new InputError({ name, expected: 'an object of settings', got: found(values) });
  }
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  expectSettings(given, { ...required, ...optional }, { file: name, partial: true });
  const wanted = Object.fromEntries(Object.keys(required).map((each) => [each, given[each]]));
  expectSettings(wanted, required, { file: name });
}

/**
 * The state that a run is resumed from: its newest checkpoint, or the initial state if it has none yet.
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
