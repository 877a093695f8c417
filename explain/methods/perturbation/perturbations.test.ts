import { expect, test } from 'vitest';
import { Random } from '../../../inference/numeric/random.js';
import type { NetworkRuns } from '../kinds/method.js';
import { perturbationMethods } from './perturbations.js';

test('Score-CAM runs the pictures of constant channels once', async () => {
  const seen: number[][] = [];
  let weights: readonly number[] = [];
  const none = () => Promise.reject(new Error('not asked for'));
  const network: NetworkRuns = {
    input: Float32Array.of(1, 2, 3, 4),
    baselines: [new Float32Array(4)],
    shown: new Float32Array(4),
    picture: { channels: 1, height: 2, width: 2 },
    // Two constant channels, and one that shows the lower row.
    activations: Float32Array.of(0, 0, 0, 0, 0, 0, 5, 5, 3, 3, 3, 3),
    layer: { channels: 3, height: 2, width: 2 },
    grid: { picture: { height: 2, width: 2 } },
    weighted: (given) => {
      weights = Array.from(given);
      return { data: new Float32Array(4), height: 2, width: 2 };
    },
    score: 10,
    random: new Random(0),
    samples: 1,
    noise: 0,
    steps: 1,
    batch: 1,
    shared: (_, make) => make(),
    scores: async (pictures) => {
      seen.push([...pictures]);
      return Float32Array.of(pictures.reduce((sum, value) => sum + value, 0) / 7);
    },
    scoresWithout: none,
    gradients: none,
    multipliers: none,
    relevance: () => Promise.reject(new Error('not run')),
    atLayer: () => Promise.reject(new Error('not needed')),
    fullGradient: none,
    alongLayer: none,
    layerMultipliers: none,
    values: none,
  };
  await perturbationMethods.scorecam.map(network);
  expect(seen).toEqual([[0, 0, 0, 0], [0, 0, 3, 4].map((value) => expect.closeTo(value, 5))]);
  // The softmax of the scores 0, 1 and 0.
  const total = 2 + Math.E;
  expect(weights).toEqual([1, Math.E, 1].map((value) => expect.closeTo(value / total, 6)));
});
