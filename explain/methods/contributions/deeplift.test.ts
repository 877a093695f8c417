import { expect, it } from 'vitest';
import { Random } from '../../../inference/numeric/random.js';
import type { NetworkRuns } from '../kinds/method.js';
import { deepLiftMethods } from './deeplift.js';

it('deeplift-shap has one batch of its baselines in memory, which give the same map in any batches', async () => {
  const input = Float32Array.of(1, 2, 3, 4);
  const mapOf = async (batch: number) => {
    let [most, rows] = [0, 0];
    const network = {
      input,
      picture: { channels: 1, height: 2, width: 2 },
      baselines: [new Float32Array(4), new Float32Array(4).fill(1)],
      samples: 7,
      noise: 0.5,
      batch,
      random: new Random(3),
      score: 30,
      // The score is Σ x², so that Δscore/Δx = x + x′.
      scores: async (pictures: Float32Array) =>
        Float32Array.from({ length: pictures.length / 4 }, (_, row) =>
          pictures.subarray(4 * row, 4 * row + 4).reduce((sum, value) => sum + value ** 2, 0),
        ),
      multipliers: async (pictures: Float32Array, baselines: Float32Array) => {
        most = Math.max(most, baselines.length / 4);
        rows += baselines.length / 4;
        return pictures.map((value, at) => value + (baselines[at] as number));
      },
    };
    const map = await deepLiftMethods['deeplift-shap'].map(network as unknown as NetworkRuns);
    expect([most, rows]).toEqual([Math.min(batch, 7), 7]);
    return map;
  };
  const [together, apart] = [await mapOf(8), await mapOf(2)];
  expect(apart).toEqual(together);
  const { sum = 0, difference = 0 } = apart.completeness ?? {};
  expect(sum).toBeCloseTo(difference, 4);
});
