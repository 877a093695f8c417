/** @file A job of pictures in shards as data, and the job that such data stand for: in the words of a command line. */
import { resolve } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import type { Generator, GeneratorOptions } from '../../networks/generator.js';
import { parsedRange } from '../../generators/stated.js';
import type { Label } from '../../labels/meant-class.js';
import { parsedPreparation, preparationTexts, type PreparationTexts } from '../../networks/preprocessing.js';
import type { Preparation } from '../../networks/network-input.js';
import { latentDistributions, type LatentDistribution } from '../../latent/distribution.js';
import { inputTexts, parsedInputs, type ParsedInput } from '../../parse/inputs.js';
import type { JsonObject } from '../../tasks/canonical.js';
import { fileOf, type JobFile, type JobSpec } from '../../tasks/spec.node.js';
import { inputFiles, placedInputs } from '../../tasks/shared/given-inputs.node.js';
import { expectFiles, placedFile } from '../../tasks/shared/model-files.node.js';
import {
  checkedOptions,
  number,
  oneOf,
  optional,
  preparationRules,
  text,
  texts,
  type OptionRules,
} from '../../tasks/shared/options.js';
import { packageVersion } from '../../tasks/version.node.js';
import { DISCRIMINATOR, GENERATOR } from '../files/identity.node.js';
import type { ShardsJob } from '../kinds/shards.js';
import type { JobContext } from '../shared/context.node.js';

/** What decides the pictures, besides files. */
interface SamplingTexts extends PreparationTexts {
  format: string;
  shardSize: number;
  seeds?: string;
  truncation?: number;
  sort?: string;
  keep?: number;
  range?: string;
  latentDim?: number;
  latentDistribution?: LatentDistribution;
  label?: string;
  /** `NAME=FILE` or `NAME=NUMBERS`; files have their own place in the job. */
  input?: readonly string[];
}

/** What each option must be. */
const samplingRules: OptionRules<SamplingTexts> = {
  format: text,
  shardSize: number,
  seeds: optional(text),
  truncation: optional(number),
  sort: optional(text),
  keep: optional(number),
  range: optional(text),
  latentDim: optional(number),
  latentDistribution: optional(oneOf(latentDistributions)),
  label: optional(text),
  input: optional(texts),
  ...preparationRules,
};

/**
 * The job as data.
 * @param networks what `networkFiles` found
 */
export async function samplingSpec(
  job: ShardsJob,
  context: JobContext,
  networks: readonly JobFile[],
): Promise<JobSpec> {
  const { generator, range, inputs = {}, preparation = {} } = context;
  const { source, ranking, truncation, format, shardSize, out } = job;
  const options: JsonObject = {
    format,
    shardSize,
    latentDim: generator.latentDim,
    ...(generator.latentDistribution !== 'normal' && { latentDistribution: generator.latentDistribution }),
    ...('seeds' in source && { seeds: source.seeds.map(({ from, to }) => `${from}-${to}`).join() }),
    ...(truncation !== undefined && { truncation }),
    ...(generator.label !== undefined && { label: labelText(generator.label) }),
    ...(range && { range: range.join() }),
    ...(Object.keys(inputs).length > 0 && { input: inputTexts(inputs) }),
    ...(ranking && { sort: 'score', ...preparationTexts(preparation) }),
    ...(ranking?.keep !== undefined && { keep: ranking.keep }),
  };
  const files = [...networks];
  for (const [role, path] of Object.entries(inputFiles(inputs))) files.push(await placedFile(role, path));
  if ('file' in source) files.push(await placedFile('latents', source.file));
  // Tasks save no latents: who finishes the job does.
  return { command: 'gan-sample', version: packageVersion(), options, files, outputs: { out: resolve(out) } };
}

/** A label as `meantClass` reads it, whatever the names of the classes are. */
const labelText = (label: Label): string => (typeof label === 'number' ? `number:${label}` : label);

/** What a job's data say: how its generator is loaded, its preparation, and the request of its pictures as words. */
export interface SamplingWords {
  model: string;
  generator: GeneratorOptions & Partial<Pick<Generator, 'latentDim'>>;
  inputs: Record<string, ParsedInput>;
  range: [number, number] | undefined;
  preparation: Preparation;
  shardSize: number;
  words: Readonly<Record<string, string | number>>;
}

/** @throws InputError for options that a command line would not take either */
export function samplingWords(spec: JobSpec): SamplingWords {
  const { outputs } = spec;
  const stated = checkedOptions(spec.options, samplingRules);
  for (const name of Object.keys(outputs)) {
    if (name !== 'out') throw new InputError({ name, expected: 'an output of sampling jobs' });
  }
  const { format, shardSize, seeds, truncation, sort, keep, latentDim, latentDistribution, label } = stated;
  if (!Number.isInteger(shardSize) || shardSize < 1 || shardSize > 1_000_000)
    throw new InputError({ name: 'shardSize', expected: 'an integer of 1…1000000', got: shardSize });
  const range = stated.range === undefined ? undefined : parsedRange(stated.range);
  const path = (role: string) => spec.files.find((file) => file.role === role)?.path;
  const [latents, discriminator] = [path('latents'), path(DISCRIMINATOR)];
  const words = { format, seeds, latents, truncation, sort, keep, discriminator, ...outputs };
  const given = Object.entries(words).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  return {
    model: fileOf(spec, GENERATOR).path,
    generator: {
      ...(latentDim !== undefined && { latentDim }),
      ...(latentDistribution !== undefined && { latentDistribution }),
      ...(range && { range }),
      ...(label !== undefined && { label }),
    },
    range,
    inputs: placedInputs(parsedInputs(stated.input ?? []), spec.files),
    preparation: parsedPreparation(stated),
    shardSize,
    words: Object.fromEntries(given),
  };
}

/** @throws InputError for files that the job's words do not ask for, or others than its networks are read with here */
export function expectSamplingFiles({ files, options }: JobSpec): Promise<void> {
  const networks = options['sort'] === undefined ? [GENERATOR] : [GENERATOR, DISCRIMINATOR];
  const { input = [] } = checkedOptions(options, samplingRules);
  const own = Object.keys(inputFiles(parsedInputs(input)));
  return expectFiles(files, networks, [...own, ...(options['seeds'] === undefined ? ['latents'] : [])]);
}
