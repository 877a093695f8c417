/** @file tfjs layers models as ONNX models: pictures in [N, C, H, W], a free batch size, weights under their own names. */
import type * as tfl from '@tensorflow/tfjs-layers';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../onnx/build/build.js';
import { InputError } from '../onnx/errors.js';
import { OPSET, type Graph, type Model } from '../onnx/graph/graph.js';
import { prunedGraph } from '../onnx/graph/order.js';
import { foldedBatchNorm } from '../onnx/passes/fold-batch-norm.js';
import type { LayersModel } from './layers-model.js';
import { weightInitializers } from './initializers.js';
import { loweredOutputs } from './layers/table.js';
import { atOpset } from './opset.js';
import { isChannelsFirst, portIn, portOut } from './ports.js';
import { VERSION } from './version.js';

/** Names of an exported model's input and outputs. */
export interface Signature {
  /** The graph's name. */
  name: string;
  inputName: string;
  /** The second input of conditional networks: int64 [batch], the number of each picture's class. */
  labelName?: string;
  /** Output names, each with the name of the layer whose output it is. */
  outputs: Readonly<Record<string, string>>;
}

export interface ExportOptions extends Signature {
  /** The file's metadata, as from `metadataEntries`. */
  metadata?: ReadonlyMap<string, string>;
  /** 13…21, default 17. */
  opset?: number;
  /** Merge each batch norm into the convolution before it. */
  foldBatchNorm?: boolean;
}

/** A generator's signature: `latent` [batch, Z], of conditional ones with `label` [batch], → `image` [batch, C, H, W], the last layer's output. */
export function generatorSignature(model: LayersModel): Signature {
  return { name: 'generator', inputName: 'latent', ...labelOf(model), outputs: { image: layerName(model, -1) } };
}

/** A discriminator's signature: `image` [batch, C, H, W], of conditional ones with `label` [batch], → `logit` [batch, 1] and `probability`, its sigmoid. */
export function discriminatorSignature(model: LayersModel): Signature {
  const outputs = { logit: layerName(model, -2), probability: layerName(model, -1) };
  return { name: 'discriminator', inputName: 'image', ...labelOf(model), outputs };
}

/** The name of the second input, of models that have one. */
const labelOf = (model: LayersModel) => ((model as tfl.LayersModel).inputs.length === 2 ? { labelName: 'label' } : {});

/**
 * The model in inference form as an ONNX model with its weights.
 * @param model a tfjs layers model with one input, pictures as [N, H, W, C] or [N, C, H, W]; with `labelName` also one for one-hot labels
 * [N, K] that a dense layer reads
 * @throws InputError for layers that cannot be lowered, output layers that do not exist, and opsets outside 13…21
 * @example
 * const model = await tf.loadLayersModel('https://example.com/generator/model.json');
 * const bytes = modelBytes(exportedModel(model, generatorSignature(model)));
 */
export function exportedModel(model: LayersModel, options: ExportOptions): Model {
  const { name, inputName, labelName, outputs } = options;
  const layersModel = model as tfl.LayersModel;
  const b = new GraphBuilder(emptyGraph(name));
  const channelsFirst = isChannelsFirst(layersModel);
  const input = portIn(b, inputName, inputSizes(layersModel), { channelsFirst });
  const labels = labelName === undefined ? [] : [b.input(labelName, 'int64', ['batch'])];
  const { values } = loweredOutputs(b, layersModel, [input, ...labels], weightInitializers(b), { training: false });
  for (const [output, layer] of Object.entries(outputs)) {
    const value = values.get(layer);
    if (value === undefined) {
      throw new InputError({
        name: `output "${output}"`,
        expected: `one of the layers ${[...values.keys()].join(', ')}`,
        got: layer,
      });
    }
    portOut(b, value, output, channelsFirst);
  }
  return finishedModel(b.graph, Object.keys(outputs), options);
}

/** What is done to the graph of an exported model. */
export type Finish = Pick<ExportOptions, 'metadata' | 'opset' | 'foldBatchNorm'>;

/** The nodes that these outputs need, as a model of this package. @throws InputError for opsets outside 13…21 */
export function finishedModel(
  graph: Graph,
  outputs: readonly string[],
  { metadata, opset = OPSET, foldBatchNorm = false }: Finish,
): Model {
  const pruned = prunedGraph(graph, outputs);
  const model = modelOfGraph(foldBatchNorm ? foldedBatchNorm(pruned) : pruned, metadata);
  return atOpset({ ...model, producer: { name: 'ganscope', version: VERSION } }, opset);
}

/** The input's sizes without the batch. */
function inputSizes(model: tfl.LayersModel): number[] {
  const shape = model.inputs[0]?.shape ?? [];
  return shape.slice(1).map((size) => {
    if (typeof size === 'number') return size;
    throw new InputError({
      name: `model "${model.name}"`,
      expected: 'an input of known size',
      got: `[${shape.join()}]`,
    });
  });
}

function layerName(model: LayersModel, index: number): string {
  const layer = model.layers.at(index);
  if (!layer)
    throw new InputError({
      name: `model "${model.name}"`,
      expected: `at least ${-index} layers`,
      got: model.layers.length,
    });
  return layer.name;
}
