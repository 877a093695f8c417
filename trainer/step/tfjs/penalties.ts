/** @file Penalties of the discriminator's gradient by its pictures in tfjs operations; see `graph/penalties.ts` for the papers. */
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';

// The gradient of leaky ReLU compares with 0. tfjs has no gradient of comparisons, which a gradient of that gradient asks for.
tf.registerGradient({
  kernelName: 'Greater',
  inputsToSave: ['a', 'b'],
  gradFunc: (_dy, saved) => {
    const [a, b] = saved as [Tensor, Tensor];
    return { a: () => tf.zerosLike(a), b: () => tf.zerosLike(b) };
  },
});

// Nor has it one of the gradient of average pooling. That is linear, and its gradient is the pooling itself.
tf.registerGradient({
  kernelName: 'AvgPoolGrad',
  gradFunc: (dy, _saved, attributes) => {
    const { filterSize, strides, pad } = attributes as object as Pooling;
    return { dy: () => tf.avgPool(dy as Tensor4D, filterSize, strides, pad), input: () => tf.zerosLike(dy as Tensor) };
  },
});

/** The attributes of tfjs's kernels of average pooling. */
interface Pooling {
  filterSize: [number, number];
  strides: [number, number];
  pad: number | 'same' | 'valid';
}

/** Logits of pictures [N, S, S, C]. */
type Judge = (pictures: Tensor) => Tensor;

/** Σ (∂D/∂x)² of each picture, [N]: a gradient inside of the one that the step takes. */
function squaredSlopes(judge: Judge, pictures: Tensor): Tensor {
  const slope = tf.grad((x) => tf.sum(judge(x)))(pictures);
  return tf.sum(tf.square(slope), [1, 2, 3]);
}

/** γ/2·E[|∇D(x)|²]. */
export function zeroCentredPenalty(judge: Judge, pictures: Tensor, gamma: number): Scalar {
  return tf.mul(tf.mean(squaredSlopes(judge, pictures)), gamma / 2) as Scalar;
}

/** Squares below this have no root: that of 0 has no gradient. */
const LEAST_SQUARE = 1e-30;

/** λ·E[(|∇D(x̂)| − 1)²]. */
export function unitSlopePenalty(judge: Judge, pictures: Tensor, lambda: number): Scalar {
  const slopes = tf.sqrt(tf.maximum(squaredSlopes(judge, pictures), LEAST_SQUARE));
  return tf.mul(tf.mean(tf.squaredDifference(slopes, 1)), lambda) as Scalar;
}

/** x̂ = ε·x + (1 − ε)·x̃. @param share the numbers ε, one per picture */
export function interpolated(real: Tensor, fake: Tensor, share: Float32Array): Tensor {
  const part = tf.tensor4d(share, [share.length, 1, 1, 1]);
  return tf.add(fake, tf.mul(part, tf.sub(real, fake)));
}
