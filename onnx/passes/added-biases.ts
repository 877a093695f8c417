/** @file Biases that nodes of their own add to what layers give. */
import type { Types } from '../shapes/types.js';
import { outputOf, type Graph, type Node } from '../graph/graph.js';
import { valuesRead } from '../graph/order.js';

/** Linear in the picture's side, where the other factor is fixed. */
const LAYERS = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'BatchNormalization']);
const MOVES = new Set(['Cast', 'Flatten', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze']);

/** A value that a node adds, or subtracts where `sign` is −1. */
export interface AddedBias {
  value: string;
  sign: 1 | -1;
}

/**
 * The nodes that shift a layer's output by one number per channel, also after it was scaled or its axes were moved. A number that
 * all channels share is a step of an activation function (the 1 of GELU, the 3 of HardSwish), and what is added to a product of two
 * computed values, such as an attention's position bias, belongs to no layer.
 * @param graph in topological order
 * @param picture counts as a layer that any constant may shift, as preprocessing does
 */
export function addedBiases(graph: Graph, types: Types, picture?: string): Map<Node, AddedBias> {
  const found = new Map<Node, AddedBias>();
  const computed = new Set(graph.inputs.map(({ name }) => name));
  const ofLayers = new Set<string>();
  const ofPicture = new Set(picture === undefined ? [] : [picture]);
  for (const node of graph.nodes) {
    if (!valuesRead(node).some((name) => computed.has(name))) continue;
    for (const output of node.outputs) computed.add(output);
    const [value, ...others] = node.inputs.filter((name) => computed.has(name));
    if (node.domain !== '' || value === undefined || others.length > 0) continue;
    if (LAYERS.has(node.op)) {
      ofLayers.add(outputOf(node));
      continue;
    }
    const from = [ofPicture, ofLayers].find((values) => values.has(value));
    const bias = biasOf(node, value);
    if (!from || !(bias || isScaledOrMoved(node, value))) continue;
    if (bias && from === ofLayers && !isPerChannel(types, bias.value, outputOf(node))) continue;
    if (bias) found.set(node, bias);
    from.add(outputOf(node));
  }
  return found;
}

function biasOf({ op, inputs }: Node, value: string): AddedBias | undefined {
  const other = inputs.find((name) => name !== value);
  if (other === undefined || (op !== 'Add' && op !== 'Sub')) return undefined;
  return { value: other, sign: op === 'Sub' && inputs[0] === value ? -1 : 1 };
}

const isScaledOrMoved = ({ op, inputs }: Node, value: string) =>
  op === 'Mul' || ((op === 'Div' || MOVES.has(op)) && inputs[0] === value);

/** Whether a value has one number for each entry of a single axis of the output. */
function isPerChannel(types: Types, bias: string, output: string): boolean {
  const [own, shape] = [types.shape(bias), types.shape(output)];
  const large = own?.filter((size) => size !== 1).length;
  return large === 1 || (large === 0 && shape !== undefined && (shape[1] === 1 || shape.at(-1) === 1));
}
