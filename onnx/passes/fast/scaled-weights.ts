/** @file A speed-up: constant scales of a convolution's input become scales of its weights. */
import { numberAttribute } from '../../graph/attributes.js';
import { rebuilding } from '../../build/build.js';
import { inputOf, type Graph } from '../../graph/graph.js';
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
  const isConstant = constancy(graph, types);
  /** The value that is scaled, and its scale, of a product that a convolution of so many channels reads. */
  const scaleOf = (name: string, channels: number): { value: string; scale: string } | undefined => {
    const product = producers.get(name);
    if (product?.op !== 'Mul' || product.domain !== '') return undefined;
    const scale = product.inputs.find((input) => isConstant(input) && isPerChannel(types.shape(input), channels));
    const value = product.inputs.find((input) => input !== scale);
    const isWhole = value !== undefined && types.shape(value)?.[1] === channels && types.shape(value)?.length === 4;
    return scale !== undefined && isWhole ? { value, scale } : undefined;
  };

  const b = rebuilding(graph);
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
function constancy({ nodes }: Graph, types: Types): (name: string) => boolean {
  const computed = new Set<string>();
  const isConstant = (name: string): boolean => types.constant(name) !== undefined || computed.has(name);
  for (const { domain, op, inputs, outputs } of nodes) {
    if (domain !== '' || !elementwise.has(op) || !inputs.every(isConstant)) continue;
    for (const name of outputs) computed.add(name);
  }
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
