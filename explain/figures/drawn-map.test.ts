import { expect, it } from 'vitest';
import { drawnMap } from './drawn-map.js';
import type { Explanation } from '../maps/explanation.js';

const explanation = (method: Explanation['method'], signed: Float32Array) =>
  ({ method, signed, raw: signed.map((value) => Math.max(value, 0)), rawHeight: 10, rawWidth: 20 }) as Explanation;

const values = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i : -i) / 100);
values[0] = 1000;
values[1] = Number.NEGATIVE_INFINITY;

it("cuts maps of the picture's gradient at the 99th percentile of their magnitudes, of both signs", () => {
  const { data, height, width } = drawnMap(explanation('saliency', values), true);
  expect([height, width]).toEqual([10, 20]);
  const ordinary = values.subarray(2);
  expect(data.subarray(2)).toEqual(ordinary);
  expect(data[0]).toBeCloseTo(1.99, 6);
  expect(data[1]).toBeCloseTo(-1.99, 6);
  for (const method of ['lrp-gamma', 'deeplift', 'integrated-gradients'] as const)
    expect(drawnMap(explanation(method, values), true).data).toEqual(data);
  const positive = drawnMap(explanation('smoothgrad', values), false).data;
  expect(Math.max(...positive)).toBeCloseTo(1.96, 6);
  expect(Math.min(...positive)).toBe(0);
});

it('leaves maps of layers, regions and tokens alone, and maps of a few pixels', () => {
  for (const method of ['gradcam', 'sobol', 'rise', 'lime', 'occlusion', 'legrad'] as const)
    expect(drawnMap(explanation(method, values), true).data).toBe(values);
  const few = new Float32Array(200);
  few[7] = 3;
  expect(drawnMap(explanation('saliency', few), false).data).toEqual(few);
});
