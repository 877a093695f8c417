/** @file Standard errors of maps that are estimated from random draws, on a network whose true maps are known. */
import { describe, expect, test } from 'vitest';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { Random } from '../../../inference/numeric/random.js';
import { averageMethods } from '../gradients/averages.js';
import { pathMethods } from '../gradients/paths.js';
import type { NetworkRuns, RunsMethod } from '../kinds/method.js';
import { coalitionMethods } from './regions.js';
import { riseMethods } from './rise.js';
import { sensitivityMethods } from './sensitivity.js';

const SIDE = 14;
const PLANE = SIDE * SIDE;
const weights = Float64Array.from(
  { length: PLANE },
  (
    (random) => () =>
      random.normal()
  )(new Random(5)),
);
const input = Float32Array.from(
  { length: PLANE },
  (
    (random) => () =>
      0.5 + random.uniform()
  )(new Random(6)),
);

/** The score Σ w·x, or a curved function of it. */
function networkOf(given: Partial<NetworkRuns>, curve = (score: number) => score, slope = 1): NetworkRuns {
  const scores = (pictures: Float32Array) =>
    Float32Array.from({ length: pictures.length / PLANE }, (_, row) =>
      curve(weights.reduce((sum, weight, at) => sum + weight * pictures[row * PLANE + at]!, 0)),
    );
  const none = () => Promise.reject(new Error('not asked for'));
  const sizes = { channels: 1, height: SIDE, width: SIDE };
  return {
    input,
    baselines: [new Float32Array(PLANE)],
    shown: input,
    picture: sizes,
    activations: input,
    layer: sizes,
    grid: { picture: sizes, logits: 'logits' },
    weighted: () => ({ data: new Float32Array(PLANE), height: SIDE, width: SIDE }),
    score: scores(input)[0]!,
    random: new Random(0),
    samples: 40,
    noise: 0.3,
    steps: 1,
    batch: 64,
    shared: (_, make) => make(),
    scores: async (pictures) => scores(pictures),
    scoresWithout: none,
    // Noise on the pictures shows in the gradient of a curve.
    gradients: async (pictures) =>
      Float32Array.from(pictures, (value, at) => weights[at % PLANE]! * (slope + (slope - 1) * value)),
    multipliers: none,
    relevance: () => Promise.reject(new Error('not run')),
    atLayer: () => Promise.reject(new Error('not needed')),
    alongLayer: none,
    layerMultipliers: none,
    values: none,
    fullGradient: none,
    ...given,
  };
}

/** Σ of w·x over each cell of a grid. */
function cellSums(cells: number): Float64Array {
  const sums = new Float64Array(cells * cells);
  for (let at = 0; at < PLANE; at++) {
    const [row, column] = [Math.floor(at / SIDE), at % SIDE].map((place) => Math.floor((place * cells) / SIDE));
    sums[row! * cells + column!]! += weights[at]! * input[at]!;
  }
  return sums;
}

/** Total-order indices of a sum of independent terms: their shares of the variance. */
function trueSobol(): Float64Array {
  const squares = cellSums(8).map((sum) => sum ** 2);
  const total = squares.reduce((sum, square) => sum + square, 0);
  return squares.map((square) => square / total);
}

/** E[f·m]/E[m] − E[f] of masks of 7×7 cells with two pixels each, over all shifts; Cov(f, m)/E[m] from unit cells. */
function trueRise(): Float64Array {
  const [cells, side] = [7, 16];
  const map = new Float64Array(PLANE);
  for (const down of [0, 1]) {
    for (const right of [0, 1]) {
      for (let cell = 0; cell < cells * cells; cell++) {
        const unit = Float32Array.from({ length: cells * cells }, (_, at) => Number(at === cell));
        const full = bilinearResized(unit, cells, cells, side, side);
        const part = (at: number) => full[(Math.floor(at / SIDE) + down) * side + (at % SIDE) + right]!;
        const effect = weights.reduce((sum, weight, at) => sum + weight * input[at]! * part(at), 0);
        // A cell's variance is ¼, E[m] is ½, and each shift has a probability of ¼.
        for (let at = 0; at < PLANE; at++) map[at]! += (effect * part(at) * 0.25) / 0.5 / 4;
      }
    }
  }
  return map;
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** The share of true values, over maps of several seeds, within 1.96 standard errors. */
async function coverage(method: RunsMethod, truth: ArrayLike<number>, given: Partial<NetworkRuns>): Promise<number> {
  const inside: number[] = [];
  for (let seed = 0; seed < 12; seed++) {
    const { data, standardError } = await method.map(networkOf({ ...given, random: new Random(seed) }));
    data.forEach((value, at) => inside.push(Number(Math.abs(value - truth[at]!) <= 1.96 * standardError![at]!)));
  }
  return mean(inside);
}

const { rise } = riseMethods;
const { sobol, hsic } = sensitivityMethods;
const { lime, 'kernel-shap': kernelShap } = coalitionMethods;
const bent = (score: number) => Math.tanh(score / 20);

describe('the standard error of', () => {
  test('rise covers the true map of a linear network', async () => {
    const share = await coverage(rise, trueRise(), { runs: 400 });
    expect(share).toBeGreaterThan(0.88);
    expect(share).toBeLessThan(0.99);
  });

  test('sobol covers the true indices of a linear network', async () => {
    const share = await coverage(sobol, trueSobol(), { runs: 80 * 65 });
    expect(share).toBeGreaterThan(0.88);
    expect(share).toBeLessThan(0.99);
  });

  test('gradient-shap covers x·w of a linear network, whose noise has a mean of 0', async () => {
    const share = await coverage(
      pathMethods['gradient-shap'],
      Float64Array.from(input, (x, at) => x * weights[at]!),
      {},
    );
    expect(share).toBeGreaterThan(0.88);
    expect(share).toBeLessThan(0.99);
  });

  test('kernel-shap is nearly 0 on a linear network, whose Shapley values any sets give', async () => {
    const { data, standardError } = await kernelShap.map(networkOf({ runs: 401 }));
    expect(Math.max(...standardError!)).toBeLessThan(1e-4 * Math.max(...data.map(Math.abs)));
  });

  test.each<[string, RunsMethod, (times: number) => Partial<NetworkRuns>]>([
    ['rise', rise, (times) => ({ runs: 200 * times })],
    ['lime', lime, (times) => ({ runs: 600 * times })],
    ['kernel-shap', kernelShap, (times) => ({ runs: 1600 * times + 1 })],
    ['sobol', sobol, (times) => ({ runs: 60 * 65 * times })],
    ['hsic', hsic, (times) => ({ runs: 300 * times })],
    ['gradient-shap', pathMethods['gradient-shap'], (times) => ({ samples: 50 * times })],
    ['smoothgrad', averageMethods.smoothgrad, (times) => ({ samples: 50 * times })],
  ])('%s halves with four times as many draws', async (_, method, given) => {
    const error = async (times: number) => {
      const errors: number[] = [];
      for (const seed of [4, 5, 6]) {
        const own = networkOf({ ...given(times), random: new Random(seed) }, bent, 1.5);
        errors.push(mean((await method.map(own)).standardError!));
      }
      return mean(errors);
    };
    const ratio = (await error(1)) / (await error(4));
    expect(ratio).toBeGreaterThan(1.6);
    expect(ratio).toBeLessThan(2.5);
  });
});

describe('a budget', () => {
  test.each<[string, RunsMethod, string]>([
    ['rise', rise, 'runs: expected at least 100 forward passes for rise; got 20'],
    ['sobol', sobol, 'runs: expected at least 520 forward passes for sobol; got 20'],
    ['hsic', hsic, 'runs: expected at least 40 forward passes for hsic; got 20'],
  ])('that is too small for %s is refused before any run', async (_, method, message) => {
    const scores = () => Promise.reject(new Error('ran'));
    await expect(method.map(networkOf({ runs: 20, scores }))).rejects.toThrow(message);
  });

  test('counts the runs of each baseline', async () => {
    const black = new Float32Array(PLANE);
    let runs = 0;
    const scores = async (pictures: Float32Array) => {
      runs += pictures.length / PLANE;
      return new Float32Array(pictures.length / PLANE);
    };
    await rise.map(networkOf({ runs: 401, baselines: [black, black], scores }));
    expect(runs).toBe(400);
    await expect(hsic.map(networkOf({ runs: 60, baselines: [black, black] }))).rejects.toThrow(
      'runs: expected at least 80 forward passes for hsic with 2 baselines; got 60',
    );
  });

  test.each<[string, RunsMethod]>([
    ['rise', rise],
    ['lime', lime],
    ['kernel-shap', kernelShap],
    ['sobol', sobol],
    ['hsic', hsic],
  ])('gives the same map by %s whatever the batch', async (_, method) => {
    const made = async (batch: number) => (await method.map(networkOf({ batch, random: new Random(4) }, bent))).data;
    expect(await made(7)).toEqual(await made(64));
  });
});
