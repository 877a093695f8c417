/** @file Gradients of operators that pick elements by index, put them elsewhere, split or repeat them. */
import { numberAttribute, stringAttribute } from '../../graph/attributes.js';
import { positiveAxis } from '../../graph/dims.js';
import { InputError } from '../../errors.js';
import { nodeLabel, type Dim } from '../../graph/graph.js';
import { perInput, reshapedLike, scatterAdded, sizesOf, sizedLike } from './common.js';
import type { Backward, GradientRule } from './rule.js';

/** Zeros of the sizes of `like`, of the gradient's type: quantised values have gradients of floats. */
const zerosLike = ({ b, dy }: Backward, like: string) =>
  b.op('Expand', [b.scalarLike(dy.find((g) => g !== null) ?? like, 0), sizesOf(b, like)], {}, 'zeros');

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

/** Elements that were picked get the sum over their uses. */
const gatherElements: GradientRule = (backward) => {
  const { node, b, x, g } = backward;
  const [data, indices] = x as [string, string];
  const attributes = { axis: numberAttribute(node, 'axis', 0), reduction: 'add' };
  return [b.op('ScatterElements', [zerosLike(backward, data), indices, g], attributes, 'scattered'), null];
};

/** Slices that were picked get the sum over their uses. */
const gatherND: GradientRule = (backward) => {
  const { node, b, x, g } = backward;
  const [data, indices] = x as [string, string];
  if (numberAttribute(node, 'batch_dims', 0) !== 0) {
    throw new InputError({
      name: `${nodeLabel(node)}: cannot be differentiated (attribute batch_dims`,
      expected: '0)',
    });
  }
  const attributes = { reduction: 'add' };
  return [b.op('ScatterND', [zerosLike(backward, data), indices, g], attributes, 'scattered'), null];
};

/** How a scatter combines updates with the data. @throws InputError for products and extremes */
function scatterReduction({ node }: Backward): string {
  const reduction = stringAttribute(node, 'reduction', 'none');
  if (reduction === 'none' || reduction === 'add') return reduction;
  throw new InputError({
    name: `${nodeLabel(node)}: cannot be differentiated (attribute reduction`,
    expected: 'none or add',
    got: `${reduction})`,
  });
}

/** Written elements: dy there to the updates, and none to the data they replaced (all, where they were added). */
const scatterElements: GradientRule = (backward) => {
  const { node, b, x, g, wanted } = backward;
  const [, indices, updates] = x as [string, string, string];
  const axis = { axis: numberAttribute(node, 'axis', 0) };
  const added = scatterReduction(backward) === 'add';
  return [
    wanted(0) ? (added ? g : b.op('ScatterElements', [g, indices, zerosLike(backward, updates)], axis)) : null,
    null,
    wanted(2) ? b.op('GatherElements', [g, indices], axis) : null,
  ];
};

/** The same for slices. */
const scatterND: GradientRule = (backward) => {
  const { b, x, g, wanted } = backward;
  const [, indices, updates] = x as [string, string, string];
  const added = scatterReduction(backward) === 'add';
  return [
    wanted(0) ? (added ? g : b.op('ScatterND', [g, indices, zerosLike(backward, updates)])) : null,
    null,
    wanted(2) ? b.op('GatherND', [g, indices]) : null,
  ];
};

/** The parts' gradients side by side, zeros for those that nothing is made of. */
const split: GradientRule = (backward) => {
  const { node, b, x, y, dy, shape } = backward;
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), shape(x[0]).length);
  const parts = y.map((name, index) => dy[index] ?? zerosLike(backward, name));
  const joined = b.op('Concat', parts, { axis }, 'joined');
  return x.map((_, index) => (index === 0 ? sizedLike(b, joined, x[0]) : null));
};

/** Sums over the copies; along axes of size 1 the walker does. */
const tile: GradientRule = ({ node, b, x, g, shape }) => {
  const data = x[0];
  const repeats = b.types.contents(x[1] as string);
  const sizes = shape(data);
  if (!repeats) throw new InputError(`${nodeLabel(node)}: differentiating needs constant repeats`);
  const copied = sizes.flatMap((size, axis) => (size !== 1 && repeats[axis] !== 1 ? [axis] : []));
  if (copied.length === 0) return [g, null];
  const parts = sizes.flatMap((size, axis): Dim[] => {
    const repeat = repeats[axis] as Dim;
    if (copied.includes(axis)) return [repeat, size];
    return [size === 1 ? repeat : size];
  });
  if (parts.filter((size) => typeof size === 'string').length > 1) {
    throw new InputError(`${nodeLabel(node)}: differentiating needs constant repeats; got [${repeats.join()}]`);
  }
  const axes = copied.map((axis, before) => axis + before);
  return [b.reduceSum(b.reshape(g, parts, 'copies'), axes, false), null];
};

/** To the elements that were taken. */
const topK: GradientRule = (backward) => {
  const { node, b, x, y, g } = backward;
  const attributes = { axis: numberAttribute(node, 'axis', -1) };
  const inputs = [zerosLike(backward, x[0]), y[1] as string, g];
  return [b.op('ScatterElements', inputs, attributes, 'scattered'), null];
};

/** Places that hold no number of the input stay 0: dy is picked where the elements were put. */
const maxUnpool: GradientRule = ({ b, x, g }) => {
  const flat = (value: string) => b.op('Reshape', [value, b.ints([-1])]);
  const picked = b.op('GatherElements', [flat(g), flat(x[1] as string)], { axis: 0 });
  return [reshapedLike(b, picked, x[0]), ...x.slice(1).map(() => null)];
};

/** Reversed twice, a sequence is what it was. */
const reverseSequence: GradientRule = ({ node, b, x, g }) => {
  const axes = { batch_axis: numberAttribute(node, 'batch_axis', 1), time_axis: numberAttribute(node, 'time_axis', 0) };
  return [b.op('ReverseSequence', [g, x[1] as string], axes), null];
};

/** Runs the other way. */
const cumulativeSum: GradientRule = ({ node, b, x, g }) => {
  const reverse = 1 - numberAttribute(node, 'reverse', 0);
  return [b.op('CumSum', [g, x[1] as string], { exclusive: numberAttribute(node, 'exclusive', 0), reverse }), null];
};

/** DepthToSpace undone, as reshape, transpose, reshape. */
const depthToSpace: GradientRule = ({ node, b, x, g, shape }) => {
  const data = x[0];
  const block = numberAttribute(node, 'blocksize');
  const [batch, channels, height, width] = shape(data) as [Dim, number, Dim, Dim];
  const blocks = b.reshape(g, [batch, channels / block ** 2, height, block, width, block]);
  const order = stringAttribute(node, 'mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return [reshapedLike(b, b.transpose(blocks, order), data)];
};

export const indexingRules = {
  CumSum: cumulativeSum,
  DepthToSpace: depthToSpace,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  MaxUnpool: maxUnpool,
  ReverseSequence: reverseSequence,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  // Its blocks are in the order of DepthToSpace's default mode.
  SpaceToDepth: perInput(({ node, b, g }) =>
    b.op('DepthToSpace', [g], { blocksize: numberAttribute(node, 'blocksize') }),
  ),
  Split: split,
  Tile: tile,
  TopK: topK,
  // The part of dy that was kept.
  Trilu: (({ node, b, x, g }) => [
    b.op('Trilu', [g, ...x.slice(1)], { upper: numberAttribute(node, 'upper', 1) }),
    ...x.slice(1).map(() => null),
  ]) satisfies GradientRule,
};
