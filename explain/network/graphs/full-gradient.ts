/** @file The full gradient of a score as a graph: the contributions of the picture and of every bias. */
import { epsilonOf, numberAttribute } from '../../../onnx/graph/attributes.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { outputOf, type Node } from '../../../onnx/graph/graph.js';
import { gradients } from '../../../onnx/gradient/walk.js';

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

/** The bias of each operator, in the shape of its output or broadcastable to it. */
const biases: Readonly<Record<string, (b: GraphBuilder, node: Node) => string | undefined>> = {
  Conv: channelBias,
  ConvTranspose: channelBias,
  Gemm: (b, node) => {
    const [, , bias] = node.inputs;
    const factor = numberAttribute(node, 'beta', 1);
    if (!bias) return undefined;
    return factor === 1 ? bias : b.mul(bias, b.scalarLike(bias, factor));
  },
  Add: (b, node) => node.inputs.find((name) => b.types.constant(name) !== undefined),
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

/**
 * Appends x·∂score/∂x and, for every layer with a bias that the score depends on, bias·∂score/∂output at each position
 * (Srinivas and Fleuret 2019, eq. 4). For networks of linear layers and rectifiers all of them add up to the score.
 * @param picture the network's input
 * @param cotangent gradient of the score with respect to the logits
 * @returns names of the parts, the picture's first
 */
export function fullGradientParts(b: GraphBuilder, logits: string, picture: string, cotangent: string): string[] {
  const biased = b.graph.nodes.flatMap((node) => {
    const output = outputOf(node);
    const bias = node.domain === '' ? b.within(output, () => biases[node.op]?.(b, node)) : undefined;
    return bias === undefined ? [] : [{ output, bias }];
  });
  const found = gradients(b, logits, [picture, ...biased.map(({ output }) => output)], { cotangent });
  const part = (value: string, factor: string) => {
    const gradient = found.get(value);
    return gradient ? [b.within(value, () => b.mul(gradient, factor, 'contribution'))] : [];
  };
  return [...part(picture, picture), ...biased.flatMap(({ output, bias }) => part(output, bias))];
}
