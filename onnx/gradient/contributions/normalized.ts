/** @file DeepLIFT through operators that count as the elementary steps they are made of: softmax and normalizations. */
import { epsilonOf, numberAttribute } from '../../graph/attributes.js';
import { positiveAxis } from '../../graph/dims.js';
import { countAlong } from '../rules/common.js';
import type { Backward, GradientRule } from '../rules/rule.js';
import { expectOneInput, type Changes } from './changes.js';

/** Rules by operator, written out so that no step divides by a small difference. */
export function normalizedRules({ b, twin, perChange }: Changes) {
  const softmax: GradientRule = ({ node, x, g, shape }) => {
    const axes = [numberAttribute(node, 'axis', -1)];
    const rank = shape(x[0]).length;
    const along = (value: string) =>
      b.reduceSum(
        value,
        axes.map((axis) => positiveAxis(axis, rank)),
        true,
      );
    const largest = (value: string) => b.op('ReduceMax', [value], { axes, keepdims: 1 });
    // One shift for both, which changes nothing and keeps exponentials finite.
    const shift = b.op('Max', [largest(x[0]), largest(twin.of(x[0]))]);
    const [e, e0] = [x[0], twin.of(x[0])].map((value) => b.op('Exp', [b.sub(value, shift)])) as [string, string];
    const [w, w0] = [e, e0].map((value) => b.op('Reciprocal', [along(value)])) as [string, string];
    const half = b.scalarLike(g, 0.5);
    const ofSum = b.op('Neg', [b.mul(along(b.mul(g, b.mul(b.add(e, e0), half))), b.mul(w, w0))]);
    const ofExp = b.add(b.mul(g, b.mul(b.add(w, w0), half)), ofSum);
    return [perChange(b.mul(ofExp, b.sub(e, e0)), x[0], b.mul(ofExp, e))];
  };
  /** (x − mean)·r·scale + bias with r = 1/√(variance + ε), mean and variance along axes. */
  const normalization = (backward: Backward, axes: readonly number[], scale: string, epsilon: number): string => {
    expectOneInput(backward);
    const { x, g } = backward;
    const [value] = x;
    const mean = (of: string) => b.reduceMean(of, axes);
    const parts = (of: string) => {
      const centred = b.sub(of, mean(of));
      const root = b.op('Sqrt', [b.add(mean(b.mul(centred, centred)), b.scalarLike(of, epsilon))]);
      return { centred, root, inverse: b.op('Reciprocal', [root]) };
    };
    const [own, other] = [parts(value), parts(twin.of(value))];
    const between = (a: string, c: string) => b.mul(b.add(a, c), b.scalarLike(g, 0.5));
    const scaled = b.mul(g, scale);
    const ofInverse = b.reduceSum(b.mul(scaled, between(own.centred, other.centred)), axes);
    // Δr / Δvariance = −r·r′ / (√variance + √variance′), without a division by a difference.
    const roots = b.add(own.root, other.root);
    const ofVariance = b.op('Neg', [b.div(b.mul(ofInverse, b.mul(own.inverse, other.inverse)), roots)]);
    const ofSquares = b.div(b.mul(ofVariance, b.add(own.centred, other.centred)), countAlong(b, value, axes));
    const ofCentred = b.add(b.mul(scaled, between(own.inverse, other.inverse)), ofSquares);
    return b.sub(ofCentred, mean(ofCentred));
  };
  const layerNorm: GradientRule = (backward) => {
    const { node, x, shape } = backward;
    const rank = shape(x[0]).length;
    const from = positiveAxis(numberAttribute(node, 'axis', -1), rank);
    const axes = Array.from({ length: rank - from }, (_, i) => from + i);
    const epsilon = epsilonOf(node);
    return [normalization(backward, axes, x[1] as string, epsilon), ...x.slice(1).map(() => null)];
  };
  const instanceNorm: GradientRule = (backward) => {
    const { node, x, shape } = backward;
    const axes = [...shape(x[0]).keys()].slice(2);
    const scale = b.op('Reshape', [x[1] as string, b.ints([-1, ...axes.map(() => 1)])]);
    return [normalization(backward, axes, scale, epsilonOf(node)), null, null];
  };
  return {
    Softmax: softmax,
    LayerNormalization: layerNorm,
    InstanceNormalization: instanceNorm,
  } satisfies Record<string, GradientRule>;
}
