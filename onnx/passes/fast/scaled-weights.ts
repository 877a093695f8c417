/** @file A speed-up: constant scales of a convolution's input become scales of its weights. */
import { numberAttribute } from '../../graph/attributes.js';
import { copiedGraph, GraphBuilder } from '../../build/build.js';
import { inputOf, type Graph, type Node } from '../../graph/graph.js';
import { producersOf } from '../../graph/neighbours.js';
import { prunedGraph } from '../../graph/order.js';
import { Types } from '../../shapes/types.js';
import { isPerChannel } from './per-channel.js';

/**
 * The same computation with Conv(x·s, W) as Conv(x, W·s), where the weights W and the scales s, of all or of each channel, are
 * constant. Runtimes multiply constants once, when they open the model. Gradients of batch norms in inference form are such
 * scales. Convolutions of several groups stay as they are.
 */
export function scaledWeights(graph: Graph): Graph {
  const types = Types.of(graph);
  const producers = producersOf(graph);
  const isConstant = constancy(types, producers);
  /** The value that is scaled, and its scale, of a product that a convolution of so many channels reads. */
  const scaleOf = (name: string, channels: number): { value: string; scale: string } | undefined => {
    const product = producers.get(name);
    if (product?.op !== 'Mul' || product.domain !== '') return undefined;
    const scale = product.inputs.find((input) => isConstant(input) && isPerChannel(types.shape(input), channels));
    const value = product.inputs.find((input) => input !== scale);
    const isWhole = value !== undefined && types.shape(value)?.[1] === channels && types.shape(value)?.length === 4;
    return scale !== undefined && isWhole ? { value, scale } : undefined;
  };

  const b = new GraphBuilder({ ...copiedGraph(graph), nodes: [] });
  const scaledBy = new Map<string, string>();
  const scaled = (weights: string, scale: string): string => {
    const key = JSON.stringify([weights, scale]);
    const known = scaledBy.get(key) ?? b.mul(weights, scale, `${weights}/scaled`);
    scaledBy.set(key, known);
    return known;
  };
  let replaced = 0;
  for (const node of graph.nodes) {
    let [data = '', weights = '', ...rest] = node.inputs;
    const channels = types.shape(weights)?.[1];
    const suits = node.op === 'Conv' && node.domain === '' && types.shape(weights)?.length === 4 && isConstant(weights);
    if (suits && typeof channels === 'number' && numberAttribute(node, 'group', 1) === 1) {
      for (let found = scaleOf(data, channels); found; found = scaleOf(data, channels)) {
        [data, weights] = [found.value, scaled(weights, found.scale)];
        replaced++;
      }
    }
    b.append(data === inputOf(node) ? node : { ...node, inputs: [data, weights, ...rest] });
  }
  if (replaced === 0) return graph;
  return prunedGraph(
    b.graph,
    graph.outputs.map(({ name }) => name),
  );
}

/** Tells whether a value depends on constants alone. */
function constancy(types: Types, producers: ReadonlyMap<string, Node>): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const isConstant = (name: string): boolean => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const node = producers.get(name);
    const is =
      types.constant(name) !== undefined ||
      (node !== undefined && elementwise.has(node.op) && node.domain === '' && node.inputs.every(isConstant));
    known.set(name, is);
    return is;
  };
  return isConstant;
}

/** Operators that scales of batch norms are made of. */
const elementwise = new Set([
  'Add',
  'Div',
  'Identity',
  'Mul',
  'Neg',
  'Reciprocal',
  'Reshape',
  'Sqrt',
  'Sub',
  'Unsqueeze',
]);
