/** @file Makes a linear layer and the batch norm after it one layer. */
import { rebuilding, type GraphBuilder } from '../../build/build.js';
import { epsilonOf, isInferenceNorm, numberAttribute, outputChannelAxis } from '../../graph/attributes.js';
import { inputOf, outputOf, type Graph, type Node } from '../../graph/graph.js';
import { consumersOf } from '../../graph/neighbours.js';

/**
 * The graph with every batch norm in inference form that alone reads a Conv, ConvTranspose or Gemm merged into it: W′ = W·s and
 * b′ = (b − μ)·s + β per channel, s = γ/√(σ² + ε). Both are computed by nodes, so weights need not be initializers: what a rule gives
 * must not depend on how a network was exported.
 */
export function withFoldedNorms(graph: Graph): Graph {
  const readers = consumersOf(graph);
  const kept = new Set(graph.outputs.map(({ name }) => name));
  const normOf = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const [reader, ...others] = readers.get(outputOf(node)) ?? [];
    if (reader && others.length === 0 && !kept.has(outputOf(node)) && isFoldable(node, reader))
      normOf.set(node, reader);
  }
  if (normOf.size === 0) return graph;
  const layerOf = new Map([...normOf].map(([layer, norm]) => [norm, layer]));
  const b = rebuilding(graph);
  for (const node of graph.nodes) {
    const layer = layerOf.get(node);
    if (layer) b.within(`${outputOf(layer)}_folded`, () => appendFolded(b, layer, node));
    else if (!normOf.has(node)) b.append(node);
  }
  return b.graph;
}

function isFoldable(layer: Node, norm: Node): boolean {
  const isLayer = outputChannelAxis(layer) !== undefined || isGemm(layer);
  return isLayer && isInferenceNorm(norm) && inputOf(norm) === outputOf(layer);
}

const isGemm = ({ domain, op }: Node): boolean => domain === '' && op === 'Gemm';

function appendFolded(b: GraphBuilder, layer: Node, norm: Node): void {
  const [x, weights, bias] = layer.inputs as [string, string, string | undefined];
  const [, gamma, beta, mean, variance] = norm.inputs as [string, string, string, string, string];
  const epsilon = b.scalarLike(variance, epsilonOf(norm));
  const scale = b.div(gamma, b.op('Sqrt', [b.add(variance, epsilon)]), 'scale');
  const factor = isGemm(layer) ? numberAttribute(layer, 'beta', 1) : 1;
  const own = bias && factor !== 1 ? b.mul(bias, b.scalarLike(bias, factor)) : bias;
  const shift = b.add(b.mul(own ? b.sub(own, mean) : b.op('Neg', [mean]), scale), beta, 'bias');
  const axis = outputChannelAxis(layer) ?? (numberAttribute(layer, 'transB', 0) === 0 ? 1 : 0);
  const trailing = b.shape(weights).length - axis - 1;
  const kernel = b.mul(weights, b.reshape(scale, [-1, ...Array.from({ length: trailing }, () => 1)]), 'weights');
  const attributes = isGemm(layer)
    ? { ...layer.attributes, beta: { kind: 'float', value: 1 } as const }
    : layer.attributes;
  b.append({ ...layer, inputs: [x, kernel, shift], outputs: [outputOf(norm)], attributes });
}
