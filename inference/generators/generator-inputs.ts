/** @file The inputs of a generator: latents, and the class of a conditional one. */
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { withGivenInputs } from '../graphs/further-inputs.js';
import { shownInput } from '../labels/meant-class.js';
import type { LatentDistribution } from '../latent/distribution.js';
import { isLatent, withGivenNumbers, type GivenNumbers } from './given-numbers.js';
import { labelInput, labelsOf, labelTensor, type LabelInput } from './labels.js';
import { sessionTensor, type SessionTensors } from '../runtime/session.js';

/** A generator's input: its name, its sizes after the batch, and the batch where the file fixes it. */
export interface LatentInput {
  name: string;
  /** [Z] or [Z, 1, 1]. */
  dims: number[];
  batch: number | undefined;
  /** Whether the file leaves the size of a latent open. */
  open?: true;
  label?: LabelInput;
}

/** What a user states of a generator's inputs. */
export interface InputOptions {
  /** Numbers per latent, for a model that leaves them open. */
  latentDim?: number;
  /** What the latents of seeds are drawn from; default normal. */
  latentDistribution?: LatentDistribution;
  /** The class of a conditional generator: its number or name, `random` for one drawn from each latent, or `all`. */
  label?: number | string;
  /** Numbers of further inputs by name, such as a truncation: the same for each latent. A single number fills its input. */
  inputs?: GivenNumbers;
}

/**
 * The latent input [N, Z] or [N, Z, 1, 1] and, of conditional generators, the one for classes.
 * @param model without the inputs whose numbers are given (`withGivenNumbers`)
 * @param known Z and the names of classes, where metadata tell them
 * @throws InputError for a model without latents, or with inputs that have no value
 */
export function generatorInputs(
  model: Model,
  source: string,
  options: InputOptions,
  known: { latentDim?: number | undefined; classes?: readonly string[] | undefined } = {},
): LatentInput {
  const { inputs } = model.graph;
  const fits = inputs.filter(isLatent);
  const [input] = fits;
  const [batch, size, ...rest] = input?.value?.shape ?? [];
  const all = inputs.map(shownInput).join('; ') || 'no input';
  if (!input || batch === 0) {
    throw new InputError({
      name: source,
      expected: 'a generator with a float input [N, Z] or [N, Z, 1, 1]',
      got: all,
    });
  }
  const { latentDim: stated } = options;
  if (stated !== undefined && (!Number.isInteger(stated) || stated < 1))
    throw new InputError({ name: 'latentDim', expected: 'a positive integer', got: stated });
  if (stated !== undefined && typeof size === 'number' && size !== stated)
    throw new InputError({ name: 'latentDim', expected: `${size}, which the model fixes`, got: stated });
  const latentDim = typeof size === 'number' ? size : (stated ?? known.latentDim);
  if (latentDim === undefined || latentDim < 1)
    throw new InputError({
      name: 'latentDim',
      expected: `the size of a latent, as ${shownInput(input)} leaves it open`,
    });
  const others = inputs.filter((each) => each !== input);
  return {
    name: input.name,
    dims: [latentDim, ...rest.map(() => 1)],
    batch: typeof batch === 'number' ? batch : undefined,
    ...(typeof size === 'number' ? {} : { open: true as const }),
    ...labelInput(model.graph, others, source, { label: options.label, names: known.classes }),
  };
}

/**
 * Latents and classes as tensors.
 * @param label instead of the one that the generator was loaded with
 * @throws InputError where that is `all`
 */
export function generatorFeed(
  { name, dims, label: input }: LatentInput,
  latents: Float32Array,
  label = input?.label,
): SessionTensors {
  const size = dims[0] as number;
  const feed = { [name]: sessionTensor(latents, [latents.length / size, ...dims]) };
  return input && label !== undefined
    ? { ...feed, [input.name]: labelTensor(input, labelsOf(input, label, latents, size)) }
    : feed;
}

/**
 * The model with latents as its only input: further inputs and the class of a conditional generator are constants of the graph.
 * @throws InputError as `withGivenNumbers` and `generatorInputs`, and where each latent has another class, or all
 */
export function withLatentsAlone(
  model: Model,
  source: string,
  options: InputOptions,
): { model: Model; input: LatentInput } {
  const given = withGivenNumbers(model, source, options.inputs);
  const input = generatorInputs(given, source, options);
  return { model: withClassGiven(given, input), input };
}

function withClassGiven(model: Model, { name, label: input }: LatentInput): Model {
  if (!input) return model;
  const { label } = input;
  if (typeof label !== 'number')
    throw new InputError({ name: 'label', expected: 'one class, as what is computed depends on it', got: label });
  const data = Array.from(labelTensor(input, [label]).data, Number);
  return withGivenInputs(model, name, new Map([[input.name, { data }]]));
}
