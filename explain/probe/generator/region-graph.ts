/** @file The graphs of a generator's region: products of its Jacobian with vectors from either side. */
import { copiedGraph, GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Graph, Model } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { Types } from '../../../onnx/shapes/types.js';

/** Names of what is fed to the graphs beside latents and labels, and of what they give. */
export const regionValues = {
  /** u [B, C, H, W]: a weight of each number of the pictures. */
  weights: 'probe/weights',
  /** v, of the latents' shape: a direction of each latent. */
  moves: 'probe/moves',
  pictures: 'probe/pictures',
  /** Jᵀu, of the latents' shape. */
  latents: 'probe/latents',
  /** J v [B, C, H, W]. */
  changes: 'probe/changes',
  /** A layer's output and ∂(u·picture)/∂A. */
  features: 'probe/features',
  slopes: 'probe/slopes',
} as const;

/** A layer of a generator: a node's output [B, K, h, w]. */
export interface GeneratorLayer {
  name: string;
  value: string;
  op: string;
  /** K, h and w. */
  sizes: readonly [number, number, number];
}

const ACTIVATIONS = new Set([
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Elu',
  'Selu',
  'Gelu',
  'Softplus',
  'Tanh',
  'Sigmoid',
  'Mish',
  'HardSwish',
]);
const CONVOLUTIONS = new Set(['Conv', 'ConvTranspose']);

/**
 * The layers between latents and picture that have positions and are smaller than the picture: activations, or convolutions
 * where there are none.
 * @param generator with a fixed number of rows
 */
export function generatorLayers(generator: Graph, latents: string): GeneratorLayer[] {
  const types = Types.of(generator);
  const output = types.shape(generator.outputs[0]?.name ?? '') ?? [];
  const dependent = new Set([latents]);
  const found: GeneratorLayer[] = [];
  for (const node of generator.nodes) {
    if (!node.inputs.some((name) => dependent.has(name))) continue;
    for (const name of node.outputs) dependent.add(name);
    const [value = ''] = node.outputs;
    const [, channels, height, width] = types.shape(value) ?? [];
    if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number') continue;
    const isSmall = height * width > 1 && height * width < Number(output[2]) * Number(output[3]);
    if (isSmall && (ACTIVATIONS.has(node.op) || CONVOLUTIONS.has(node.op)))
      found.push({ name: node.name || value, value, op: node.op, sizes: [channels, height, width] });
  }
  const activations = found.filter(({ op }) => ACTIVATIONS.has(op));
  return activations.length > 0 ? activations : found;
}

/** The named layer, or the last one of the smallest grid. @throws InputError if there is none of that name */
export function chosenGeneratorLayer(layers: readonly GeneratorLayer[], wanted?: string): GeneratorLayer | undefined {
  if (wanted !== undefined) {
    const named = layers.find(({ name, value }) => name === wanted || value === wanted) ?? layers[Number(wanted)];
    if (named) return named;
    const known = layers.map(({ name, sizes }, at) => `${at} ${name} [${sizes.join('×')}]`).join(', ') || 'none';
    throw new InputError({
      name: 'layer',
      expected: `a layer of the generator (${known})`,
      got: JSON.stringify(wanted),
    });
  }
  const smallest = Math.min(...layers.map(({ sizes: [, height, width] }) => height * width));
  return layers.findLast(({ sizes: [, height, width] }) => height * width === smallest);
}

/** The graphs of a region. */
export interface RegionGraphs {
  /** Gives pictures, Jᵀu and, of a layer, its output and slopes. */
  backward: Model;
  /** Gives J v. */
  forward: Model;
  /** The latents' shape. */
  shape: readonly number[];
}

/**
 * @param generator in our dialect, with a fixed number of rows and its pictures as only output
 * @param latents its latent input
 * @param layer a value whose output and slopes are wanted
 * @throws InputError if the pictures are no float32 numbers, do not depend on the latents, or cannot be differentiated
 */
export function regionGraphs(generator: Graph, latents: string, layer?: string): RegionGraphs {
  const output = generator.outputs[0]?.name ?? '';
  const b = new GraphBuilder({ ...prunedGraph(generator, [output]), outputs: [] });
  const { type } = b.type(output);
  if (type !== 'float32')
    throw new InputError({ name: 'generator', expected: 'float32 pictures, which have a gradient', got: type });
  const shape = generator.inputs.find(({ name }) => name === latents)?.value?.shape as readonly number[];
  const weights = b.input(regionValues.weights, 'float32', b.shape(output));
  const wanted = layer === undefined ? [latents] : [latents, layer];
  const first = gradients(b, output, wanted, { cotangent: weights });
  const product = first.get(latents);
  if (!product)
    throw new InputError({ name: 'generator', expected: 'pictures that depend on the latents; they do not' });
  // Jᵀu is linear in u, so its own gradient along v is J v.
  const moves = b.input(regionValues.moves, 'float32', shape);
  const changes = gradients(b, product, [weights], { cotangent: moves }).get(weights);
  if (!changes)
    throw new InputError({ name: 'generator', expected: 'pictures that have a derivative; they have none' });
  const outputs = new Map([
    [regionValues.pictures, output],
    [regionValues.latents, product],
  ] as [string, string][]);
  const slopes = layer === undefined ? undefined : first.get(layer);
  if (layer !== undefined && !slopes)
    throw new InputError({ name: 'layer', expected: 'a layer that the pictures depend on; they do not' });
  if (layer !== undefined && slopes) {
    outputs.set(regionValues.features, layer);
    outputs.set(regionValues.slopes, slopes);
  }
  return {
    backward: pruned(b.graph, outputs),
    forward: pruned(b.graph, new Map([[regionValues.changes, changes]])),
    shape,
  };
}

/** The part of a graph that gives these values, under new names. */
function pruned(graph: Graph, outputs: ReadonlyMap<string, string>): Model {
  const values = [...outputs.values()];
  const part = new GraphBuilder({ ...copiedGraph(prunedGraph({ ...graph, outputs: [] }, values)), outputs: [] });
  for (const [name, value] of outputs) part.output(value, name);
  return modelOfGraph(part.graph);
}
