/** @file The scores that an output is made of: before sigmoid, softmax, ArgMax, TopK, thresholds and dictionaries. */
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { nodeLabel, type Node } from '../../onnx/graph/graph.js';
import type { Types } from '../../onnx/shapes/types.js';

/** What a network makes of its scores. */
export type Activation = 'sigmoid' | 'softmax';

/** Scores that an output is made of. */
export interface FoundScores {
  /** The value that holds them. */
  value: string;
  activation?: Activation;
  /** The axis of the classes, counted from 0 or from the end, where an operator names it. */
  classAxis?: number;
  /** The node that made a choice or a name of the scores, for people. */
  through?: string;
  /** Those of the classes that the output shows, where it is a part of a softmax. */
  part?: readonly number[];
}

const activations: Readonly<Record<string, Activation>> = {
  Sigmoid: 'sigmoid',
  HardSigmoid: 'sigmoid',
  Softmax: 'softmax',
  LogSoftmax: 'softmax',
};
/** Operators that only move or mark scores. */
const passing = new Set(
  'Identity Reshape Flatten Squeeze Unsqueeze Dropout Log Clip Cast Transpose Slice Gather Exp'.split(' '),
);
/** Operators that choose among scores: what they choose from is explained. */
const choosing = new Set(['ArgMax', 'TopK', 'Greater', 'GreaterOrEqual', 'Round', 'ReduceMax']);

/** The nodes that make values, and what is known of the values. */
export interface KnownGraph {
  producers: ReadonlyMap<string, Node>;
  types: Types;
}

/**
 * Walks back from an output.
 * @returns undefined where it is made of no scores, as whole numbers or text are
 */
export function scoresBehind(graph: KnownGraph, output: string): FoundScores | undefined {
  const { producers, types } = graph;
  let found: FoundScores = { value: output };
  let part: readonly number[] | undefined;
  for (let value = output; ;) {
    const node = producers.get(value);
    if (!node) break;
    const named = namedScores(node, types);
    if (named !== undefined) {
      found = { value: named, through: nodeLabel(node) };
      value = named;
      continue;
    }
    if (node.domain !== '') break;
    const floats = beforeQuantization(value, graph);
    if (floats !== value) {
      found = { ...found, value: floats };
      value = floats;
      continue;
    }
    const byHand = softmaxByHand(node, graph);
    const activation = byHand ? 'softmax' : activations[node.op];
    const input = byHand?.value ?? node.inputs[0];
    if (input === undefined) break;
    if (activation) {
      const axis = byHand?.axis ?? numberAttribute(node, 'axis', -1);
      return {
        ...found,
        value: beforeQuantization(input, graph),
        activation,
        ...(activation === 'softmax' && { classAxis: axis }),
        ...(part && { part }),
      };
    }
    if (choosing.has(node.op) && chooses(node, graph)) {
      const axis = node.op === 'ArgMax' ? numberAttribute(node, 'axis', 0) : undefined;
      found = { value: input, through: nodeLabel(node), ...(axis !== undefined && { classAxis: axis }) };
      part = undefined;
    } else if (passing.has(node.op)) part = partOf(node, types) ?? part;
    else break;
    value = input;
  }
  return isNumbers(types, found.value) ? found : undefined;
}

const isNumbers = (types: Types, value: string) => {
  const type = types.get(value)?.type;
  return type === undefined || type.startsWith('float') || type === 'bfloat16';
};

/** The value that was quantised and brought back to floats: a score above all that the quantiser has seen is clipped, without a gradient. */
function beforeQuantization(value: string, { producers }: KnownGraph): string {
  const back = producers.get(value);
  const quantized = back?.op === 'DequantizeLinear' ? producers.get(back.inputs[0] ?? '') : undefined;
  return quantized?.op === 'QuantizeLinear' ? (quantized.inputs[0] ?? value) : value;
}

/** The value that a node of classical machine learning, or a look-up in a list of names, gives names to. */
function namedScores({ domain, op, inputs }: Node, types: Types): string | undefined {
  if (domain === 'ai.onnx.ml') {
    if (op === 'ZipMap' || op === 'LabelEncoder' || op === 'Normalizer') return inputs[0];
    return op === 'ArrayFeatureExtractor' ? inputs[1] : undefined;
  }
  const isList = domain === '' && op === 'Gather' && types.constant(inputs[0] ?? '') !== undefined;
  return isList ? inputs[1] : undefined;
}

/** Whether a node picks among finished scores; the largest of other values is a layer like any other. */
function chooses(node: Node, graph: KnownGraph): boolean {
  if (node.op !== 'ReduceMax') return true;
  for (let value = node.inputs[0] ?? ''; ;) {
    const producer = graph.producers.get(value);
    if (!producer || producer.domain !== '') return false;
    if (activations[producer.op] !== undefined) return true;
    if (!passing.has(producer.op)) return false;
    value = producer.inputs[0] ?? '';
  }
}

/** The classes that a slice or a choice of columns leaves. */
function partOf(node: Node, types: Types): readonly number[] | undefined {
  const rank = types.shape(node.inputs[0] ?? '')?.length ?? 0;
  if (node.op === 'Gather') {
    const axis = numberAttribute(node, 'axis', 0);
    return axis === 0 ? undefined : types.integers(node.inputs[1]);
  }
  if (node.op !== 'Slice') return undefined;
  const [starts, ends, axes, steps] = node.inputs.slice(1).map((name) => types.integers(name));
  const at = (axes ?? []).findIndex((axis) => axis !== 0 && axis !== -rank);
  const size = types.shape(node.inputs[0] ?? '')?.[(axes?.[at] ?? 0) + ((axes?.[at] ?? 0) < 0 ? rank : 0)];
  if (!starts || !ends || at < 0 || typeof size !== 'number' || (steps?.[at] ?? 1) !== 1) return undefined;
  const place = (index: number) => Math.max(0, Math.min(size, index < 0 ? index + size : index));
  const [from, to] = [place(starts[at] ?? 0), place(ends[at] ?? 0)];
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** x of exp(x) / Σ exp(x), or of exp(x − max x) / Σ exp(x − max x). */
function softmaxByHand(node: Node, { producers }: KnownGraph): { value: string; axis: number } | undefined {
  const [numerator = '', denominator = ''] = node.inputs;
  const [above, below] = [producers.get(numerator), producers.get(denominator)];
  if (node.op !== 'Div' || above?.op !== 'Exp' || below?.op !== 'ReduceSum' || below.inputs[0] !== numerator)
    return undefined;
  const power = above.inputs[0] ?? '';
  const shift = producers.get(power);
  const largest = producers.get(shift?.inputs[1] ?? '');
  const isShift = shift?.op === 'Sub' && largest?.op === 'ReduceMax' && largest.inputs[0] === shift.inputs[0];
  const axis = intsAttribute(below, 'axes')?.[0] ?? -1;
  return { value: isShift ? (shift.inputs[0] as string) : power, axis };
}

/** Operators that compute new values from learnt weights. */
export const weighted = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Einsum']);

/** A node that picks boxes by their scores, behind which an output only holds what was picked. */
export function pickingNode({ producers }: KnownGraph, output: string): Node | undefined {
  const seen = new Set<string>();
  const open = [output];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = producers.get(value);
    if (!node || seen.has(value) || weighted.has(node.op)) continue;
    seen.add(value);
    if (node.op === 'NonMaxSuppression' || node.op === 'TopK' || /NMS|NonMaxSuppression/i.test(node.op)) return node;
    open.push(...node.inputs);
  }
  return undefined;
}
