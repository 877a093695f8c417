/** @file Folds batch norms in inference form into the convolutions before them. */
import { epsilonOf, isInferenceNorm, outputChannelAxis } from '../graph/attributes.js';
import { elementCount, inputOf, outputOf, type Graph, type Node, type Tensor } from '../graph/graph.js';
import { consumersOf, producersOf } from '../graph/neighbours.js';
import { copiedGraph, GraphBuilder } from '../build/build.js';
import { prunedGraph } from '../graph/order.js';

type FloatTensor = Extract<Tensor, { type: 'float32' }>;

/**
 * The graph with every batch norm that directly follows a Conv or ConvTranspose merged into its weights:
 * W′ = W·s and b′ = (b − μ)·s + β per output channel, with s = γ/√(σ² + ε). A batch norm stays where another node or the
 * graph's outputs read the convolution as it was, where it normalises batches by their own statistics, where weights are not
 * constant, and after a grouped ConvTranspose.
 */
export function foldedBatchNorm(graph: Graph): Graph {
  const b = new GraphBuilder(copiedGraph(graph));
  const readers = consumersOf(graph);
  const kept = new Set(graph.outputs.map(({ name }) => name));
  const producers = producersOf(graph);
  const constant = (name: string | undefined): FloatTensor | undefined => {
    const tensor = name ? b.types.constant(name) : undefined;
    return tensor?.type === 'float32' ? tensor : undefined;
  };

  const replaced = new Map<Node, Node | undefined>();
  for (const norm of graph.nodes) {
    const conv = isInferenceNorm(norm) ? producers.get(inputOf(norm)) : undefined;
    if (!conv || readers.get(outputOf(conv))?.length !== 1 || kept.has(outputOf(conv))) continue;
    const folded = foldedWeights(conv, norm, constant);
    if (!folded) continue;
    const prefix = conv.name || outputOf(conv);
    const kernel = b.initializer(b.unique(`${prefix}/folded_kernel`), folded.kernel);
    const bias = b.initializer(b.unique(`${prefix}/folded_bias`), folded.bias);
    const inputs = [inputOf(conv), kernel, bias];
    replaced.set(conv, { ...conv, inputs, outputs: norm.outputs });
    replaced.set(norm, undefined);
  }
  const nodes = graph.nodes
    .map((node) => (replaced.has(node) ? replaced.get(node) : node))
    .filter((node) => node !== undefined);
  return prunedGraph(
    { ...b.graph, nodes },
    graph.outputs.map(({ name }) => name),
  );
}

function foldedWeights(
  conv: Node,
  norm: Node,
  constant: (name: string | undefined) => FloatTensor | undefined,
): { kernel: FloatTensor; bias: FloatTensor } | undefined {
  const channelAxis = outputChannelAxis(conv);
  if (channelAxis === undefined) return undefined;
  const kernel = constant(conv.inputs[1]);
  const bias = constant(conv.inputs[2]);
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map(constant);
  if (!kernel || (conv.inputs[2] && !bias) || !gamma || !beta || !mean || !variance) return undefined;

  const epsilon = epsilonOf(norm);
  const scale = Float64Array.from(gamma.data, (g, c) => g / Math.sqrt((variance.data[c] as number) + epsilon));
  const shift = Float32Array.from(beta.data, (shifted, c) => {
    const centred = (bias?.data[c] ?? 0) - (mean.data[c] as number);
    return centred * (scale[c] as number) + shifted;
  });
  const block = elementCount(kernel.dims.slice(channelAxis + 1));
  const data = kernel.data.map((w, i) => w * (scale[Math.floor(i / block) % scale.length] as number));
  return {
    kernel: { type: 'float32', dims: kernel.dims, data },
    bias: { type: 'float32', dims: [shift.length], data: shift },
  };
}
