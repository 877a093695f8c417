/** @file tfjs layers models as ONNX nodes: the table of layer types, and the walk over a model of any topology. */
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { activationLayers } from './activations.js';
import { convolutionLayers } from './convolutions.js';
import { normalizationLayers } from './normalization.js';
import { resamplingLayers } from './resampling.js';
import { LayerOptions, type BatchStatistics, type Layer, type LayerRule } from './rule.js';
import { structureLayers } from './structure.js';
import { weightName, type WeightLayout } from './weights.js';

export type { BatchStatistics } from './rule.js';
export type { WeightLayout } from './weights.js';

/**
 * The layer types that can be lowered, by tfjs class name. In inference form they use no operator whose signature
 * changes between opsets 13 and 21.
 */
const layerRules: Readonly<Record<string, LayerRule>> = {
  ...activationLayers,
  ...convolutionLayers,
  ...normalizationLayers,
  ...resamplingLayers,
  ...structureLayers,
};

/** Names of the supported layer types, in alphabetical order. */
export const supportedLayers: readonly string[] = ['InputLayer', ...Object.keys(layerRules)].sort();

/** A weight that the lowered model wants as an ONNX value. */
export interface WeightRequest {
  /** Stable name, such as `g_stage1_conv/kernel`. */
  name: string;
  /** tfjs shape. */
  shape: number[];
  /** How the ONNX value must lie; its shape is `onnxDims(shape, layout)`. */
  layout: WeightLayout;
  trainable: boolean;
}

/** What lowering gives. */
export interface LoweredModel {
  /** The model's output as an ONNX value; pictures are [N, C, H, W]. */
  output: string;
  /** Each layer's output by layer name; of a layer used several times, the last. */
  values: Map<string, string>;
  /** In training form, one entry per use of a batch norm layer. */
  statistics: BatchStatistics[];
}

/** What stays the same while a model is lowered. */
interface Lowering {
  b: GraphBuilder;
  weight: (request: WeightRequest) => string;
  training: boolean;
  values: Map<string, string>;
  statistics: BatchStatistics[];
}

/**
 * Appends a model to a graph.
 * @param model a Sequential or functional model, nested models and shared layers included, with one input and one output
 * @param input the ONNX value that is its input: [N, C, H, W] for pictures, else as in tfjs
 * @param weight gives the ONNX value for a weight; asked again when a layer is used again
 * @param options training: batch norm uses the batch's statistics, which needs a fixed batch size
 * @throws InputError naming the layer for a layer type or option that is not supported
 */
export function loweredModel(
  b: GraphBuilder,
  model: LayersModel,
  input: string,
  weight: (request: WeightRequest) => string,
  { training }: { training: boolean },
): LoweredModel {
  const lowering: Lowering = { b, weight, training, values: new Map(), statistics: [] };
  const output = modelOutput(lowering, model, [input])[0];
  if (output === undefined || model.outputs.length !== 1) {
    throw new InputError({ name: `model "${model.name}"`, expected: 'one output', got: model.outputs.length });
  }
  return { output, values: lowering.values, statistics: lowering.statistics };
}

/** Lowers a model and the models nested in it. @returns the values of its outputs */
function modelOutput(lowering: Lowering, model: LayersModel, inputs: readonly string[]): string[] {
  if (model.inputs.length !== inputs.length) {
    throw new InputError({
      name: `model "${model.name}"`,
      expected: `${inputs.length} inputs`,
      got: model.inputs.length,
    });
  }
  const known = new Map<number, string>();
  model.inputs.forEach((tensor, index) => known.set(tensor.id, inputs[index] as string));
  return model.outputs.map(valueOf);

  function valueOf(tensor: SymbolicTensor): string {
    const done = known.get(tensor.id);
    if (done !== undefined) return done;
    const layer = tensor.sourceLayer;
    const use = layer.inboundNodes[tensor.nodeIndex as number] as Layer['inboundNodes'][number];
    const sources = use.inputTensors.map(valueOf);
    const nested = isModel(layer);
    const outputs = nested ? modelOutput(lowering, layer, sources) : [layerOutput(lowering, layer, sources)];
    use.outputTensors.forEach((output, index) => known.set(output.id, outputs[index] as string));
    const value = known.get(tensor.id) as string;
    lowering.values.set(layer.name, value);
    return value;
  }
}

function isModel(layer: Layer): layer is LayersModel {
  return 'inputLayers' in layer;
}

function layerOutput(lowering: Lowering, layer: Layer, inputs: readonly string[]): string {
  const { b, training, statistics } = lowering;
  const layerClass = layer.getClassName();
  const rule = Object.hasOwn(layerRules, layerClass) ? layerRules[layerClass] : undefined;
  const [first, ...others] = inputs;
  if (!rule || first === undefined) {
    const supported = supportedLayers.join(', ');
    throw new InputError({ name: `layer "${layer.name}"`, expected: `one of ${supported}`, got: layerClass });
  }
  const options = new LayerOptions(layer);
  if (options.string('dataFormat', 'channelsLast') !== 'channelsLast') {
    throw options.unsupported('dataFormat', '"channelsLast"');
  }
  const found = (kind: string) => layer.weights.find((weight) => weightName(weight).endsWith(`/${kind}`));
  return b.within(layer.name, () =>
    rule({
      b,
      layer,
      options,
      inputs: [first, ...others],
      training,
      statistics,
      weightName: (kind) => weightName(found(kind) as Layer['weights'][number]),
      weight: (kind, layout = 'same') => {
        const weight = found(kind);
        if (!weight) return undefined;
        const trainable = layer.trainableWeights.includes(weight);
        return lowering.weight({ name: weightName(weight), shape: weight.shape as number[], layout, trainable });
      },
    }),
  );
}
