/** @file RoiAlign as elementary operators: each sample of a region is a weighted sum of the four pixels around it. */
import type { GraphBuilder } from '../../build/build.js';
import { InputError } from '../../errors.js';
import { typeCode } from '../../files/storage.js';
import { numberAttribute, stringAttribute } from '../../graph/attributes.js';
import { inputOf, nodeLabel, type Node } from '../../graph/graph.js';
import { expectWithin } from '../../graph/limits.js';
import { float32Tensor } from '../../graph/tensor.js';
import { fixedSize, notExpanded, type Expansion } from '../expansion.js';
import { sampleGroups } from './roi-samples.js';

/** Sizes of the picture and of the output: a pair is rows, then columns. */
interface Sizes {
  channels: number;
  picture: readonly [number, number];
  output: readonly [number, number];
}

/** The pixels before and after each sample along an axis, int64 [regions, samples], and their weights. */
interface Neighbours {
  at: readonly [string, string];
  weights: readonly [string, string];
}

/** X [N, C, H, W], regions [R, 4] as x1, y1, x2, y2, and the picture of each [R]: [R, C, h, w]. */
export const roiAlign: Expansion = (node, b) => {
  const [data, regions, pictures] = [inputOf(node), inputOf(node, 1), inputOf(node, 2)];
  const shape = b.types.knownShape(data, node);
  const size = (axis: number) => fixedSize(node, shape[axis], axis === 1 ? 'its channels' : 'its picture');
  const sizes: Sizes = {
    channels: size(1),
    picture: [size(2), size(3)],
    output: [numberAttribute(node, 'output_height', 1), numberAttribute(node, 'output_width', 1)],
  };
  const pixels = b.reshape(b.transpose(data, [0, 2, 3, 1]), [-1, sizes.channels], 'pixels');
  const ratio = numberAttribute(node, 'sampling_ratio', 0);
  if (ratio > 0) return [pooled(node, b, sizes, { pixels, regions, pictures, samples: [ratio, ratio] })];
  const groups = sampleGroups(node, b.types, sizes.output);
  if (!groups) {
    throw new InputError({
      name: nodeLabel(node),
      expected: 'a sampling_ratio above 0, or regions that are constant',
      got: 'sampling_ratio 0 and regions that are found at run time',
    });
  }
  expectWithin('unrolledSteps', groups.length, nodeLabel(node));
  const parts = groups.map(({ samples, rows }) => {
    const picked = (value: string) => b.op('Gather', [value, b.ints(rows)], { axis: 0 }, 'picked');
    const { channels, output } = sizes;
    return samples[0] > 0 && samples[1] > 0
      ? pooled(node, b, sizes, { pixels, regions: picked(regions), pictures: picked(pictures), samples })
      : b.op('Expand', [b.scalarLike(data, 0), b.ints([rows.length, channels, ...output])], {}, 'empty');
  });
  const rows = groups.flatMap((group) => group.rows);
  const order = b.ints(rows.map((_, row) => rows.indexOf(row)));
  return [b.op('Gather', [b.op('Concat', parts, { axis: 0 }), order], { axis: 0 }, 'ordered')];
};

interface Regions {
  /** [N · H · W, C] */
  pixels: string;
  regions: string;
  pictures: string;
  /** Along each axis of a bin. */
  samples: readonly [number, number];
}

/** Regions that have as many samples in each bin as one another. */
function pooled(node: Node, b: GraphBuilder, sizes: Sizes, { pixels, regions, pictures, samples }: Regions): string {
  const { picture, output, channels } = sizes;
  const bounds = b.ops('Split', [regions, b.ints([1, 1, 1, 1])], 4, { axis: 1 }) as [string, string, string, string];
  const [x1, y1, x2, y2] = bounds;
  const rows = neighbours(b, positions(node, b, y1, y2, output[0], samples[0]), picture[0]);
  const columns = neighbours(b, positions(node, b, x1, x2, output[1], samples[1]), picture[1]);
  const integer = (value: number) => b.scalar(value, 'int64');
  const first = b.mul(b.reshape(pictures, [-1, 1, 1]), integer(picture[0] * picture[1]));
  const last = (value: string) => b.op('Unsqueeze', [value, b.ints([2])]);
  const across = (value: string) => b.op('Unsqueeze', [value, b.ints([1])]);
  const corners = ([0, 1] as const).flatMap((row) => {
    const start = b.add(first, b.mul(last(rows.at[row]), integer(picture[1])));
    return ([0, 1] as const).map((column) => {
      const index = b.add(start, across(columns.at[column]));
      const weight = b.mul(last(rows.weights[row]), across(columns.weights[column]));
      return b.mul(b.op('Gather', [pixels, index], { axis: 0 }, 'picked'), b.op('Unsqueeze', [weight, b.ints([3])]));
    });
  });
  const bins = (value: string) => b.reshape(value, [-1, output[0], samples[0], output[1], samples[1], channels]);
  const mode = stringAttribute(node, 'mode', 'avg').toLowerCase();
  const axes = { axes: [2, 4], keepdims: 0 };
  switch (mode) {
    case 'avg':
      return b.transpose(b.op('ReduceMean', [bins(b.op('Sum', corners))], axes, 'mean'), [0, 3, 1, 2]);
    case 'max':
      // ONNX Runtime takes the largest of the weighted pixels, before they are added up to samples.
      return b.transpose(b.op('ReduceMax', [bins(b.op('Max', corners))], axes, 'largest'), [0, 3, 1, 2]);
    default:
      throw notExpanded(node, `mode ${mode}`);
  }
}

/** Where the samples of regions [R, 1] lie along an axis, in pixels [R, bins · samples]. */
function positions(node: Node, b: GraphBuilder, from: string, to: string, bins: number, samples: number): string {
  const scale = b.scalarLike(from, numberAttribute(node, 'spatial_scale', 1));
  const halfPixel = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel';
  const extent = b.mul(b.sub(to, from), scale);
  const scaled = b.mul(from, scale);
  const start = halfPixel ? b.sub(scaled, b.scalarLike(from, 0.5)) : scaled;
  const size = halfPixel ? extent : b.op('Max', [extent, b.scalarLike(from, 1)]);
  const count = bins * samples;
  const middles = Array.from({ length: count }, (_, at) => at + 0.5);
  const steps = b.op('Constant', [], { value: float32Tensor(middles, [1, count]) }, 'steps');
  const shares = b.div(b.castLike(steps, from), b.scalarLike(from, count));
  return b.add(start, b.mul(size, shares), 'positions');
}

/** Samples up to one pixel outside of the picture are moved into it; those further out have no weight. */
function neighbours(b: GraphBuilder, position: string, size: number): Neighbours {
  const number = (value: number) => b.scalarLike(position, value);
  const isNear = b.op('And', [
    b.op('GreaterOrEqual', [position, number(-1)]),
    b.op('LessOrEqual', [position, number(size)]),
  ]);
  const inside = b.op('Clip', [position, number(0), number(size - 1)]);
  const low = b.op('Floor', [inside]);
  const high = b.op('Min', [b.add(low, number(1)), number(size - 1)]);
  const share = b.sub(inside, low);
  const index = (value: string) => b.op('Cast', [value], { to: typeCode('int64') });
  const near = b.castLike(isNear, position);
  return { at: [index(low), index(high)], weights: [b.mul(near, b.sub(number(1), share)), b.mul(near, share)] };
}
