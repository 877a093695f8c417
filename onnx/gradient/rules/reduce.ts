/** @file Gradients of reductions over axes. */
import { numberAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { positiveAxis } from '../../graph/dims.js';
import { InputError } from '../../errors.js';
import { nodeLabel } from '../../graph/graph.js';
import { axesOf } from '../../shapes/rule.js';
import { countAlong, expandedLike } from './common.js';
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

/** dx = dy · product of all other elements: dy·∏/x with zeros left out of ∏ and counted, so that none is divided by. */
const product = reduction(({ b, x, g, axes }) => {
  const isZero = b.op('Equal', [x, b.scalarLike(x, 0)]);
  const zero = b.castLike(isZero, x);
  const nonZero = b.op('Where', [isZero, b.scalarLike(x, 1), x]);
  const others = b.div(b.op('ReduceProd', [nonZero], { axes, keepdims: 1 }), nonZero);
  const otherZeros = b.sub(b.reduceSum(zero, axes), zero, 'other_zeros');
  const noOther = b.op('Less', [otherZeros, b.scalarLike(x, 0.5)]);
  return b.mul(g, b.op('Where', [noOther, others, b.scalarLike(x, 0)]));
});

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
  ReduceSum: reduction(({ g }) => g, true),
  // d Σx² = 2x
  ReduceSumSquare: reduction(({ b, x, g }) => b.mul(x, b.mul(g, b.scalarLike(g, 2)))),
};
