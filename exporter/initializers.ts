/** @file The weights of a layers model as initializers of a graph. */
import type { GraphBuilder } from '../onnx/build/build.js';
import { InputError } from '../onnx/errors.js';
import { float32Tensor } from '../onnx/graph/tensor.js';
import type { WeightRequest } from './layers/table.js';
import { onnxLayout, type LayerWeight } from './layers/weights.js';
import { freeName } from './ports.js';

/** Makes each weight that is asked for an initializer, once. */
export function weightInitializers(b: GraphBuilder): (request: WeightRequest, weight: LayerWeight) => string {
  // Layers of several nested models may have one name, and then their weights have one too.
  const made = new Map<LayerWeight, string>();
  const taken = new Set<string>();
  return ({ name, shape, layout }, weight) => {
    const known = made.get(weight);
    if (known !== undefined) return known;
    const value = weight.read();
    if (value.dtype !== 'float32')
      throw new InputError({ name: `weight "${name}"`, expected: 'float32', got: value.dtype });
    const { data, dims } = onnxLayout(value.dataSync<'float32'>(), shape, layout);
    const initializer = b.initializer(freeName(name, taken), float32Tensor(data, dims));
    made.set(weight, initializer);
    return initializer;
  };
}
