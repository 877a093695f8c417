/** @file tfjs layers models as ONNX nodes: the table of layer types, and the walk over a model of any topology. */
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { activationLayers } from './activations.js';
import { convolutionLayers } from './convolutions.js';
import { identityLayers } from './identities.js';
import { mergeLayers } from './merges.js';
import { normalizationLayers } from './normalization.js';
import { preprocessingLayers } from './preprocessing.js';
import { recurrentLayers } from './recurrent.js';
import { resamplingLayers } from './resampling.js';
import { LayerOptions, type BatchStatistics, type Layer, type LayerRule } from './rule.js';
import { structureLayers } from './structure.js';
import { weightName, type LayerWeight, type WeightLayout } from './weights.js';

export type { BatchStatistics } from './rule.js';
export type { WeightLayout } from './weights.js';

/**
 * The layer types that can be lowered, by tfjs class name. In inference form they use no operator whose signature
 * changes between opsets 13 and 21.
 */
const layerRules: Readonly<Record<string, LayerRule>> = {
  ...activationLayers,
  ...convolutionLayers,
  ...identityLayers,
  ...mergeLayers,
  ...normalizationLayers,
  ...preprocessingLayers,
  ...recurrentLayers,
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

/** Gives the ONNX value for a weight of a layer; asked again when the layer is used again. */
export type WeightValue = (request: WeightRequest, weight: LayerWeight) => string;

/** What lowering gives. */
export interface LoweredModel {
  /** The model's output as an ONNX value; pictures are [N, C, H, W]. */
  output: string;
  /** Each layer's output by layer name; of a layer used several times, the last; of two of one name, the outer one's. */
  values: Map<string, string>;
  /** In training form, one entry per use of a batch norm layer. */
  statistics: BatchStatistics[];
}

/** What stays the same while a model is lowered. */
interface Lowering {
  b: GraphBuilder;
  weight: WeightValue;
  training: boolean;
  values: Map<string, string>;
  /** Names of the outermost model's own layers. */
  outermost: ReadonlySet<string>;
  statistics: BatchStatistics[];
  /** Names of the models and wrappers around the layer, from the outside. */
  place: readonly string[];
}

/**
 * Appends a model to a graph.
 * @param model a Sequential or functional model, nested models and shared layers included, with one input and one output
 * @param input the ONNX value that is its input: [N, C, H, W] for pictures, else as in tfjs
 * @param options training: batch norm uses the batch's statistics, which needs a fixed batch size
 * @throws InputError naming the layer for a layer type or option that is not supported
 */
export function loweredModel(
  b: GraphBuilder,
  model: LayersModel,
  input: string,
  weight: WeightValue,
  { training }: { training: boolean },
): LoweredModel {
  const { outputs, ...rest } = loweredOutputs(b, model, [input], weight, { training });
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1) {
    throw new InputError({ name: `model "${model.name}"`, expected: 'one output', got: outputs.length });
  }
  return { output, ...rest };
}

/** `loweredModel` for any number of inputs and outputs, in the model's order. */
export function loweredOutputs(
  b: GraphBuilder,
  model: LayersModel,
  inputs: readonly string[],
  weight: WeightValue,
  { training }: { training: boolean },
): Omit<LoweredModel, 'output'> & { outputs: string[] } {
  const outermost = new Set(model.layers.map(({ name }) => name));
  const lowering: Lowering = { b, weight, training, values: new Map(), outermost, statistics: [], place: [] };
  const outputs = modelOutput(lowering, model, inputs);
  return { outputs, values: lowering.values, statistics: lowering.statistics };
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
    const outputs = layerOutputs(lowering, layer, sources);
    use.outputTensors.forEach((output, index) => known.set(output.id, outputs[index] as string));
    const value = known.get(tensor.id) as string;
    if (lowering.place.length === 0 || !lowering.outermost.has(layer.name)) lowering.values.set(layer.name, value);
    return value;
  }
}

function isModel(layer: Layer): layer is LayersModel {
  return 'inputLayers' in layer;
}

/** The outputs of one use of a layer or nested model. */
function layerOutputs(lowering: Lowering, layer: Layer, inputs: readonly string[]): string[] {
  if (!isModel(layer)) return [layerOutput(lowering, layer, inputs)];
  return modelOutput({ ...lowering, place: [...lowering.place, layer.name] }, layer, inputs);
}

function layerOutput(lowering: Lowering, layer: Layer, inputs: readonly string[]): string {
  const { b, training, statistics, place } = lowering;
  const layerClass = layer.getClassName();
  const rule = Object.hasOwn(layerRules, layerClass) ? layerRules[layerClass] : undefined;
  const [first, ...others] = inputs;
  if (!rule || first === undefined) {
    const path = [...place, layer.name].join('/');
    throw new InputError({
      name: `layer "${path}"`,
      expected: `one of ${supportedLayers.join(', ')}`,
      got: layerClass,
    });
  }
  const found = (kind: string) => layer.weights.find((weight) => weightName(weight).endsWith(`/${kind}`));
  return b.within(layer.name, () =>
    rule({
      b,
      layer,
      options: new LayerOptions(layer),
      inputs: [first, ...others],
      training,
      statistics,
      wrapped: (inner, input) =>
        layerOutputs({ ...lowering, place: [...place, layer.name] }, inner, [input])[0] as string,
      weightName: (kind) => weightName(found(kind) as Layer['weights'][number]),
      weight: (kind, layout = 'same') => {
        const weight = found(kind);
        if (!weight) return undefined;
        const trainable = layer.trainableWeights.includes(weight);
        const request = { name: weightName(weight), shape: weight.shape as number[], layout, trainable };
        return lowering.weight(request, weight);
      },
    }),
  );
}
