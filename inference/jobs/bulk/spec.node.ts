/** @file A job of pictures in shards as data, and the job that such data stand for: in the words of a command line. */
import { resolve } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import type { Generator, GeneratorOptions } from '../../networks/generator.js';
import { parsedLabel, parsedRange } from '../../generators/stated.js';
import { parsedPreparation, preparationTexts } from '../../networks/preprocessing.js';
import type { Preparation } from '../../networks/network-input.js';
import type { JsonObject } from '../../tasks/canonical.js';
import { fileOf, type JobFile, type JobSpec } from '../../tasks/spec.node.js';
import { expectFiles, placedFile } from '../../tasks/shared/model-files.node.js';
import { packageVersion } from '../../tasks/version.node.js';
import { DISCRIMINATOR, GENERATOR } from '../files/identity.node.js';
import type { ShardsJob } from '../kinds/shards.js';
import type { JobContext } from '../shared/context.node.js';

/** What is said of the generator. */
const OF_GENERATOR = ['range', 'latentDim', 'label'] as const;
/** How pictures are prepared for the discriminator. */
const PREPARATION = ['mean', 'std', 'size', 'resize', 'channelsLast', 'channels', 'channelOrder'] as const;
/** What is said of the pictures; files and folders are apart. */
const PICTURES = ['format', 'seeds', 'truncation', 'sort', 'keep', 'shardSize'] as const;

/**
 * The job as data.
 * @param networks what `networkFiles` found
 */
export async function samplingSpec(
  job: ShardsJob,
  context: JobContext,
  networks: readonly JobFile[],
): Promise<JobSpec> {
  const { generator, range, preparation = {} } = context;
  const { source, ranking, truncation, format, shardSize, out, saveLatents } = job;
  const options: JsonObject = {
    format,
    shardSize,
    latentDim: generator.latentDim,
    ...('seeds' in source && { seeds: source.seeds.map(({ from, to }) => `${from}-${to}`).join() }),
    ...(truncation !== undefined && { truncation }),
    ...(generator.label !== undefined && { label: String(generator.label) }),
    ...(range && { range: range.join() }),
    ...(ranking && { sort: 'score', ...preparationTexts(preparation) }),
    ...(ranking?.keep !== undefined && { keep: ranking.keep }),
  };
  const files = [...networks];
  if ('file' in source) files.push(await placedFile('latents', source.file));
  const outputs = { out: resolve(out), ...(saveLatents !== undefined && { saveLatents: resolve(saveLatents) }) };
  return { command: 'gan-sample', version: packageVersion(), options, files, outputs };
}

/** What a job's data say: how its generator is loaded, its preparation, and the request of its pictures as words. */
export interface SamplingWords {
  model: string;
  generator: GeneratorOptions & Partial<Pick<Generator, 'latentDim'>>;
  range: [number, number] | undefined;
  preparation: Preparation;
  shardSize: number;
  words: Readonly<Record<string, string | number>>;
}

/** @throws InputError for options that a command line would not take either */
export function samplingWords(spec: JobSpec): SamplingWords {
  const { options, outputs } = spec;
  for (const name of Object.keys(options)) {
    if (![...OF_GENERATOR, ...PREPARATION, ...PICTURES].some((known) => known === name))
      throw new InputError({ name, expected: 'an option of sampling jobs' });
  }
  for (const name of Object.keys(outputs)) {
    if (name !== 'out' && name !== 'saveLatents')
      throw new InputError({ name, expected: 'an output of sampling jobs' });
  }
  const text = (name: string) => optionOf(options, name, 'string');
  const number = (name: string) => optionOf(options, name, 'number');
  const [range, label, latentDim] = [text('range'), text('label'), number('latentDim')];
  const shardSize = number('shardSize') ?? Number.NaN;
  if (!Number.isInteger(shardSize) || shardSize < 1 || shardSize > 1_000_000)
    throw new InputError({ name: 'shardSize', expected: 'an integer of 1…1000000', got: shardSize });
  const path = (role: string) => (spec.files.some((file) => file.role === role) ? fileOf(spec, role).path : undefined);
  const words = {
    format: text('format') ?? 'png',
    seeds: text('seeds'),
    latents: path('latents'),
    truncation: number('truncation'),
    sort: text('sort'),
    keep: number('keep'),
    discriminator: path(DISCRIMINATOR),
    ...outputs,
  };
  const given = Object.entries(words).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const resize = text('resize');
  const found = ['crop', 'squash', 'pad'].find((each) => each === resize) as Preparation['resize'];
  if (resize !== undefined && !found)
    throw new InputError({ name: 'resize', expected: 'one of crop, squash, pad', got: resize });
  return {
    model: fileOf(spec, GENERATOR).path,
    generator: {
      ...(latentDim !== undefined && { latentDim }),
      ...(range !== undefined && { range: parsedRange(range) }),
      ...(label !== undefined && { label: parsedLabel(label) }),
    },
    range: range === undefined ? undefined : parsedRange(range),
    preparation: parsedPreparation({
      mean: text('mean'),
      std: text('std'),
      size: text('size'),
      channels: number('channels'),
      channelOrder: text('channelOrder'),
      channelsLast: optionOf(options, 'channelsLast', 'boolean'),
      resize: found,
    }),
    shardSize,
    words: Object.fromEntries(given),
  };
}

/** @throws InputError for files that the job's words do not ask for, or others than its networks are read with here */
export function expectSamplingFiles({ files, options }: JobSpec): Promise<void> {
  const networks = options['sort'] === undefined ? [GENERATOR] : [GENERATOR, DISCRIMINATOR];
  return expectFiles(files, networks, options['seeds'] === undefined ? ['latents'] : []);
}

interface Types {
  string: string;
  number: number;
  boolean: boolean;
}

function optionOf<T extends keyof Types>(options: JsonObject, name: string, type: T): Types[T] | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (typeof value !== type) throw new InputError({ name, expected: `a ${type}`, got: JSON.stringify(value) });
  return value as unknown as Types[T];
}
