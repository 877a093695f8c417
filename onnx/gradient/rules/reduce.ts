/** @file Gradients of reductions over axes. */
import { numberAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { isStatic, positiveAxis } from '../../graph/dims.js';
import { InputError } from '../../errors.js';
import { typeCode } from '../../files/storage.js';
import { elementCount, nodeLabel, type Dim } from '../../graph/graph.js';
import { axesOf } from '../../shapes/rule.js';
import { countAlong, expandedLike, reshapedLike } from './common.js';
import type { Backward, GradientRule } from './rule.js';

/** A reduction; its output y, built on demand, and the gradient g of it are in the form that keeps reduced axes as size 1. */
interface Reduction {
  b: GraphBuilder;
  x: string;
  y: () => string;
  g: string;
  axes: readonly number[];
}

/** The axes that a node reduces, none for the identity that `noop_with_empty_axes` asks for. */
function reducedAxes({ node, b, x, shape }: Backward): readonly number[] {
  const all = [...shape(x[0]).keys()];
  const axes = axesOf(node, b.types);
  if (!axes && x[1]) throw new InputError(`${nodeLabel(node)}: differentiating needs constant axes`);
  if (axes && axes.length > 0) return axes.map((axis) => positiveAxis(axis, all.length));
  return numberAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : all;
}

/** A rule from an expression for dx; its shape may still have size 1 along the reduced axes if `expand` is set. */
const reduction =
  (gradient: (reduction: Reduction) => string, expand = false): GradientRule =>
  (backward) => {
    const { node, b, x, y, g } = backward;
    const axes = reducedAxes(backward);
    const dropped = axes.length > 0 && numberAttribute(node, 'keepdims', 1) === 0;
    const kept = (value: string) => (dropped ? b.op('Unsqueeze', [value, b.ints(axes)]) : value);
    const [input, output] = [x[0], y[0]];
    const result = gradient({ b, x: input, y: () => kept(output), g: kept(g), axes });
    const expanded = expand ? expandedLike(b, result, input) : result;
    return x.map((_, index) => (index === 0 ? expanded : null));
  };

/** To the elements that are the extreme value, in equal parts where several are (as PyTorch's amax and amin). */
const extreme = reduction(({ b, x, y, g, axes }) => {
  const hits = b.castLike(b.op('Equal', [x, y()]), x);
  return b.mul(hits, b.div(g, b.reduceSum(hits, axes), 'share'));
});

/**
 * dx = dy · product of all other elements. Nothing is divided by, so zeros are no exception, also where this is
 * differentiated once more.
 */
const product = reduction(({ b, x, g, axes }) => {
  const sizes = b.shape(x);
  const kept = [...sizes.keys()].filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const last = b.transpose(x, order);
  const lengths = axes.map((axis) => sizes[axis] as Dim);
  const rows = b.op('Reshape', [last, b.ints([...kept.map(() => 0), isStatic(lengths) ? elementCount(lengths) : -1])]);
  const others = isStatic(lengths)
    ? b.mul(productsBefore(b, rows, elementCount(lengths), 1), productsBefore(b, rows, elementCount(lengths), -1))
    : productsOfOthers(b, rows);
  const back = order.map((_, axis) => order.indexOf(axis));
  return b.mul(g, b.transpose(reshapedLike(b, others, last), back));
});

/** The product of all elements before each one along the last axis, or after it: a scan in steps of 1, 2, 4, … (Hillis and Steele 1986). */
function productsBefore(b: GraphBuilder, rows: string, length: number, direction: 1 | -1): string {
  const before = b
    .shape(rows)
    .slice(1)
    .map(() => 0);
  const shifted = (value: string, by: number) => {
    const [begin, end] = [by * direction, -by * direction];
    return b.op('Pad', [value, b.ints([...before, begin, ...before, end]), b.scalarLike(value, 1)], {}, 'shifted');
  };
  let products = shifted(rows, 1);
  for (let step = 1; step < length; step *= 2) products = b.mul(products, shifted(products, step), 'products');
  return products;
}

/** The same for a length that is known at run time: one row per element, in which a 1 stands for it. */
function productsOfOthers(b: GraphBuilder, rows: string): string {
  const length = b.op('Shape', [rows], { start: -1 });
  const square = b.op('Expand', [b.scalar(0), b.op('Concat', [length, length], { axis: 0 })]);
  const isOwn = b.op('Cast', [b.op('EyeLike', [square])], { to: typeCode('bool') }, 'own');
  const filled = b.op('Where', [isOwn, b.scalarLike(rows, 1), b.op('Unsqueeze', [rows, b.ints([-2])])]);
  return b.op('ReduceProd', [filled], { axes: [-1], keepdims: 0 });
}

/** With reduced axes kept as size 1, dy is repeated whichever they are: they may be found at run time. */
const sum: GradientRule = (backward) => {
  const { node, b, x, g } = backward;
  if (numberAttribute(node, 'keepdims', 1) === 0) return reduction((known) => known.g, true)(backward);
  return x.map((value, index) => (index === 0 ? expandedLike(b, g, value) : null));
};

export const reduceRules = {
  // d Σ|x| = sign(x)
  ReduceL1: reduction(({ b, x, g }) => b.mul(g, b.op('Sign', [x]))),
  // d √Σx² = x/y, and zero where y = 0
  ReduceL2: reduction(({ b, x, y, g }) => {
    const norm = y();
    const zero = b.op('Equal', [norm, b.scalarLike(x, 0)]);
    return b.mul(x, b.div(g, b.op('Where', [zero, b.scalarLike(x, 1), norm])));
  }),
  // d ln Σx = 1/Σx = 1/eʸ
  ReduceLogSum: reduction(({ b, y, g }) => b.div(g, b.op('Exp', [y()])), true),
  // d ln Σeˣ = eˣ⁻ʸ
  ReduceLogSumExp: reduction(({ b, x, y, g }) => b.mul(g, b.op('Exp', [b.sub(x, y())]))),
  ReduceMax: extreme,
  // d mean(x) = 1/n
  ReduceMean: reduction(({ b, x, g, axes }) => b.div(g, countAlong(b, x, axes)), true),
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceSum: sum,
  // d Σx² = 2x
  ReduceSumSquare: reduction(({ b, x, g }) => b.mul(x, b.mul(g, b.scalarLike(g, 2)))),
};
