/** @file The class of a conditional generator: which input takes it, and what users mean. */
import { InputError } from '../../onnx/errors.js';
import type { Graph, ValueInfo } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { sessionTensor, type SessionTensors } from '../runtime/session.js';
import { meantClass, shownInput, type Label } from '../labels/meant-class.js';

/** The input that takes classes. */
export interface LabelInput {
  name: string;
  type: 'int64' | 'int32' | 'float32';
  /** Sizes after the batch: [] or [1] for numbers, [K] for one-hot rows. */
  dims: readonly number[];
  /** How many classes there are, where the graph tells. */
  classes?: number;
  /** Their names, where the file tells them. */
  names?: readonly string[];
  label: Label;
}

/**
 * The input for classes among those beside the latents, with the class that is meant.
 * @param label what was stated
 * @param names of classes, where metadata tell them
 * @throws InputError if there are inputs of other kinds, or the label is none of the classes
 */
export function labelInput(
  graph: Graph,
  others: readonly ValueInfo[],
  source: string,
  { label, names }: { label: number | string | undefined; names: readonly string[] | undefined },
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
      expected:
        'a generator of latents, or of latents and classes, or numbers for its other inputs (`input`, such as NAME=0.7)',
      got: `further inputs ${others.map(shownInput).join('; ')}`,
    });
  }
  const classes = isRow ? Number(rest[0]) : classCount(graph, input.name);
  const known = {
    ...(classes !== undefined && { classes }),
    ...(names !== undefined && names.length === classes && { names }),
  };
  const dims = rest.map(Number);
  return { label: { name: input.name, type, dims, label: meantClass(label, shownInput(input), known), ...known } };
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

/** The class of each latent. @throws InputError for `all`, which is several for each */
export function labelsOf({ classes }: LabelInput, label: Label, latents: Float32Array, size: number): number[] {
  if (label === 'all') {
    throw new InputError({ name: 'label', expected: 'one class or random here, as all is for a grid', got: 'all' });
  }
  return Array.from({ length: latents.length / size }, (_, row) =>
    label === 'random' ? drawnClass(latents.subarray(row * size, (row + 1) * size), classes ?? 1) : label,
  );
}

/** Class numbers as the input takes them. */
export function labelTensor({ type, dims }: LabelInput, classes: readonly number[]): SessionTensors[string] {
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
