/**
 * @file Nearest upsampling in tfjs operations, with a gradient of its own. That of tfjs 4.22's plain JavaScript backend reads the
 * wrong picture's values: it finds a batch's pictures in the output by the strides of the input, so it is right for one picture only.
 */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';

/** y[i] = x[⌊i/s⌋] for pictures [N, H, W, C] and whole s; dx is the sum over each block of y. */
export function upsampled(x: Tensor, [rows, columns]: readonly [number, number]): Tensor {
  const nearest = tf.customGrad((value) => {
    const picture = value as Tensor4D;
    const [, height, width] = picture.shape;
    return {
      value: tf.image.resizeNearestNeighbor(picture, [height * rows, width * columns]),
      gradFunc: (dy) => tf.mul(tf.avgPool(dy as Tensor4D, [rows, columns], [rows, columns], 'valid'), rows * columns),
    };
  });
  return nearest(x);
}
