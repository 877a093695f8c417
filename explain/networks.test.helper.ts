/** @file Small networks and pictures that the tests of this folder share. */
import type { Picture } from '../inference/pictures/pictures.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../onnx/build/build.js';
import type { Dim, Model } from '../onnx/graph/graph.js';
import { float32Tensor } from '../onnx/graph/tensor.js';

/** Sizes of a test network and the weights of its last layer. */
export interface TestNetwork {
  height: number;
  width: number;
  batch?: Dim;
  layout?: 'NCHW' | 'NHWC';
  /** Bias of the convolution, whose kernel takes the mean of 3×3 pixels and channels, with stride 1. */
  bias?: number;
  /** Weight of the pooled activation in each logit; one entry makes a discriminator. */
  weights: readonly number[];
  ending?: 'Sigmoid' | 'Softmax' | 'none';
}

/** conv (3×3 mean) → relu → global average → logits → activation; beside it `unused_conv`, which nothing depends on. */
export function brightnessNetwork({
  height,
  width,
  batch = 'batch',
  layout = 'NCHW',
  bias = 0,
  weights,
  ending = weights.length === 1 ? 'Sigmoid' : 'Softmax',
}: TestNetwork): Model {
  const b = new GraphBuilder(emptyGraph('brightness'));
  const image = b.input('image', 'float32', layout === 'NCHW' ? [batch, 3, height, width] : [batch, height, width, 3]);
  const x = layout === 'NCHW' ? image : b.transpose(image, [0, 3, 1, 2]);
  const kernel = b.initializer('kernel', float32Tensor(new Float32Array(27).fill(1 / 27), [1, 3, 3, 3]));
  const shift = b.initializer('bias', float32Tensor([bias], [1]));
  const features = b.op('Conv', [x, kernel, shift], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, 'features_conv');
  const unused = b.op('Conv', [x, kernel, shift], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, 'unused_conv');
  const pooled = b.op('GlobalAveragePool', [b.op('Relu', [features])]);
  const matrix = b.initializer('weights', float32Tensor(weights, [weights.length, 1, 1, 1]));
  const head = b.op('Conv', [pooled, matrix], { kernel_shape: [1, 1] }, 'head_conv');
  const logits = b.op('Flatten', [head], { axis: 1 }, 'logits');
  b.output(ending === 'none' ? logits : b.op(ending, [logits], {}, 'scores'));
  b.output(unused);
  return modelOfGraph(b.graph);
}

/** A black picture with a white square of 3×3 pixels around (x, y). */
export function spotPicture(width: number, height: number, x: number, y: number): Picture {
  const data = new Uint8Array(3 * width * height);
  for (let row = y - 1; row <= y + 1; row++) {
    for (let column = x - 1; column <= x + 1; column++)
      data.fill(255, 3 * (row * width + column), 3 * (row * width + column) + 3);
  }
  return { width, height, channels: 3, data };
}

/** [x, y] of the largest value of a map [h, width]. */
export function peak(map: Float32Array, width: number): [number, number] {
  const at = map.indexOf(map.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  return [at % width, Math.floor(at / width)];
}

/** Largest |a − b| divided by the largest |b|. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const scale = b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const error = b.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (a[i] ?? Number.NaN))), 0);
  return error === 0 ? 0 : error / scale;
}
