/** @file Spectral normalisation (Miyato et al. 2018) in tfjs operations, as `torch.nn.utils.spectral_norm` does it. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';

/** The vectors of one kernel's power iteration: u as a column [O, 1], v as a column of all inputs. */
export interface Vectors {
  u: Tensor;
  v: Tensor;
}

/** A kernel with a row per output. */
const rowPerOutput = (kernel: Tensor): Tensor => tf.transpose(tf.reshape(kernel, [-1, kernel.shape.at(-1) as number]));

function unit(x: Tensor): Tensor {
  return tf.div(x, tf.maximum(tf.norm(x), 1e-12));
}

/** One step of the power iteration for each kernel: v ← Wᵀu / |Wᵀu|, u ← Wv / |Wv|. */
export function nextVectors(
  vectors: ReadonlyMap<string, Vectors>,
  kernels: ReadonlyMap<string, Variable>,
): Map<string, Vectors> {
  return new Map(
    [...vectors].map(([name, { u }]) => {
      const matrix = rowPerOutput(kernels.get(name) as Variable);
      const v = unit(tf.matMul(matrix, u, true));
      return [name, { u: unit(tf.matMul(matrix, v)), v }];
    }),
  );
}

/** W / (uᵀWv); gradients flow through W. */
export function normalizedKernel(kernel: Variable, { u, v }: Vectors): Tensor {
  const sigma = tf.sum(tf.mul(u, tf.matMul(rowPerOutput(kernel), v)));
  return tf.div(kernel, sigma);
}
