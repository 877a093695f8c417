/** @file The vectors of spectral normalisation's power iteration: their names and shapes, and the weights they give. */
import type { LayersModel } from '../../../exporter/tfjs-model.js';
import type { WeightRequest } from '../../../exporter/layers/table.js';
import { weightName } from '../../../exporter/layers/weights.js';
import { Random } from '../../../inference/numeric/random.js';
import { elementCount } from '../../../onnx/graph/graph.js';
import type { StateTensor } from './step.js';

/** A kernel that is normalised: its stable name and its tfjs shape, outputs last. */
type Kernel = Pick<WeightRequest, 'name' | 'shape' | 'layout'>;

/** The vector u, [O]. */
export function leftVector({ name, shape }: Kernel): WeightRequest {
  return { name: `${name}_u`, shape: [shape.at(-1) as number], layout: 'same', trainable: false };
}

/** The vector v, in the layout of a kernel with one output: [h, w, I, 1] or [I, 1]. */
export function rightVector({ name, shape, layout }: Kernel): WeightRequest {
  return { name: `${name}_v`, shape: [...shape.slice(0, -1), 1], layout, trainable: false };
}

/** Whether a weight, by its name, is normalised: all kernels but the table that gives a DCGAN's labels as pictures. */
export const isNormalized = (name: string): boolean => name.endsWith('/kernel') && name !== 'd_label_map/kernel';

/** The vectors of all of a model's kernels, in the order of its weights. */
export function spectralVectors(model: LayersModel): Pick<WeightRequest, 'name' | 'shape'>[] {
  return model.weights
    .filter((weight) => isNormalized(weightName(weight)))
    .flatMap((weight) => {
      const kernel: Kernel = { name: weightName(weight), shape: weight.shape as number[], layout: 'same' };
      return [leftVector(kernel), rightVector(kernel)];
    });
}

/** Random initial unit vectors of a run; a pure function of seed, name and shape. */
export function initialVectors(model: LayersModel, seed: number): Map<string, StateTensor> {
  return new Map(
    spectralVectors(model).map(({ name, shape }) => {
      const random = Random.derived(seed, `spectral/${name}`);
      const normals = Array.from({ length: elementCount(shape) }, () => random.normal());
      const length = Math.sqrt(normals.reduce((sum, value) => sum + value * value, 0));
      return [name, { shape, data: Float32Array.from(normals, (value) => value / length) }];
    }),
  );
}

/** Weights in tfjs layout with each kernel divided by its σ = uᵀWv, as in the evaluation mode of PyTorch's `spectral_norm`. */
export function normalizedWeights(
  weights: ReadonlyMap<string, StateTensor>,
  vectors: ReadonlyMap<string, StateTensor>,
): Map<string, StateTensor> {
  return new Map(
    [...weights].map(([name, tensor]) => {
      const [u, v] = [vectors.get(`${name}_u`)?.data, vectors.get(`${name}_v`)?.data];
      if (!u || !v) return [name, tensor];
      const sigma = tensor.data.reduce(
        (sum, value, at) => sum + value * (u[at % u.length] as number) * (v[Math.floor(at / u.length)] as number),
        0,
      );
      return [name, { shape: tensor.shape, data: tensor.data.map((value) => value / sigma) }];
    }),
  );
}
