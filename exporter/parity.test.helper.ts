/** @file For tests: models with weights that would show a mistake, and how far their exports are from them. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { Random } from '../inference/numeric/random.js';
import { elementCount } from '../onnx/graph/graph.js';
import { modelBytes } from '../onnx/files/write.js';
import { exportedModel, type ExportOptions } from './export.js';
import { tf } from './tf.js';
import { largestDifference } from './verify.node.js';
import { weightName } from './layers/weights.js';

/** Sets normal weights, scaled so that activations stay near 1, and variances of 0.5…1.5. Returns the model. */
export function withRandomWeights<M extends LayersModel>(model: M, seed = 1): M {
  const values = model.weights.map((weight) => {
    const name = weightName(weight);
    const random = Random.derived(seed, name);
    const shape = weight.shape as number[];
    const scale = 1 / Math.sqrt(shape.length > 1 ? elementCount(shape.slice(0, -1)) : 1);
    const element = name.endsWith('variance') ? () => 0.5 + random.uniform() : () => scale * random.normal();
    return tf.tensor(Float32Array.from({ length: elementCount(shape) }, element), shape);
  });
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

/** The largest difference, over all outputs, between a model and its export. Without outputs, the last layer's is taken. */
export async function exportDifference(model: LayersModel, options: Partial<ExportOptions> = {}): Promise<number> {
  const last = model.outputs[0]?.sourceLayer.name as string;
  const signature = { name: 'test', inputName: 'input', outputs: { output: last }, ...options };
  const bytes = modelBytes(exportedModel(model, signature));
  const differences = await largestDifference(model, bytes, { signature, batch: 2 });
  return Math.max(...differences.values());
}
