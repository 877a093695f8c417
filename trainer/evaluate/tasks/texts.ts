/** @file The options of an evaluation as plain values, as a command line has them: those of a job that travels as data. */
import { parsedRange } from '../../../inference/generators/stated.js';
import { latentDistributions, type LatentDistribution } from '../../../inference/latent/distribution.js';
import type { Preparation } from '../../../inference/networks/network-input.js';
import { parsedPreparation, type PreparationTexts } from '../../../inference/networks/preprocessing.js';
import { parsedInputs, type ParsedInput } from '../../../inference/parse/inputs.js';
import {
  number,
  oneOf,
  optional,
  preparationRules,
  text,
  texts,
  yesOrNo,
  type OptionRules,
} from '../../../inference/tasks/shared/options.js';
import { InputError } from '../../../onnx/errors.js';
import type { GeneratorReading } from '../picture-set.node.js';

/** What decides the numbers, besides the pictures and the feature network. */
export interface EvaluationTexts extends PreparationTexts {
  /** The layer of the feature network. */
  layer?: string | undefined;
  samples: number;
  subsets?: number | undefined;
  subsetSize?: number | undefined;
  manifoldSamples?: number | undefined;
  strict: boolean;
  range?: string | undefined;
  latentDim?: number | undefined;
  latentDistribution?: LatentDistribution | undefined;
  label?: string | undefined;
  /** `NAME=FILE` or `NAME=NUMBERS`; files have their own place in the job. */
  input?: readonly string[] | undefined;
}

/** What each option must be. */
export const evaluationRules: OptionRules<EvaluationTexts> = {
  layer: optional(text),
  samples: number,
  subsets: optional(number),
  subsetSize: optional(number),
  manifoldSamples: optional(number),
  strict: yesOrNo,
  range: optional(text),
  latentDim: optional(number),
  latentDistribution: optional(oneOf(latentDistributions)),
  label: optional(text),
  input: optional(texts),
  ...preparationRules,
};

/** What the texts say of networks. */
export interface EvaluationReading {
  preparation: Preparation;
  generator: Omit<GeneratorReading, 'inputs'>;
  inputs: Record<string, ParsedInput>;
}

/** @throws InputError naming the option whose text does not fit */
export function parsedEvaluation(given: EvaluationTexts): EvaluationReading {
  const { range, latentDim, latentDistribution, label, input = [], samples } = given;
  if (!Number.isInteger(samples) || samples < 2)
    throw new InputError({ name: 'samples', expected: 'a whole number of at least 2', got: samples });
  return {
    preparation: parsedPreparation(given),
    generator: {
      ...(range !== undefined && { range: parsedRange(range) }),
      ...(latentDim !== undefined && { latentDim }),
      ...(latentDistribution !== undefined && { latentDistribution }),
      ...(label !== undefined && { label }),
    },
    inputs: parsedInputs(input),
  };
}
