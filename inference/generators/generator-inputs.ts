/** @file The inputs of a generator: latents, and the class of a conditional one. */
import { InputError } from '../../onnx/errors.js';
import type { Graph, Model, ValueInfo } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { sessionTensor, type SessionTensors } from '../runtime/session.js';

/** A class by its number, or one for each latent, drawn from it. */
export type Label = number | 'random';

/** The input that takes classes. */
export interface LabelInput {
  name: string;
  type: 'int64' | 'int32' | 'float32';
  /** Sizes after the batch: [] or [1] for numbers, [K] for one-hot rows. */
  dims: readonly number[];
  /** How many classes there are, where the graph tells. */
  classes?: number;
  label: Label;
}

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
  /** The class of a conditional generator. */
  label?: Label;
}

const shown = ({ name, value }: ValueInfo) => `${name} ${value?.type ?? '?'} [${value?.shape?.join(', ') ?? '?'}]`;

/**
 * The latent input [N, Z] or [N, Z, 1, 1] and, of conditional generators, the one for classes.
 * @param known Z, where metadata tell it
 * @throws InputError for a model without latents, or with inputs that have no value
 */
export function generatorInputs(model: Model, source: string, options: InputOptions, known?: number): LatentInput {
  const { inputs } = model.graph;
  const fits = inputs.filter(isLatent);
  const [input] = fits;
  const [batch, size, ...rest] = input?.value?.shape ?? [];
  const all = inputs.map(shown).join('; ') || 'no input';
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
  const latentDim = typeof size === 'number' ? size : (stated ?? known);
  if (latentDim === undefined || latentDim < 1)
    throw new InputError({ name: 'latentDim', expected: `the size of a latent, as ${shown(input)} leaves it open` });
  const others = inputs.filter((each) => each !== input);
  return {
    name: input.name,
    dims: [latentDim, ...rest.map(() => 1)],
    batch: typeof batch === 'number' ? batch : undefined,
    ...(typeof size === 'number' ? {} : { open: true as const }),
    ...labelOf(model.graph, others, source, options.label),
  };
}

function isLatent({ value }: ValueInfo): boolean {
  const [, , ...rest] = value?.shape ?? [];
  const isFloat = value?.type === 'float32' || value?.type === 'float16' || value?.type === 'float64';
  const rank = value?.shape?.length;
  return isFloat && (rank === 2 || (rank === 4 && rest.every((dim) => dim === 1)));
}

function labelOf(
  graph: Graph,
  others: readonly ValueInfo[],
  source: string,
  label: Label | undefined,
): { label?: LabelInput } {
  const [input, ...more] = others;
  if (!input) {
    if (label === undefined) return {};
    throw new InputError({ name: 'label', expected: 'it for conditional generators only', got: label });
  }
  const { type, shape = [] } = input.value ?? {};
  const rest = shape.slice(1);
  const isNumber =
    (type === 'int64' || type === 'int32') && (rest.length === 0 || (rest.length === 1 && rest[0] === 1));
  const isRow = type === 'float32' && rest.length === 1 && typeof rest[0] === 'number' && rest[0] > 1;
  if (more.length > 0 || (!isNumber && !isRow)) {
    throw new InputError({
      name: source,
      expected: 'a generator of latents, or of latents and classes',
      got: `further inputs ${others.map(shown).join('; ')}`,
    });
  }
  const classes = isRow ? Number(rest[0]) : classCount(graph, input.name);
  const range = classes === undefined ? 'a class number' : `a class of 0…${classes - 1}`;
  const isClass = label === 'random' ? classes !== undefined : Number.isInteger(label) && Number(label) >= 0;
  if (label === undefined || !isClass || (label !== 'random' && classes !== undefined && label >= classes)) {
    throw new InputError({
      name: 'label',
      expected: `${range}${classes === undefined ? '' : ' or random'} for input ${shown(input)}`,
      got: label ?? 'none',
    });
  }
  const dims = rest.map(Number);
  return { label: { name: input.name, type, dims, label, ...(classes !== undefined && { classes }) } };
}

/** The rows of the table that classes are looked up in. */
function classCount(graph: Graph, input: string): number | undefined {
  const types = Types.of(graph);
  const values = new Set([input]);
  for (const node of graph.nodes) {
    const [first = '', second = ''] = node.inputs;
    if (node.op === 'Gather' && values.has(second)) {
      const rows = types.shape(first)?.[0];
      if (typeof rows === 'number') return rows;
    }
    if (node.op === 'OneHot' && values.has(first)) return types.integers(second)?.[0];
    if (['Cast', 'Identity', 'Squeeze', 'Unsqueeze', 'Reshape'].includes(node.op) && values.has(first))
      values.add(node.outputs[0] as string);
  }
  return undefined;
}

/** Latents and classes as tensors. */
export function generatorFeed({ name, dims, label }: LatentInput, latents: Float32Array): SessionTensors {
  const size = dims[0] as number;
  const count = latents.length / size;
  const feed = { [name]: sessionTensor(latents, [count, ...dims]) };
  if (!label) return feed;
  const classes = Array.from({ length: count }, (_, row) =>
    label.label === 'random'
      ? drawnClass(latents.subarray(row * size, (row + 1) * size), label.classes ?? 1)
      : label.label,
  );
  return { ...feed, [label.name]: labelTensor(label, classes) };
}

function labelTensor({ type, dims }: LabelInput, classes: readonly number[]): SessionTensors[string] {
  const sizes = [classes.length, ...dims];
  if (type === 'int64') return { type, data: BigInt64Array.from(classes, BigInt), dims: sizes };
  if (type === 'int32') return { type, data: Int32Array.from(classes), dims: sizes };
  const width = dims[0] ?? 1;
  const rows = new Float32Array(classes.length * width);
  classes.forEach((index, row) => (rows[row * width + index] = 1));
  return sessionTensor(rows, sizes);
}

/** The class that belongs to a latent, the same everywhere: a hash (FNV-1a) of its bits. */
export function drawnClass(latent: Float32Array, classes: number): number {
  const bits = new Uint32Array(latent.slice().buffer);
  let hash = 0x811c9dc5;
  for (const word of bits) hash = Math.imul(hash ^ word ^ (word >>> 15), 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % classes;
}
