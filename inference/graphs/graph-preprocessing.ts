/** @file What a graph itself does to pictures before its first layer, and which numbers it therefore expects. */
import { epsilonOf } from '../../onnx/graph/attributes.js';
import { elementCount, nodeLabel, presentInputs, type Graph, type Node } from '../../onnx/graph/graph.js';
import { numbersOf } from '../../onnx/graph/tensor.js';
import { Types } from '../../onnx/shapes/types.js';
import { consumersOf } from '../../onnx/graph/neighbours.js';

/** What was recognised at the start of a graph. */
export interface GraphPreprocessing {
  /** The numbers that a white picture has before the graph's arithmetic: 255, 1, or −1…1. */
  range?: 'bytes' | 'unit' | 'signed';
  /** The size that the graph resizes to. */
  size?: { height: number; width: number };
  /** The nodes that show it, for people. */
  nodes: readonly string[];
}

const passing = new Set([
  'Identity',
  'Cast',
  'Transpose',
  'Unsqueeze',
  'Squeeze',
  'Reshape',
  'Pad',
  'Clip',
  'Slice',
  'Gather',
]);
const arithmetic = new Set(['Mul', 'Div', 'Sub', 'Add', 'BatchNormalization']);
/** At most this many channels have a mean and a standard deviation of their own. */
const MAX_CHANNELS = 64;

/** x → scale·x + offset, for each channel or one for all. */
interface Affine {
  scale: readonly number[];
  offset: readonly number[];
}

/** Follows the picture from the input as long as one node after the other only rescales, moves or resizes it. */
export function graphPreprocessing(graph: Graph, input: string): GraphPreprocessing {
  const consumers = consumersOf(graph);
  const types = Types.of(graph);
  const nodes: string[] = [];
  let affine: Affine = { scale: [1], offset: [0] };
  let found: GraphPreprocessing = { nodes };
  for (let value = input; ;) {
    const [node, ...others] = (consumers.get(value) ?? []).filter(({ op }) => op !== 'Shape');
    const next = node?.outputs[0];
    if (!node || !next || others.length > 0 || node.domain !== '') break;
    if (node.op === 'Resize') {
      const size = resizedTo(types, next);
      found = { ...found, ...(size && { size }) };
      nodes.push(nodeLabel(node));
    } else if (arithmetic.has(node.op)) {
      const step = stepOf(node, value, types);
      if (!step) break;
      affine = composed(affine, step);
      nodes.push(nodeLabel(node));
      const range = firstRange(affine);
      if (range) return { ...found, range };
    } else if (!passing.has(node.op)) break;
    value = next;
  }
  const range = rangeOf(affine);
  return { ...found, ...(range && { range }) };
}

function resizedTo(types: Types, value: string): GraphPreprocessing['size'] {
  const shape = types.shape(value) ?? [];
  const [height, width] = typeof shape[1] === 'number' && shape[1] > 4 ? shape.slice(1, 3) : shape.slice(2, 4);
  return typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined;
}

/** The step of a node whose other operands are constants. */
function stepOf(node: Node, value: string, types: Types): Affine | undefined {
  const constants = presentInputs(node)
    .filter((name) => name !== value)
    .map((name) => {
      const tensor = types.constant(name);
      return tensor && elementCount(tensor.dims) <= MAX_CHANNELS ? numbersOf(tensor) : undefined;
    });
  if (constants.includes(undefined) || constants.length === 0) return undefined;
  const [a = [], ...rest] = constants as number[][];
  const first = node.inputs[0] === value;
  const ones = a.map(() => 1);
  const zeros = a.map(() => 0);
  switch (node.op) {
    case 'Mul':
      return { scale: a, offset: zeros };
    case 'Div':
      return first ? { scale: a.map((each) => 1 / each), offset: zeros } : undefined;
    case 'Add':
      return { scale: ones, offset: a };
    case 'Sub':
      return first ? { scale: ones, offset: a.map((each) => -each) } : { scale: a.map(() => -1), offset: a };
    default: {
      const [shift = [], mean = [], variance = []] = rest;
      const epsilon = epsilonOf(node);
      const scale = a.map((gamma, channel) => gamma / Math.sqrt((variance[channel] ?? 1) + epsilon));
      return { scale, offset: scale.map((each, channel) => (shift[channel] ?? 0) - each * (mean[channel] ?? 0)) };
    }
  }
}

function composed(first: Affine, then: Affine): Affine {
  const channels = Math.max(first.scale.length, then.scale.length);
  const at = (values: readonly number[], channel: number) => values[values.length === 1 ? 0 : channel] ?? Number.NaN;
  const each = Array.from({ length: channels }, (_, channel) => channel);
  return {
    scale: each.map((channel) => at(first.scale, channel) * at(then.scale, channel)),
    offset: each.map((channel) => at(first.offset, channel) * at(then.scale, channel) + at(then.offset, channel)),
  };
}

const near = (value: number, wanted: number) => Math.abs(value - wanted) <= 1e-3 * Math.abs(wanted) + 1e-9;

/** Rescalings that say at once what goes in: ÷ 255, ÷ 127.5, and (x + 1) ÷ 2. */
function firstRange({ scale, offset }: Affine): GraphPreprocessing['range'] {
  const all = (test: (scale: number, offset: number) => boolean) =>
    scale.every((each, channel) => test(each, offset[channel] ?? 0));
  if (all((each) => near(each, 1 / 255) || near(each, 1 / 127.5) || near(each, 1 / 127) || near(each, 1 / 256)))
    return 'bytes';
  if (all((each, shift) => near(each, 0.5) && near(shift, 0.5))) return 'signed';
  return undefined;
}

/** By the number that becomes 0 (the mean) and the one that becomes 1 further (the standard deviation). */
function rangeOf({ scale, offset }: Affine): GraphPreprocessing['range'] {
  const means = scale.map((each, channel) => -(offset[channel] ?? 0) / each);
  const deviations = scale.map((each) => Math.abs(1 / each));
  if (
    means.every(
      (mean, channel) => (mean >= 2 && mean <= 254) || (Math.abs(mean) < 1e-6 && (deviations[channel] ?? 0) >= 20),
    )
  )
    return 'bytes';
  const isUnit = means.every((mean, channel) => mean >= 0.05 && mean <= 0.95 && (deviations[channel] ?? 9) <= 1);
  return isUnit ? 'unit' : undefined;
}
