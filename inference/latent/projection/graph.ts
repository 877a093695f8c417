/** @file One step of projecting a picture into the latent space, as one ONNX graph: pictures, losses, gradient, Adam. */
import { adamUpdate } from '../../../onnx/build/adam.js';
import { appendedGraph } from '../../../onnx/build/append.js';
import { copiedGraph, GraphBuilder } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Graph, Shape } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { Types } from '../../../onnx/shapes/types.js';
import type { Normalization } from '../../pictures/pictures.js';

export const BETA1 = 0.9;
export const BETA2 = 0.999;

/** A discriminator whose features are compared. */
export interface FeatureLoss {
  graph: Graph;
  /** Weight of the features' loss beside the pixels'. */
  weight: number;
  /** What generator and discriminator subtract from 0…1 and divide by, one entry per channel. */
  from: Normalization;
  to: Normalization;
}

/** The names of what is fed to the graph, and of what it gives. */
export interface ProjectionGraph {
  graph: Graph;
  /** The latents and their moments, [R, Z] or [R, Z, 1, 1]; each comes out as `next:` and its name. */
  latents: string;
  shape: readonly number[];
}

/** Inputs that are not state. */
export const projectionInputs = {
  /** [1, C, H, W] in the generator's numbers. */
  target: 'target',
  stepSize: 'step_size',
  correction: 'correction',
} as const;

/** Outputs that are not state: losses [R] and pictures [R, C, H, W], both before the update. */
export const projectionOutputs = { losses: 'losses', pictures: 'pictures' } as const;

export const momentsOf = (latents: string) => ({ m: `${latents}:m`, v: `${latents}:v` });
export const nextOf = (value: string) => `next:${value}`;

/**
 * The graph of one step for `restarts` latents at once. The loss of each is the mean squared difference of the pixels (in
 * the generator's numbers) and, with a discriminator, `weight` times the mean over its convolutions of the relative squared
 * difference of features, ‖f(G(z)) − f(x)‖² / ‖f(x)‖². Adam moves each latent on its own.
 * @param generator of our dialect, with one input and pictures as first output
 * @throws InputError if a network's batch is fixed to another size, or part of it cannot be differentiated
 */
export function projectionGraph(generator: Graph, restarts: number, features?: FeatureLoss): ProjectionGraph {
  const { graph, latents, shape } = withBatch(generator, restarts);
  const output = graph.outputs[0]?.name ?? '';
  const b = new GraphBuilder({ ...prunedGraph(graph, [output]), outputs: [] });
  const { type } = b.type(output);
  if (type !== 'float32')
    throw new InputError({ name: 'generator', expected: 'float32 pictures, which have a gradient', got: type });
  const pictureShape = b.shape(output);
  const target = b.input(projectionInputs.target, 'float32', [1, ...pictureShape.slice(1)]);
  for (const name of [projectionInputs.stepSize, projectionInputs.correction]) b.input(name, 'float32', []);
  const moments = momentsOf(latents);
  for (const name of [moments.m, moments.v]) b.input(name, 'float32', shape);

  const difference = b.sub(output, target, 'difference');
  const pixels = b.reduceMean(b.mul(difference, difference), [1, 2, 3], false, 'pixel_loss');
  const losses = features ? b.add(pixels, featureLoss(b, output, target, features), 'loss') : pixels;
  const gradient = gradients(b, losses, [latents]).get(latents);
  if (!gradient)
    throw new InputError({ name: 'generator', expected: 'pictures that depend on the latent; they do not' });
  const rates = {
    stepSize: projectionInputs.stepSize,
    correction: projectionInputs.correction,
    beta1: BETA1,
    beta2: BETA2,
  };
  const next = b.within('adam', () => adamUpdate(b, { value: latents, gradient, ...moments }, rates));
  b.output(next.value, nextOf(latents));
  b.output(next.m, nextOf(moments.m));
  b.output(next.v, nextOf(moments.v));
  b.output(losses, projectionOutputs.losses);
  b.output(output, projectionOutputs.pictures);
  return { graph: b.graph, latents, shape };
}

/** The generator for a fixed number of latents. */
function withBatch(generator: Graph, batch: number): { graph: Graph; latents: string; shape: readonly number[] } {
  const [input] = generator.inputs;
  const [before, ...sizes] = input?.value?.shape ?? [];
  if (!input?.value || sizes.some((size) => typeof size !== 'number')) {
    throw new InputError({ name: 'generator', expected: 'one input [N, Z] or [N, Z, 1, 1] of known size' });
  }
  if (typeof before === 'number' && before !== batch) {
    throw new InputError({
      name: 'restarts',
      expected: `${before}, the batch that the generator is made for`,
      got: batch,
    });
  }
  const shape = [batch, ...(sizes as number[])];
  const inputs = [{ name: input.name, value: { ...input.value, shape } }];
  return { graph: { ...copiedGraph(generator), inputs, valueInfo: new Map() }, latents: input.name, shape };
}

/** The discriminator's loss of each picture, [R]. */
function featureLoss(
  b: GraphBuilder,
  pictures: string,
  target: string,
  { graph, weight, from, to }: FeatureLoss,
): string {
  const [input] = graph.inputs;
  const convs = convolutions(graph);
  const pruned = prunedGraph(graph, convs);
  const channels = from.mean.length;
  const perChannel = (value: (c: number) => number) =>
    float32Tensor(
      Float32Array.from({ length: channels }, (_, c) => value(c)),
      [1, channels, 1, 1],
    );
  const at = (list: readonly number[], c: number) => list[c] as number;
  // ((x·s + m) − m′)/s′: the generator's numbers as the discriminator's.
  const scale = b.initializer(
    'features/scale',
    perChannel((c) => at(from.std, c) / at(to.std, c)),
  );
  const shift = b.initializer(
    'features/shift',
    perChannel((c) => (at(from.mean, c) - at(to.mean, c)) / at(to.std, c)),
  );
  const judged = (value: string, prefix: string) => {
    const prepared = b.add(b.mul(value, scale), shift);
    return appendedGraph(b, pruned, new Map([[input?.name ?? '', prepared]]), prefix);
  };
  const [made, wanted] = [judged(pictures, 'made/'), judged(target, 'wanted/')];
  const parts = convs.map((conv) => {
    const difference = b.sub(made(conv), wanted(conv));
    const squared = b.reduceMean(b.mul(difference, difference), [1, 2, 3], false);
    const size = b.op('ReduceMean', [b.mul(wanted(conv), wanted(conv))], { keepdims: 0 });
    return b.div(squared, b.add(size, b.scalar(1e-8)));
  });
  const sum = parts.length === 1 ? (parts[0] as string) : b.op('Sum', parts);
  return b.mul(sum, b.scalar(weight / parts.length), 'feature_loss');
}

/** Outputs of all convolutions that are larger than 1×1. */
function convolutions(graph: Graph): string[] {
  const types = Types.of(graph);
  const isSpatial = (shape: Shape | undefined) => shape?.length === 4 && shape.slice(2).some((size) => size !== 1);
  const found = graph.nodes
    .filter(({ op, domain, outputs }) => op === 'Conv' && domain === '' && isSpatial(types.shape(outputs[0] as string)))
    .map(({ outputs }) => outputs[0] as string);
  if (found.length === 0)
    throw new InputError({ name: 'discriminator', expected: 'a convolution larger than 1×1', got: 'none' });
  return found;
}
