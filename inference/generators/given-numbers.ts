/** @file Numbers for a generator's inputs beside latents and class, such as a truncation or noise: constants of its graph. */
import { InputError } from '../../onnx/errors.js';
import type { Model, ValueInfo } from '../../onnx/graph/graph.js';
import { withGivenInputs, type InputNumbers } from '../graphs/further-inputs.js';
import { shownInput } from '../labels/meant-class.js';

/** Numbers by the name of an input. */
export type GivenNumbers = Readonly<Record<string, InputNumbers>>;

/**
 * The model without the inputs that have a value: those that are given, and those of no numbers, such as the classes [N, 0] of a
 * generator without any.
 * @throws InputError for numbers of an input that there is not, or that do not fit it, or of all inputs that could take latents
 */
export function withGivenNumbers(model: Model, source: string, given: GivenNumbers = {}): Model {
  const { inputs } = model.graph;
  const all = inputs.map(shownInput).join('; ') || 'no input';
  const unknown = Object.keys(given).find((name) => !inputs.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new InputError({ name: 'input', expected: `an input of ${source} (${all})`, got: `"${unknown}"` });
  const empty = inputs.filter(({ name, value }) => !Object.hasOwn(given, name) && value?.shape?.slice(1).includes(0));
  const numbers = new Map<string, InputNumbers>(Object.entries(given));
  for (const { name } of empty) numbers.set(name, { data: [] });
  if (numbers.size === 0) return model;
  const latent = inputs.find((each) => isLatent(each) && !numbers.has(each.name));
  if (!latent) throw new InputError({ name: 'input', expected: `one input less, for latents (${all})`, got: 'all' });
  return withGivenInputs(model, latent.name, numbers);
}

/** Whether an input could take latents. */
export function isLatent({ value }: ValueInfo): boolean {
  const [, , ...rest] = value?.shape ?? [];
  const isFloat = value?.type === 'float32' || value?.type === 'float16' || value?.type === 'float64';
  const rank = value?.shape?.length;
  return isFloat && (rank === 2 || (rank === 4 && rest.every((dim) => dim === 1)));
}
