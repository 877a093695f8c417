/** @file DeepLIFT through a softmax: contributions add up, whatever the distance of the logits. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../build/build.js';
import { modelBytes } from '../../files/write.js';
import { sessionOptions, type Precision } from '../check-graph.test.helper.js';
import { gradients } from '../walk.js';
import { multipliers } from './multipliers.js';

const WEIGHTS = [0.7, -1.3, 2.1];
/** Largest difference from a complete sum; scores are in −1.3…2.1. */
const TOLERANCES = { float32: 2e-5, float64: 1e-12 };

/** The multipliers of Σ w·softmax(x), its gradient and its values for x and x′. */
async function explained(x: readonly number[], baseline: readonly number[], precision: Precision) {
  const b = new GraphBuilder();
  const input = b.input('x', precision, [1, 3]);
  const weights = b.input('weights', precision, [1, 3]);
  const softmax = b.op('Softmax', [input], { axis: 1 });
  const { twin, found } = multipliers(b, softmax, input, { baseline: 'baseline', cotangent: weights });
  const gradient = gradients(b, softmax, [input], { cotangent: weights }).get(input) as string;
  const names = [found.get(input) as string, gradient, softmax, twin.of(softmax)];
  for (const name of names) b.output(name);
  const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), sessionOptions);
  const fed = (values: readonly number[]) =>
    precision === 'float32'
      ? new Tensor('float32', Float32Array.from(values), [1, 3])
      : new Tensor('float64', Float64Array.from(values), [1, 3]);
  const results = await session.run({ x: fed(x), baseline: fed(baseline), weights: fed(WEIGHTS) });
  await session.release();
  const [multiplier, slope, y, y0] = names.map((name) => Array.from(results[name]?.data as Float32Array)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const dot = (a: readonly number[], c: readonly number[]) => a.reduce((sum, value, i) => sum + value * (c[i] ?? 0), 0);
  const sum = dot(
    multiplier,
    x.map((value, i) => value - (baseline[i] ?? 0)),
  );
  return { multiplier, slope, sum, difference: dot(WEIGHTS, y) - dot(WEIGHTS, y0) };
}

describe.each(['float32', 'float64'] as const)('multipliers(…) of a softmax in %s', (precision) => {
  it.each([0, 1e-7, 1e-3, 1, 15, 25, 80, 150, 1000])('add up where logits change by up to %d', async (gap) => {
    const baselines = [
      [0, 0, 0],
      [0, gap, -gap],
      [0.5, 0.25, 0],
    ];
    for (const baseline of baselines) {
      const { sum, difference } = await explained([gap, gap - 1, gap - 2], baseline, precision);
      expect(Math.abs(sum - difference), baseline.join()).toBeLessThan(TOLERANCES[precision]);
    }
  });

  it('are the gradient where nothing changes, and finite for masked logits', async () => {
    const { multiplier, slope } = await explained([3, 1, -2], [3, 1, -2], precision);
    multiplier.forEach((value, i) => expect(value).toBeCloseTo(slope[i] ?? Number.NaN, 6));
    const masked = await explained([1, 2, -Infinity], [0.5, -1, -Infinity], precision);
    expect(masked.multiplier.every(Number.isFinite)).toBe(true);
    expect(masked.multiplier[2]).toBe(0);
  });

  it('do not change when all logits shift', async () => {
    const [own, shifted] = await Promise.all(
      [0, 64].map((by) => explained([2 + by, 1 + by, -3 + by], [-1, 4, 0], precision)),
    );
    own?.multiplier.forEach((value, i) => expect(shifted?.multiplier[i]).toBeCloseTo(value, 5));
  });
});
