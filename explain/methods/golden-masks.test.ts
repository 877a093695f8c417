/** @file Methods that mask the picture against reference implementations in PyTorch and NumPy. */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError } from '../../fixtures/golden.js';
import { Explainer } from '../maps/explain.js';
import { superpixels } from './perturbation/superpixels.js';

/** Of the largest value of a map; the reference computes in float64. */
const TOLERANCE = 1e-4;
/** Standard errors are gaps between near estimates, so that rounding of float32 shows more. */
const ERROR_TOLERANCE = 2e-3;

interface MasksInfo {
  column: number;
  seed: number;
  mean: number;
  std: number;
  runs: Record<string, number>;
}

const regional = ['region-ablation', 'lime', 'kernel-shap'];

describe.each(['plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  const { info, tensor } = golden<MasksInfo>(`masks-${network}`);
  const input = golden(`methods-${network}`).tensor('input');
  const { mean, std, seed, column } = info;
  const preparation = { normalization: { mean: [mean, mean, mean], std: [std, std, std] }, resize: 'crop' } as const;
  const [, channels = 0, height = 0, width = 0] = input.shape;
  const size = channels * height * width;

  it('finds the superpixels of the reference', () => {
    for (const n of [0, 1]) {
      const numbers = input.data.subarray(n * size, (n + 1) * size).map((value) => value * std + mean);
      const { labels, count } = superpixels(numbers, { channels, height, width });
      expect([...labels]).toEqual([...tensor(`${n}/regions`).data]);
      expect(new Set(labels).size).toBe(count);
    }
  });

  it.each(['region-ablation', 'rise', 'lime', 'kernel-shap', 'sobol', 'hsic'] as const)(
    'gives the map of the reference by %s, and its standard errors',
    async (method) => {
      await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu', preparation });
      const forwards = info.runs[method];
      const runs = { seed, ...(forwards !== undefined && { forwards }) };
      const told: [number, number][] = [];
      const maps = await explainer.explainInput(input.data, {
        methods: [method],
        targets: column,
        runs,
        onRuns: ({ loaded, total }) => told.push([loaded, total]),
      });
      expect(maps).toHaveLength(2);
      for (const { picture, signed, standardError, completeness } of maps) {
        const regions = tensor(`${picture}/regions`).data;
        const of = (key: string) => {
          const { data } = tensor(`${picture}/${key}`);
          return regional.includes(method) ? regions.map((label) => data[label]!) : data;
        };
        expect(relativeError(signed, of(method)), `${method}, picture ${picture}`).toBeLessThan(TOLERANCE);
        expect(standardError !== undefined).toBe(method !== 'region-ablation');
        if (standardError)
          expect(relativeError(standardError, of(`${method}/errors`)), 'errors').toBeLessThan(ERROR_TOLERANCE);
        expect(completeness !== undefined).toBe(method === 'kernel-shap');
        if (completeness) expect(completeness.sum).toBeCloseTo(completeness.difference, 10);
      }
      const [loaded, total] = told.at(-1)!;
      expect(loaded).toBe(total);
      if (forwards !== undefined) expect(total).toBeLessThanOrEqual(forwards);
    },
  );
});
