/** @file What the first convolution tells of a picture input: its layout and its channels. */
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import { presentInputs, type Graph, type Node } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';

/** What the graph tells; parts that it does not tell are missing. */
export interface FirstLayer {
  layout?: 'NCHW' | 'NHWC';
  channels?: number;
}

/** Operators after which the axes are what they were. */
const passing = new Set(
  (
    'Identity Cast Mul Div Sub Add Pad Resize Clip Dropout Slice Gather Neg ' +
    'BatchNormalization QuantizeLinear DequantizeLinear Concat Split Pow'
  ).split(' '),
);

/**
 * Follows a picture input [?, ?, ?, ?] to the first convolution.
 * @param graph in topological order
 */
export function firstLayer(graph: Graph, input: string): FirstLayer {
  const types = Types.of({ ...graph, nodes: [] });
  /** The input's axis that stands at each axis of a value; −1 for axes that were added. */
  const orders = new Map<string, readonly number[]>([[input, [0, 1, 2, 3]]]);
  for (const node of graph.nodes) {
    const from = presentInputs(node).find((name) => orders.has(name));
    if (node.op === 'Constant') types.addNode(node);
    if (from === undefined || node.domain !== '') continue;
    const order = orders.get(from) as readonly number[];
    if (node.op === 'Conv') return told(node, order, types);
    const after = orderAfter(node, order, types);
    if (after) for (const output of node.outputs) orders.set(output, after);
  }
  return {};
}

function told(node: Node, order: readonly number[], types: Types): FirstLayer {
  const weights = types.shape(node.inputs[1] ?? '');
  const channels = typeof weights?.[1] === 'number' ? weights[1] * numberAttribute(node, 'group', 1) : undefined;
  const layout = order[1] === 1 ? 'NCHW' : order[1] === 3 ? 'NHWC' : undefined;
  return { ...(layout && { layout }), ...(channels !== undefined && order.length === 4 && { channels }) };
}

function orderAfter(node: Node, order: readonly number[], types: Types): readonly number[] | undefined {
  if (passing.has(node.op)) return order;
  if (node.op === 'Transpose') {
    const perm = intsAttribute(node, 'perm');
    return perm?.map((axis) => order[axis] ?? -1);
  }
  const axes = types.integers(node.inputs[1]);
  if (node.op === 'Squeeze' && axes) {
    const gone = axes.map((axis) => positiveAxis(axis, order.length));
    return order.filter((_, axis) => !gone.includes(axis));
  }
  if (node.op === 'Unsqueeze' && axes) {
    const rank = order.length + axes.length;
    const added = axes.map((axis) => positiveAxis(axis, rank));
    const rest = [...order];
    // The batch that `batchedModel` takes off and the network puts on again is the same.
    const batch = order.includes(0) ? -1 : 0;
    return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? batch : (rest.shift() ?? -1)));
  }
  return undefined;
}
