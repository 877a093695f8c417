/** @file The outputs of a network's layers, as further outputs of its graph: what each layer makes of a picture or latent. */
import { GraphBuilder } from '../../onnx/build/build.js';
import type { Graph, Model } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { consumersOf } from '../../onnx/graph/neighbours.js';

/** A layer whose output is maps [N, channels, height, width]. */
export interface FeatureLayer {
  /** The node's name, or its output's where it has none. */
  name: string;
  /** The output. */
  value: string;
  channels: number;
  height: number;
  width: number;
}

/** What a layer makes of one picture or latent. */
export interface FeatureMaps {
  layer: FeatureLayer;
  /** The first channels [count, height, width]. */
  data: Float32Array;
  /** How many channels `data` has. */
  count: number;
}

const LAYERS = new Set(['Conv', 'ConvTranspose', 'Resize', 'DepthToSpace', 'Reshape']);
const NORMALIZING = new Set(['BatchNormalization', 'InstanceNormalization']);
const ACTIVATIONS = new Set(
  'Relu LeakyRelu PRelu Elu Selu Celu Softplus Gelu Mish HardSwish Tanh Sigmoid Clip Identity'.split(' '),
);

/**
 * The layers of a convolutional network with maps of known sizes, in the order of the graph: of each convolution the value
 * after its normalization and activation. The graph's own outputs are left out.
 * @param graph of our dialect, in topological order
 */
export function featureLayers(graph: Graph): FeatureLayer[] {
  const types = Types.of(graph);
  const readers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const found = new Map<string, FeatureLayer>();
  for (const node of graph.nodes) {
    if (node.domain !== '' || !LAYERS.has(node.op)) continue;
    let value = node.outputs[0] ?? '';
    for (let next = onlyReader(value); next; next = onlyReader(value)) value = next;
    const [, channels, height, width] = types.shape(value) ?? [];
    if (types.shape(value)?.length !== 4 || outputs.has(value)) continue;
    if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number') continue;
    if (height * width > 1) found.set(value, { name: node.name || value, value, channels, height, width });
  }
  return [...found.values()];

  function onlyReader(value: string): string | undefined {
    const [reader, ...others] = readers.get(value) ?? [];
    const follows = reader && others.length === 0 && (NORMALIZING.has(reader.op) || ACTIVATIONS.has(reader.op));
    return follows ? reader.outputs[0] : undefined;
  }
}

/** The output with the first channels of a value; the whole value has its own name. */
export const firstChannels = (value: string) => `${value}/first_channels`;

/**
 * The model with two further outputs for each value [N, C, H, W]: the value itself, and its first channels (`firstChannels`).
 * @param count how many channels these are
 */
export function withFeatureMaps(model: Model, values: readonly string[], count: number): Model {
  const { graph } = model;
  const copied = { nodes: [...graph.nodes], initializers: new Map(graph.initializers), outputs: [...graph.outputs] };
  const b = new GraphBuilder({ ...graph, ...copied });
  for (const value of values) {
    const part = b.op('Slice', [value, b.ints([0]), b.ints([count]), b.ints([1])], {}, 'first');
    b.output(part, firstChannels(value));
    b.output(value);
  }
  return { ...model, graph: b.graph };
}
