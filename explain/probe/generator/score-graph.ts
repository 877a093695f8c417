/** @file A generator and the network that judges it as one graph: the score of G(z), its gradient at z and at a layer of G. */
import type { Generator } from '../../../inference/networks/generator.js';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { appendedNetwork, type JudgingNetwork } from '../shared/judging-network.js';
import { appendedLevels } from '../shared/made-pictures.js';
import type { ReadyGenerator } from '../../../inference/generators/ready-generator.js';

/** Names of what the graph gives. */
export const scoreValues = {
  /** [R, C, H, W], the generator's numbers. */
  pictures: 'score/pictures',
  /** [R, scores] */
  logits: 'score/logits',
  /** ∂score/∂z, of the latents' shape. */
  latents: 'score/latents',
  /** A layer's output and ∂score/∂A. */
  features: 'score/features',
  slopes: 'score/slopes',
} as const;

/**
 * The graph of D(G(z)) with its gradient, from the latents (and labels) and the share of each logit in the score (`WEIGHTS`).
 * @param layer a value of the generator whose output and slopes are wanted
 * @throws InputError if the score does not depend on the latents or the layer, or part of it cannot be differentiated
 */
export function scoreGraph(
  { graph, input, rows }: ReadyGenerator,
  generator: Pick<Generator, 'range' | 'channels' | 'height' | 'width'>,
  judge: JudgingNetwork,
  layer?: string,
): Model {
  const output = graph.outputs[0]?.name ?? '';
  const b = new GraphBuilder({ ...prunedGraph(graph, [output]), outputs: [] });
  const { channels, height, width } = generator;
  const levels = appendedLevels(b, output, generator);
  const { logits, weights } = appendedNetwork(b, levels, { channels, height, width, rows }, judge);
  const wanted = layer === undefined ? [input.name] : [input.name, layer];
  const found = gradients(b, logits, wanted, { cotangent: weights });
  const gradientOf = (value: string, name: string) => {
    const gradient = found.get(value);
    if (gradient) return gradient;
    throw new InputError({ name, expected: `a ${name} that the score depends on; it does not` });
  };
  b.output(output, scoreValues.pictures);
  b.output(logits, scoreValues.logits);
  b.output(gradientOf(input.name, 'latent'), scoreValues.latents);
  if (layer !== undefined) {
    b.output(layer, scoreValues.features);
    b.output(gradientOf(layer, 'layer'), scoreValues.slopes);
  }
  return modelOfGraph(b.graph);
}
