/** @file A layers model of any inputs and outputs as an ONNX model, with the numbers that its inputs should get in a comparison. */
import { emptyGraph, GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { finishedModel, type Finish } from '../export.js';
import { weightInitializers } from '../initializers.js';
import { identityLayers } from '../layers/identities.js';
import { LayerOptions, type Layer } from '../layers/rule.js';
import { loweredOutputs } from '../layers/table.js';
import { freeName, isChannelsFirst, portIn, portOut } from '../ports.js';
import type { LayersModel } from '../tfjs-model.js';

/** What the numbers of an input are, as the layers that take it tell. */
export type InputKind =
  | { kind: 'bytes' }
  | { kind: 'normal' }
  | { kind: 'index'; count: number }
  /** Normal, and at some steps the value that a Masking layer looks for. */
  | { kind: 'masked'; value: number };

/** One input or output of the graph. */
export interface Port {
  name: string;
  /** The sizes without the batch, as tfjs has them. */
  sizes: readonly number[];
}

export interface LayersGraph {
  model: Model;
  inputs: (Port & InputKind)[];
  outputs: Port[];
  /** Whether pictures are [C, H, W] in tfjs too. */
  channelsFirst: boolean;
}

/**
 * The model in inference form: pictures are [batch, C, H, W] whatever tfjs has them as.
 * @throws InputError for layers that cannot be exported, inputs of open size, and opsets outside 13…21
 */
export function layersGraph(model: LayersModel, options: Omit<Finish, 'metadata'> = {}): LayersGraph {
  const b = new GraphBuilder(emptyGraph(model.name));
  const channelsFirst = isChannelsFirst(model);
  // A Sequential model has no inputNames.
  const taken = new Set<string>();
  const inputs = model.inputs.map((tensor) => {
    const name = freeName(tensor.sourceLayer.name, taken);
    const kind = inputKind(consumers(tensor.sourceLayer));
    return { name, sizes: knownSizes(tensor.shape, name), ...kind };
  });
  const values = inputs.map(({ name, sizes, kind }) =>
    portIn(b, name, sizes, { channelsFirst, type: kind === 'index' ? 'int64' : 'float32' }),
  );
  const lowered = loweredOutputs(b, model, values, weightInitializers(b), { training: false });
  const outputs = model.outputs.map((tensor, index) => {
    const name = freeName(tensor.sourceLayer.name, taken);
    portOut(b, lowered.outputs[index] as string, name, channelsFirst);
    return { name, sizes: tensor.shape.slice(1) as number[] };
  });
  const names = outputs.map(({ name }) => name);
  const metadata = new Map([['source_format', 'tfjs layers model']]);
  return { model: finishedModel(b.graph, names, { ...options, metadata }), inputs, outputs, channelsFirst };
}

function knownSizes(shape: readonly (number | null)[], name: string): number[] {
  const sizes = shape.slice(1);
  if (sizes.every((size): size is number => typeof size === 'number')) return sizes;
  const got = `[${shape.map((size) => size ?? 'open').join(', ')}]`;
  throw new InputError({
    name: `input "${name}"`,
    expected: 'known sizes behind the batch, or `size` for a picture',
    got,
  });
}

/** Layers behind which an input's numbers are what they were, in another form. */
const formLayers = new Set([
  'AlphaDropout',
  'Cropping2D',
  'Dropout',
  'Flatten',
  'GaussianDropout',
  'GaussianNoise',
  'Permute',
  'RepeatVector',
  'Reshape',
  'SpatialDropout1D',
  ...Object.keys(identityLayers),
]);

/** The layers that take an input's numbers, also inside a nested model or a wrapper, or behind a change of their form. */
function consumers(input: Layer): Layer[] {
  return input.outboundNodes.flatMap(({ outboundLayer }) => takers(outboundLayer));
}

function takers(layer: Layer): Layer[] {
  if ('inputLayers' in layer) return (layer as LayersModel).inputLayers.flatMap(consumers);
  if (layer.getClassName() === 'TimeDistributed' && 'layer' in layer) return takers(layer.layer as Layer);
  return formLayers.has(layer.getClassName()) ? consumers(layer) : [layer];
}

function inputKind(layers: readonly Layer[]): InputKind {
  const optionsOf = (layerClass: string) =>
    layers.filter((layer) => layer.getClassName() === layerClass).map((layer) => new LayerOptions(layer));
  const tables = optionsOf('Embedding');
  if (layers.length > 0 && tables.length === layers.length) {
    return { kind: 'index', count: Math.min(...tables.map((options) => options.number('inputDim'))) };
  }
  const [masking] = optionsOf('Masking');
  if (masking) return { kind: 'masked', value: masking.number('maskValue', 0) };
  const small = optionsOf('Rescaling').some((options) => Math.abs(options.number('scale')) < 0.1);
  return { kind: small ? 'bytes' : 'normal' };
}
