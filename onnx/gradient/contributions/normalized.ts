/** @file DeepLIFT through softmax and normalizations, which read all numbers along an axis. */
import { epsilonOf, numberAttribute } from '../../graph/attributes.js';
import { positiveAxis } from '../../graph/dims.js';
import { countAlong } from '../rules/common.js';
import type { Backward, GradientRule } from '../rules/rule.js';
import { expectOneInput, type Changes } from './changes.js';

/** Rules by operator, written so that no step divides by a small difference. */
export function normalizedRules({ b, twin }: Changes) {
  /** (y − y′)/(ln y − ln y′) of positive numbers, y where both are equal; no step cancels or overflows. */
  const logarithmicMean = (log: string): string => {
    const other = twin.of(log);
    const one = b.scalarLike(log, 1);
    // With h = |ln y − ln y′|/2 it is max(y, y′)·(1 − e^(−2h))/2h = max(y, y′)·tanh(h)/(h·(1 + tanh(h))).
    const half = b.mul(b.op('Abs', [b.sub(log, other)]), b.scalarLike(log, 0.5));
    const tangent = b.op('Tanh', [half]);
    const quotient = b.div(tangent, b.mul(half, b.add(one, tangent)));
    const share = b.op('Where', [b.op('Equal', [log, other]), one, quotient]);
    return b.mul(b.op('Exp', [b.op('Max', [log, other])]), share, 'logarithmic_mean');
  };
  // Δy = L·Δ(ln y) with L the logarithmic mean, and Δ(ln y) = Δx − ΣL·Δx/ΣL because Σ Δy = 0: no exponential is in a difference.
  const softmax: GradientRule = ({ node, x, g, shape }) => {
    const axis = numberAttribute(node, 'axis', -1);
    const along = (value: string) => b.reduceSum(value, [positiveAxis(axis, shape(x[0]).length)]);
    const means = logarithmicMean(b.op('LogSoftmax', [x[0]], { axis }));
    const weighted = b.mul(g, means);
    return [b.sub(weighted, b.mul(means, b.div(along(weighted), along(means))), 'multiplier')];
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
