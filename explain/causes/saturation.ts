/** @file Finds saturated activations: those whose gradient vanishes for a picture. */
import { scoreHead } from '../../inference/networks/find-score-head.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { Model, Node } from '../../onnx/graph/graph.js';
import { prunedGraph, valuesRead } from '../../onnx/graph/order.js';

/** An activation that is saturated at every element. */
export interface Saturation {
  op: string;
  /** The node's name, or its output's where it has none. */
  name: string;
  /** The activation's input. */
  input: string;
  /** Whether the input can be explained instead. */
  isScore: boolean;
}

/** Below this slope the gradient vanishes in float32. */
export const FLAT = 1e-7;

/** Slope of each activation as a function of its output y; 0 if saturated. */
const slopes: Readonly<Record<string, (b: GraphBuilder, node: Node) => string>> = {
  Sigmoid: (b, { outputs: [y = ''] }) => b.mul(y, b.sub(b.scalarLike(y, 1), y)),
  Softmax: (b, { outputs: [y = ''] }) => b.mul(y, b.sub(b.scalarLike(y, 1), y)),
  Tanh: (b, { outputs: [y = ''] }) => b.sub(b.scalarLike(y, 1), b.mul(y, y)),
  HardSigmoid: (b, { outputs: [y = ''] }) => b.mul(y, b.sub(b.scalarLike(y, 1), y)),
  // 1 if the value is within the bounds.
  Clip: (b, { inputs: [x = ''], outputs: [y = ''] }) => b.op('Cast', [b.op('Equal', [x, y])], { to: 1 }),
};

/** A model from the picture to the steepest slope [N] of every such activation between a value and the logits. */
export interface SlopesModel {
  model: Model;
  activations: readonly (Saturation & { slope: string })[];
}

/** @param from a layer's value, or the picture */
export function slopesModel(model: Model, head: ScoreHead, from: string): SlopesModel {
  const b = new GraphBuilder({ ...prunedGraph(model.graph, [head.logits]), outputs: [] });
  const picture = model.graph.inputs[0]?.name ?? '';
  const dependent = new Set([from]);
  const nodes = [...b.graph.nodes];
  const activations = nodes.flatMap((node) => {
    if (!valuesRead(node).some((name) => dependent.has(name))) return [];
    for (const output of node.outputs) dependent.add(output);
    const slope = node.domain === '' ? slopes[node.op] : undefined;
    const [output = ''] = node.outputs;
    const [input = ''] = node.inputs;
    if (!slope || b.types.get(output)?.type !== 'float32') return [];
    const steepest = b.within(`${output}_slope`, () => largestPerPicture(b, slope(b, node), picture));
    return [{ op: node.op, name: node.name || output, input, isScore: isScore(model, input), slope: steepest }];
  });
  const wanted = activations.map(({ slope }) => slope);
  for (const slope of wanted) b.output(slope);
  return { model: { ...model, graph: prunedGraph(b.graph, wanted) }, activations };
}

/** [N] */
function largestPerPicture(b: GraphBuilder, value: string, picture: string): string {
  const count = b.op('Shape', [picture], { start: 0, end: 1 }, 'batch');
  const rows = b.op('Reshape', [value, b.op('Concat', [count, b.ints([-1])], { axis: 0 }, 'row_sizes')], {}, 'rows');
  return b.op('ReduceMax', [rows], { axes: [1], keepdims: 0 }, 'steepest');
}

function isScore(model: Model, value: string): boolean {
  try {
    return scoreHead(model, value).logits !== '';
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
