/** @file The full gradient of a score as a graph: the contributions of the picture and of every bias. */
import { epsilonOf, numberAttribute } from '../../../onnx/graph/attributes.js';
import { addedBiases } from '../../../onnx/passes/added-biases.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { outputOf, type Node } from '../../../onnx/graph/graph.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import { hasAspect, hasPlaces, layerContext, layerOfValue } from '../../layers/candidates.js';
import { isSpatial, onGrid, type Layer, type TokenGrid } from '../../layers/layer.js';

/** Broadcasts a bias of a layer's channels over its output. */
const alongChannels = (b: GraphBuilder, bias: string, output: string) =>
  b.reshape(
    bias,
    [
      -1,
      ...b
        .shape(output)
        .slice(2)
        .map(() => 1),
    ],
    'bias',
  );

/** The bias of each layer that holds one, in the shape of its output or broadcastable to it. */
const biases: Readonly<Record<string, (b: GraphBuilder, node: Node) => string | undefined>> = {
  Conv: channelBias,
  ConvTranspose: channelBias,
  Gemm: (b, node) => {
    const [, , bias] = node.inputs;
    const factor = numberAttribute(node, 'beta', 1);
    if (!bias) return undefined;
    return factor === 1 ? bias : b.mul(bias, b.scalarLike(bias, factor));
  },
  // γ·(x − μ)/√(σ² + ε) + β = γ/√(σ² + ε)·x + (β − γ·μ/√(σ² + ε))
  BatchNormalization: (b, node) => {
    const [, scale, shift, mean, variance] = node.inputs as [string, string, string, string, string];
    const epsilon = b.scalarLike(variance, epsilonOf(node));
    const std = b.op('Sqrt', [b.add(variance, epsilon)], {}, 'std');
    const bias = b.sub(shift, b.div(b.mul(scale, mean), std), 'bias');
    return alongChannels(b, bias, outputOf(node));
  },
};

function channelBias(b: GraphBuilder, node: Node): string | undefined {
  const bias = node.inputs[2];
  return bias ? alongChannels(b, bias, outputOf(node)) : undefined;
}

/** A part of the full gradient. */
export interface FullGradientPart {
  value: string;
  /** Whether it is [N, K, h, w] at positions of the picture. */
  isMap: boolean;
}

/**
 * Appends x·∂score/∂x and, for every layer with a bias that the score depends on, bias·∂score/∂output at each position
 * (Srinivas and Fleuret 2019, eq. 4). For networks of linear layers and rectifiers all of them add up to the score.
 * @param picture the network's input as a layer
 * @param cotangent gradient of the score with respect to the logits
 * @returns the parts, the picture's first
 */
export function fullGradientParts(
  b: GraphBuilder,
  { logits, picture, cotangent }: { logits: string; picture: Layer; cotangent: string },
  grid: TokenGrid,
): FullGradientPart[] {
  const context = layerContext(b.graph);
  const added = addedBiases(b.graph, b.types, picture.value);
  const biased = b.graph.nodes.flatMap((node) => {
    const output = outputOf(node);
    const bias = node.domain === '' ? b.within(output, () => biasOf(b, node, added)) : undefined;
    return bias === undefined ? [] : [{ layer: layerOfValue(context, node, output), bias }];
  });
  const found = gradients(b, logits, [picture.value, ...biased.map(({ layer }) => layer.value)], { cotangent });
  const part = (layer: Layer, factor: string): FullGradientPart[] => {
    const gradient = found.get(layer.value);
    if (!gradient) return [];
    const hasPositions = layer.op in biases || hasAspect(layer, grid);
    const isMap = hasPositions && isSpatial(layer) && hasPlaces(context, layer);
    return b.within(layer.value, () => {
      const contribution = b.mul(gradient, factor, 'contribution');
      return [{ value: isMap ? onGrid(b, layer, contribution) : contribution, isMap }];
    });
  };
  return [...part(picture, picture.value), ...biased.flatMap(({ layer, bias }) => part(layer, bias))];
}

/** A node's bias, in the shape of its output or broadcastable to it. */
function biasOf(b: GraphBuilder, node: Node, added: ReturnType<typeof addedBiases>): string | undefined {
  const own = added.get(node);
  if (!own) return biases[node.op]?.(b, node);
  return own.sign === 1 ? own.value : b.op('Neg', [own.value], {}, 'bias');
}
