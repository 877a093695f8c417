/** @file Gradients of operators that move, repeat or drop elements. */
import { intsAttribute, numberAttribute, stringAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { isStatic, positiveAxis } from '../../graph/dims.js';
import { InputError } from '../../errors.js';
import { nodeLabel, type Dim, type Shape } from '../../graph/graph.js';
import { expectWithin } from '../../graph/limits.js';
import { sliceBounds } from '../../shapes/movement.js';
import { opOfType, perInput, reshapedLike, scatterAdded, sizedLike } from './common.js';
import type { GradientRule } from './rule.js';

/** For operators that only change the shape. */
const reshaped: GradientRule = perInput(({ b, x, g }) => reshapedLike(b, g, x[0]));

/** The order that undoes a transposition. */
const inverseOrder = (order: readonly number[]) => order.map((_, axis) => order.indexOf(axis));

const transpose: GradientRule = ({ node, b, x, g, shape }) => {
  const reversed = [...shape(x[0]).keys()].toReversed();
  return [b.transpose(g, inverseOrder(intsAttribute(node, 'perm') ?? reversed))];
};

/** Each input gets its part of dy. */
const concat: GradientRule = ({ node, b, x, g, shape, wanted }) => {
  const axis = positiveAxis(numberAttribute(node, 'axis'), shape(x[0]).length);
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
    const inputs = [g, start, end, b.ints([axis])];
    const part = wanted(index) ? reshapedLike(b, opOfType(b, 'Slice', inputs, b.type(value)), value) : null;
    start = end;
    return part;
  });
};

/** dy padded with zeros; with steps other than 1, scattered row by row. */
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
    const entry = (list: string) =>
      b.castLike(b.op('Slice', [list, b.ints([index]), b.ints([index + 1])]), b.ints([0]));
    const all = b.op('Range', [b.scalar(0, 'int64'), sizeAlong(b, data, axis), b.scalar(1, 'int64')]);
    const step = stepsInput ? entry(stepsInput) : b.ints([1]);
    const rows = b.op('Slice', [all, entry(starts), entry(ends), b.ints([0]), step], {}, 'rows');
    gradient = scatterAdded(b, gradient, rows, axis, data);
  });
  const padded = pads.some((pad) => pad > 0) ? b.op('Pad', [gradient, b.ints(pads)]) : gradient;
  return x.map((_, index) => (index === 0 ? sizedLike(b, padded, data) : null));
};

/** One size of a value as an int64 scalar. */
function sizeAlong(b: GraphBuilder, value: string, axis: number): string {
  const size = b.shape(value)[axis];
  if (typeof size === 'number') return b.scalar(size, 'int64');
  return b.op('Squeeze', [b.op('Shape', [value], { start: axis, end: axis + 1 })]);
}

/** constant: dy cropped. edge, reflect: elements that were repeated get the sum over their copies. */
const pad: GradientRule = ({ node, b, x, g, shape, wanted }) => {
  const data = x[0];
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
    expectWithin('ruleElements', begin + size + end, nodeLabel(node));
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

export const movementRules = {
  Concat: concat,
  Expand: perInput(({ g }) => g),
  Flatten: reshaped,
  Pad: pad,
  Reshape: reshaped,
  Slice: slice,
  Squeeze: reshaped,
  Transpose: transpose,
  Unsqueeze: reshaped,
};
