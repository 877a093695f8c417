/** @file Layers that prepare pictures inside a network: rescaling, resizing, cropping. */
import { float32Tensor, int64Tensor } from '../../onnx/graph/tensor.js';
import type { GraphBuilder } from '../../onnx/build/build.js';
import type { LayerRule } from './rule.js';

const rescaling: LayerRule = ({ b, inputs: [x], options }) => {
  const scaled = b.mul(x, b.scalar(options.number('scale')));
  const offset = options.number('offset', 0);
  return offset === 0 ? scaled : b.add(scaled, b.scalar(offset));
};

/** Keras's meaning, with half-pixel centres: `keras-layers.ts` says why it is not the one of tfjs. */
const resizing: LayerRule = ({ b, inputs: [x], options }) => {
  const nearest = options.string('interpolation', 'bilinear') === 'nearest';
  return resized(b, x, [options.number('height'), options.number('width')], 'half_pixel', nearest);
};

function resized(b: GraphBuilder, x: string, sizes: readonly number[], mode: string, nearest = false): string {
  const factors = sizes.map((size, axis) => factor(b.shape(x)[axis + 2] as number, size));
  const scales = b.op('Constant', [], { value: float32Tensor([1, 1, ...factors], [4]) }, 'scales');
  return b.op('Resize', [x, '', scales], {
    mode: nearest ? 'nearest' : 'linear',
    nearest_mode: nearest ? 'round_prefer_ceil' : 'floor',
    coordinate_transformation_mode: mode,
  });
}

/** The float32 factor whose product with `from`, rounded down as ONNX does, is `to`. */
function factor(from: number, to: number): number {
  const exact = Math.fround(to / from);
  return Math.floor(Math.fround(exact * from)) >= to ? exact : Math.fround(exact * (1 + 2 ** -23));
}

/**
 * tfjs crops with `cropAndResize`, whose rows are ⌊·⌉ of top·(H−1) + i·(bottom−top)·(H−1)/(h−1), in shares of the height,
 * and not always the middle ones. A picture that is too small is stretched.
 */
const centerCrop: LayerRule = ({ b, inputs: [x], options }) => {
  const [, , height, width] = b.shape(x) as number[];
  const target = [options.number('height'), options.number('width')] as const;
  const [top, left] = [height, width].map((size, axis) =>
    Math.floor(((size as number) - (target[axis] as number)) / 2),
  );
  if ((top as number) < 0 || (left as number) < 0) return resized(b, x, target, 'asymmetric');
  // tfjs moves a crop of width W − 1 to the right.
  const start = left === 0 && width !== target[1] ? 1 : left;
  const rows = gathered(b, x, 2, sampled(height as number, top as number, target[0]));
  return gathered(b, rows, 3, sampled(width as number, start as number, target[1]));
};

function gathered(b: GraphBuilder, x: string, axis: number, positions: readonly number[]): string {
  const whole = positions.length === b.shape(x)[axis] && positions.every((position, index) => position === index);
  if (whole) return x;
  return b.op('Gather', [x, b.op('Constant', [], { value: int64Tensor(positions) }, 'positions')], { axis });
}

/** The positions that tfjs reads for a crop of `count` from `start` of an axis of `size`. */
function sampled(size: number, start: number, count: number): number[] {
  const [low, high] = [Math.fround(start / size), Math.fround((start + count) / size)];
  if (count === 1) return [Math.round(0.5 * (low + high) * (size - 1))];
  const step = ((high - low) * (size - 1)) / (count - 1);
  return Array.from({ length: count }, (_, index) => Math.round(low * (size - 1) + index * step));
}

/** Layers that prepare pictures. */
export const preprocessingLayers = {
  CenterCrop: centerCrop,
  Rescaling: rescaling,
  Resizing: resizing,
} satisfies Record<string, LayerRule>;
