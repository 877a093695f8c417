/** @file Pools and normalizations by p-norms, and by mean and deviation, as elementary operators. */
import { intsAttribute, numberAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { elementCount, inputOf, type Node } from '../graph/graph.js';
import { positiveAxis } from '../graph/dims.js';
import { withExplicitPads } from '../shapes/windows.js';
import type { Expansion } from './expansion.js';

/** (Σ |x|ᵖ)^(1/p), by what sums powers. */
function norm(b: GraphBuilder, node: Node, summed: (powers: string) => string): string {
  const x = inputOf(node);
  const p = numberAttribute(node, 'p', 2);
  const size = b.op('Abs', [x]);
  if (p === 1) return summed(size);
  const sum = summed(p === 2 ? b.mul(x, x) : b.op('Pow', [size, b.scalarLike(x, p)]));
  return unlessZero(b, sum, (nonZero) =>
    p === 2 ? b.op('Sqrt', [nonZero]) : b.op('Pow', [nonZero, b.scalarLike(x, 1 / p)]),
  );
}

/** What `compute` makes of a value; 0 where the value is 0, as an infinite slope there would make gradients NaN. */
function unlessZero(b: GraphBuilder, value: string, compute: (nonZero: string) => string): string {
  const isZero = b.op('Equal', [value, b.scalarLike(value, 0)]);
  const nonZero = b.op('Where', [isZero, b.scalarLike(value, 1), value]);
  return b.op('Where', [isZero, b.scalarLike(value, 0), compute(nonZero)]);
}

/** The norm of each window: powers averaged, times the window's size. */
export const lpPool: Expansion = (node, b) => {
  const kernel = intsAttribute(node, 'kernel_shape') ?? [];
  const { p: _, ...window } = withExplicitPads(node, b.types).attributes;
  const pooled = b.unique('mean');
  return [
    norm(b, node, (powers) => {
      const attributes = { ...window, count_include_pad: { kind: 'int', value: 1 } as const };
      b.append({ ...node, op: 'AveragePool', name: pooled, inputs: [powers], outputs: [pooled], attributes });
      return b.mul(pooled, b.scalarLike(powers, elementCount(kernel)));
    }),
  ];
};

/** The norm of each channel. */
export const globalLpPool: Expansion = (node, b) => {
  const axes = [...b.types.knownShape(inputOf(node), node).keys()].slice(2);
  return [norm(b, node, (powers) => b.reduceSum(powers, axes))];
};

/** x / ‖x‖ along an axis, and 0 where all elements are 0. */
export const lpNormalization: Expansion = (node, b) => {
  const rank = b.types.knownShape(inputOf(node), node).length;
  const axis = positiveAxis(numberAttribute(node, 'axis', -1), rank);
  const length = norm(b, node, (powers) => b.reduceSum(powers, [axis]));
  return [unlessZero(b, length, (nonZero) => b.div(inputOf(node), nonZero))];
};

/** (x − mean) / (deviation + 1e-9) over some axes. */
export const meanVarianceNormalization: Expansion = (node, b) => {
  const x = inputOf(node);
  const axes = intsAttribute(node, 'axes') ?? [0, 2, 3];
  const centred = b.sub(x, b.reduceMean(x, axes));
  const deviation = b.op('Sqrt', [b.reduceMean(b.mul(centred, centred), axes)]);
  return [b.div(centred, b.add(deviation, b.scalarLike(x, 1e-9)))];
};
