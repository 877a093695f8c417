/** @file The weights of a layers model as initializers of a graph. */
import type * as tfl from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from '../onnx/build/build.js';
import { InputError } from '../onnx/errors.js';
import { float32Tensor } from '../onnx/graph/tensor.js';
import type { WeightRequest } from './layers/table.js';
import { onnxLayout, weightName } from './layers/weights.js';

/** Makes each weight that is asked for an initializer, once. */
export function weightInitializers(b: GraphBuilder, model: tfl.LayersModel): (request: WeightRequest) => string {
  const values = model.getWeights();
  const byName = new Map(model.weights.map((weight, index) => [weightName(weight), values[index]]));
  const made = new Set<string>();
  return ({ name, shape, layout }) => {
    const value = byName.get(name);
    if (value?.dtype !== 'float32')
      throw new InputError({ name: `weight "${name}"`, expected: 'float32', got: value?.dtype });
    if (!made.has(name)) {
      const { data, dims } = onnxLayout(value.dataSync<'float32'>(), shape, layout);
      b.initializer(name, float32Tensor(data, dims));
      made.add(name);
    }
    return name;
  };
}
