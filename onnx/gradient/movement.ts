/** @file Gradients of operators that move, repeat, pick or drop elements. */
import { intsAttribute, numberAttribute, stringAttribute } from '../attributes.js';
import type { GraphBuilder } from '../build.js';
import { isStatic, positiveAxis } from '../dims.js';
import { InputError } from '../errors.js';
import { nodeLabel, type Dim, type Node, type Shape } from '../graph.js';
import { sliceBounds } from '../shapes/movement.js';
import { perInput, reshapedLike, scatterAdded, sizedLike } from './common.js';
import type { Backward, GradientRule } from './rule.js';

/** For operators that only change the shape. */
const reshaped: GradientRule = perInput(({ b, x, g }) => reshapedLike(b, g, x[0] as string));

/** The order that undoes a transposition. */
const inverseOrder = (order: readonly number[]) => order.map((_, axis) => order.indexOf(axis));

const transpose: GradientRule = ({ node, b, x, g, shape }) => {
  const reversed = [...shape(x[0] as string).keys()].toReversed();
  return [b.transpose(g, inverseOrder(intsAttribute(node, 'perm') ?? reversed))];
};

/** Each input gets its part of dy. */
const concat: GradientRule = ({ node, b, x, g, shape, wanted }) => {
  const axis = positiveAxis(numberAttribute(node, 'axis'), shape(x[0] as string).length);
  const sizes: Shape = x.map((value) => shape(value)[axis] as Dim);
  if (isStatic(sizes)) {
    const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
    const part = (index: number) =>
      b.op('Slice', [
        g,
        b.ints([(ends[index] as number) - (sizes[index] as number)]),
        b.ints([ends[index] as number]),
        b.ints([axis]),
      ]);
    return x.map((_, index) => (wanted(index) ? part(index) : null));
  }
  let start = b.ints([0]);
  return x.map((value, index) => {
    const end = b.add(start, b.op('Shape', [value], { start: axis, end: axis + 1 }), 'end');
    const part = wanted(index) ? reshapedLike(b, b.op('Slice', [g, start, end, b.ints([axis])]), value) : null;
    start = end;
    return part;
  });
};

/** dy between zeros: padded where whole stretches were taken, else put back row by row. */
const slice: GradientRule = ({ node, b, x, g, shape }) => {
  const [data, starts, ends, axesInput, stepsInput] = x as [string, string, string, string?, string?];
  const sizes = shape(data);
  const count = shape(starts)[0];
  const axes = axesInput ? b.types.integers(axesInput) : Array.from({ length: Number(count) }, (_, axis) => axis);
  if (!axes || typeof count !== 'number')
    throw new InputError(`${nodeLabel(node)}: differentiating needs constant axes`);
  const steps = stepsInput ? b.types.integers(stepsInput) : axes.map(() => 1);
  const [from, to] = [b.types.integers(starts), b.types.integers(ends)];
  const pads = Array.from({ length: 2 * sizes.length }, () => 0);
  let gradient = g;
  axes.forEach((at, index) => {
    const axis = positiveAxis(at, sizes.length);
    const size = sizes[axis] as Dim;
    const bounds =
      from && to && steps && sliceBounds(size, from[index] as number, to[index] as number, steps[index] as number);
    if (bounds && bounds.length === size && bounds.step === 1) return;
    if (bounds && bounds.step === 1 && typeof size === 'number' && typeof bounds.length === 'number') {
      pads[axis] = bounds.start;
      pads[axis + sizes.length] = size - bounds.start - bounds.length;
      return;
    }
    const entry = (list: string) => b.op('Slice', [list, b.ints([index]), b.ints([index + 1])]);
    const all = b.op('Range', [b.scalar(0, 'int64'), sizeAlong(b, data, axis), b.scalar(1, 'int64')]);
    const step = stepsInput ? entry(stepsInput) : b.ints([1]);
    const rows = b.op('Slice', [all, entry(starts), entry(ends), b.ints([0]), step], {}, 'rows');
    gradient = scatterAdded(b, gradient, rows, axis, data);
  });
  const padded = pads.some((pad) => pad > 0) ? b.op('Pad', [gradient, b.ints(pads)]) : gradient;
  return x.map((_, index) => (index === 0 ? padded : null));
};

/** One size of a value as an int64 scalar. */
function sizeAlong(b: GraphBuilder, value: string, axis: number): string {
  const size = b.shape(value)[axis];
  if (typeof size === 'number') return b.scalar(size, 'int64');
  return b.op('Squeeze', [b.op('Shape', [value], { start: axis, end: axis + 1 })]);
}

/** constant: dy cropped. edge, reflect: elements that were repeated get the sum over their copies. */
const pad: GradientRule = ({ node, b, x, g, shape, wanted }) => {
  const data = x[0] as string;
  const rank = shape(data).length;
  const pads = b.types.integers(x[1]);
  if (!pads) throw new InputError(`${nodeLabel(node)}: differentiating needs constant pads`);
  const mode = stringAttribute(node, 'mode', 'constant');
  if (mode === 'constant') {
    const cropped = sizedLike(b, b.op('Pad', [g, b.ints(pads.map((size) => -size))], {}, 'cropped'), data);
    const sum = (value: string) => b.op('ReduceSum', [value], { keepdims: 0 });
    const constant = () => b.sub(sum(g), sum(cropped));
    return [cropped, null, wanted(2) ? constant() : null].slice(0, x.length);
  }
  let gradient = g;
  for (const [axis, size] of shape(data).entries()) {
    const [begin, end] = [pads[axis] as number, pads[axis + rank] as number];
    if (begin === 0 && end === 0) continue;
    if (typeof size !== 'number')
      throw new InputError(`${nodeLabel(node)}: differentiating needs a fixed picture size`);
    const rows = Array.from({ length: begin + size + end }, (_, index) => sourceOf(mode, index - begin, size));
    gradient = scatterAdded(b, gradient, b.ints(rows), axis, data);
  }
  return x.map((_, index) => (index === 0 ? gradient : null));
};

/** The element that padding shows at position `at` of an axis. */
function sourceOf(mode: string, at: number, size: number): number {
  const inside = Math.min(Math.max(at, 0), size - 1);
  return mode === 'edge' ? inside : at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
}

/** Rows that were picked get the sum over their uses. */
const gather: GradientRule = ({ node, b, x, g, shape }) => {
  const [data, indices] = x as [string, string];
  const rank = shape(data).length;
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), rank);
  const rows = b.op('Reshape', [indices, b.ints([-1])], {}, 'rows');
  if (shape(indices).length === 1) return [scatterAdded(b, g, rows, axis, data), null];
  const sizes = (start: number, end: number) => b.op('Shape', [data], { start, end });
  const target = b.op('Concat', [sizes(0, axis), b.op('Shape', [rows]), sizes(axis + 1, rank)], { axis: 0 });
  return [scatterAdded(b, b.op('Reshape', [g, target]), rows, axis, data), null];
};

/** Its inverse, as reshape, transpose, reshape. */
const depthToSpace: GradientRule = ({ node, b, x, g, shape }) => {
  const data = x[0] as string;
  const block = numberAttribute(node, 'blocksize');
  const [batch, channels, height, width] = shape(data) as [Dim, number, Dim, Dim];
  const split = b.reshape(g, [batch, channels / block ** 2, height, block, width, block]);
  const order = stringAttribute(node, 'mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return [reshapedLike(b, b.transpose(split, order), data)];
};

/** y[i] = x[⌊i/s⌋]: dx is the sum over each s×…×s block. */
const resize: GradientRule = (backward) => {
  const { node, b, x, g } = backward;
  const scales = nearestScales(backward);
  const kernel = scales.slice(2);
  if (kernel.length === 0 || scales[0] !== 1 || scales[1] !== 1) throw notNearest(node, `scales [${scales}]`);
  const mean = b.op('AveragePool', [g], { kernel_shape: kernel, strides: kernel }, 'blocks');
  const sum = b.mul(
    mean,
    b.scalarLike(
      g,
      kernel.reduce((product, scale) => product * scale, 1),
    ),
  );
  return x.map((_, index) => (index === 0 ? sizedLike(b, sum, x[0] as string) : null));
};

const notNearest = (node: Node, found: string) =>
  new InputError(
    `${nodeLabel(node)}: cannot be differentiated (only nearest resizing by whole numbers along picture axes can; got ${found})`,
  );

/** Coordinate and rounding modes that mean ⌊i/s⌋ for whole s. */
const floorModes = new Set(['asymmetric/floor', 'half_pixel/round_prefer_floor', 'half_pixel/round_prefer_ceil']);

/** The whole factors by which a nearest Resize repeats elements. @throws InputError for any other resizing */
function nearestScales({ node, b, x, y, shape }: Backward): number[] {
  const mode = stringAttribute(node, 'mode', 'nearest');
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const rounding = `${coordinates}/${stringAttribute(node, 'nearest_mode', 'round_prefer_floor')}`;
  if (mode !== 'nearest' || !floorModes.has(rounding)) throw notNearest(node, mode === 'nearest' ? rounding : mode);
  const stated = x[2] ? b.types.constant(x[2]) : undefined;
  const output = shape(y[0] as string);
  return shape(x[0] as string).map((size, axis) => {
    const given = stated?.type === 'float32' ? stated.data[axis] : undefined;
    const ratio = given ?? (size === output[axis] ? 1 : Number(output[axis]) / Number(size));
    if (!Number.isInteger(ratio) || ratio < 1) throw notNearest(node, `${size} → ${output[axis]}`);
    return ratio;
  });
}

export const movementRules = {
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: perInput(({ g }) => g),
  Flatten: reshaped,
  Gather: gather,
  Pad: pad,
  Reshape: reshaped,
  Resize: resize,
  Slice: slice,
  Squeeze: reshaped,
  Transpose: transpose,
  Unsqueeze: reshaped,
};
