/** @file Gradients of pooling. */
import { intsAttribute, numberAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { elementCount, nodeLabel } from '../../graph/graph.js';
import { expectWithin } from '../../graph/limits.js';
import { float32Tensor } from '../../graph/tensor.js';
import { windowOf, type Window } from '../../shapes/windows.js';
import { countAlong, expandedLike, reshapedLike, sizesOf, spatialSizes } from './common.js';
import type { Backward, GradientRule } from './rule.js';

/** Zeros like `like` in which element `indices[i]`, counted through the whole flattened tensor, is the sum of all `g[i]`. */
function scatteredFlat(b: GraphBuilder, g: string, indices: string, like: string): string {
  const flat = (value: string) => b.op('Reshape', [value, b.ints([-1])]);
  const zeros = b.op('Expand', [b.scalarLike(g, 0), sizesOf(b, like)], {}, 'zeros');
  const inputs = [flat(zeros), flat(indices), flat(g)];
  return reshapedLike(b, b.op('ScatterElements', inputs, { axis: 0, reduction: 'add' }, 'scattered'), like);
}

/** The gradient goes to the maximum of each window (the first of several). MaxPool is run again for its second output, the indices. */
const maxPool: GradientRule = ({ node, b, x, g, shape }) => {
  const data = x[0];
  const window = windowOf(node, shape(data).slice(2), intsAttribute(node, 'kernel_shape') ?? []);
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
    ceil_mode: numberAttribute(node, 'ceil_mode', 0),
  };
  const indices = b.ops('MaxPool', [data], 2, attributes)[1] as string;
  return [scatteredFlat(b, g, indices, data)];
};

/** dx: every window spreads dy / (elements that it averages) over itself; overlaps add up, as in a ConvTranspose of ones. */
const averagePool: GradientRule = ({ node, b, x, y, g, shape }) => {
  const data = x[0];
  const sizes = spatialSizes(shape(data), node);
  const outputs = spatialSizes(shape(y[0]), node);
  const window = windowOf(node, sizes, intsAttribute(node, 'kernel_shape') ?? []);
  expectWithin('ruleElements', elementCount(outputs), nodeLabel(node));
  const counts = windowCounts(window, sizes, outputs, numberAttribute(node, 'count_include_pad', 0) === 1);
  const full = elementCount(window.kernel);
  const count = counts.every((number) => number === full)
    ? b.scalarLike(g, full)
    : b.castLike(b.op('Constant', [], { value: float32Tensor(counts, [1, 1, ...outputs]) }, 'count'), g);
  // How far the windows reach beyond the input at its end; negative where a stride leaves elements over.
  const beyond = sizes.map((size, axis) => {
    const [kernel, stride, begin, windows] = [window.kernel, window.strides, window.padsBegin, outputs].map(
      (list) => list[axis] as number,
    ) as [number, number, number, number];
    return (windows - 1) * stride + kernel - begin - size;
  });
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    pads: [...window.padsBegin, ...beyond.map((reach) => Math.max(0, reach))],
    output_padding: beyond.map((reach) => Math.max(0, -reach)),
  };
  const ones = b.op('Expand', [b.scalarLike(g, 1), b.ints([1, 1, ...window.kernel])], {}, 'ones');
  const planes = b.reshape(b.div(g, count), [-1, 1, ...outputs]);
  return [reshapedLike(b, b.op('ConvTranspose', [planes, ones], attributes), data)];
};

/** How many elements each window averages, row-major over output positions; padding counts if `withPads`. */
function windowCounts(
  window: Window,
  sizes: readonly number[],
  outputs: readonly number[],
  withPads: boolean,
): number[] {
  const perAxis = outputs.map((count, axis) => {
    const [kernel, stride, begin, end] = [window.kernel, window.strides, window.padsBegin, window.padsEnd].map(
      (list) => list[axis] as number,
    ) as [number, number, number, number];
    const [low, high] = withPads ? [-begin, (sizes[axis] as number) + end] : [0, sizes[axis] as number];
    return Array.from({ length: count }, (_, index) => {
      const start = index * stride - begin;
      return Math.min(start + kernel, high) - Math.max(start, low);
    });
  });
  return perAxis.reduce(
    (products, counts) => products.flatMap((product) => counts.map((count) => product * count)),
    [1],
  );
}

/** The spatial axes of a global pool. */
const spatialAxes = ({ x, shape }: Backward) => [...shape(x[0]).keys()].slice(2);

/** d mean(x) = 1/n */
const globalAveragePool: GradientRule = (backward) => {
  const { b, x, g } = backward;
  const data = x[0];
  return [expandedLike(b, b.div(g, countAlong(b, data, spatialAxes(backward))), data)];
};

/** To the first of the largest elements of each channel. */
const globalMaxPool: GradientRule = ({ b, x, g }) => {
  const data = x[0];
  const flat = (value: string) => b.op('Reshape', [value, b.ints([0, 0, -1])]);
  const rows = flat(data);
  const indices = b.op('ArgMax', [rows], { axis: 2, keepdims: 1 });
  const zeros = b.op('Expand', [b.scalarLike(g, 0), sizesOf(b, rows)], {}, 'zeros');
  return [reshapedLike(b, b.op('ScatterElements', [zeros, indices, flat(g)], { axis: 2 }, 'scattered'), data)];
};

export const poolRules = {
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  MaxPool: maxPool,
};
