/** @file From what a model.json holds to the bytes of an .onnx file, and how far it is from tfjs; `layers-export-thread.node.ts` runs it. */
import { InputError } from '../../onnx/errors.js';
import { modelBytes } from '../../onnx/files/write.js';
import type { Shape } from '../../onnx/graph/graph.js';
import { registerKerasLayers } from '../keras-layers.js';
import { tf, tfl } from '../tf.js';
import type { LayersModel } from '../tfjs-model.js';
import { outputDifferences } from './compare.node.js';
import type { ExportedPort, LayersExport, LayersExportOptions } from './export-layers-file.node.js';
import { layersGraph } from './layers-graph.js';
import type { OutputDifference } from './output-difference.js';
import type { StoredModel } from './stored-model.node.js';

/** Largest difference that passes, as a share of the output's largest number: of 1000 classes each may have only 0.001. */
const MAX_SHARE = 1e-4;
/** What rounding alone makes of numbers near 1 inside a network whose outputs are near 0. */
const ROUNDING = 1e-6;

/** What the thread is asked for. */
export interface ExportRequest {
  stored: StoredModel;
  options: Pick<LayersExportOptions, 'opset' | 'foldBatchNorm'>;
}

/** An export that is not written yet. */
export interface MadeExport extends Omit<LayersExport, 'path' | 'bytes'> {
  bytes: Uint8Array;
  /** The model's own name. */
  modelName: string;
}

/** @throws InputError for models that cannot be loaded, exported or compared */
export async function madeExport({ stored, options }: ExportRequest): Promise<MadeExport> {
  const { opset, foldBatchNorm } = options;
  const model = await builtModel(stored);
  try {
    const graph = layersGraph(model, {
      ...(opset !== undefined && { opset }),
      ...(foldBatchNorm !== undefined && { foldBatchNorm }),
    });
    const bytes = modelBytes(graph.model);
    const differences = await outputDifferences(model, graph, bytes);
    const limits = differences.map(({ magnitude }) => Math.max(ROUNDING, MAX_SHARE * magnitude));
    const { inputs, outputs } = graph.model.graph;
    const ports = (values: typeof inputs, sizes: readonly { sizes: readonly number[] }[]) =>
      values.map(({ name, value }, index) => port(name, value?.shape ?? [], sizes[index]?.sizes ?? []));
    return {
      bytes,
      modelName: model.name,
      layers: model.layers.length,
      inputs: ports(inputs, graph.inputs),
      outputs: ports(outputs, graph.outputs).map((made, index) => {
        const { difference, magnitude } = differences[index] as OutputDifference;
        return { ...made, difference, magnitude, limit: limits[index] as number };
      }),
      passed: differences.every(({ difference }, index) => difference <= (limits[index] as number)),
    };
  } finally {
    model.dispose();
  }
}

/** @throws InputError for what tfjs refuses */
async function builtModel({ file, topology, specs, data }: StoredModel): Promise<LayersModel> {
  registerKerasLayers();
  try {
    return await tfl.loadLayersModel(
      tf.io.fromMemory({ modelTopology: topology, weightSpecs: specs, weightData: data }),
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`${file}: tfjs cannot load it (${reason.split('\n')[0]})`, { cause: error });
  }
}

function port(name: string, shape: Shape, sizes: readonly number[]): ExportedPort {
  const tfjsShape = ['batch', ...sizes];
  return { name, shape, ...(tfjsShape.join() !== shape.join() && { tfjsShape }) };
}
