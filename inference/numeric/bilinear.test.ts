import { describe, expect, test } from 'vitest';
import { bilinearResized } from './bilinear.js';

// Expected values: torch 2.13, F.interpolate(map, size=(H, W), mode='bilinear', align_corners=False)
const SMALL = Float32Array.of(0, 0.25, 1, 0.5, 0.125, 0.75); // [2, 3]
const WIDE = Float32Array.from({ length: 35 }, (_, i) => ((i * 7) % 11) / 10); // [5, 7]

function largestError(actual: Float32Array, expected: number[]): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? Number.NaN))));
}

describe('bilinearResized(map, h, w, H, W)', () => {
  test('enlarges as torch does, within 1e-6', () => {
    const torch = [
      0.0, 0.0357143, 0.1428571, 0.25, 0.5714286, 0.8928572, 1.0, 0.05, 0.0767857, 0.1571429, 0.2375, 0.5535714,
      0.8696429, 0.975, 0.25, 0.2410714, 0.2142857, 0.1875, 0.4821429, 0.7767857, 0.875, 0.45, 0.4053572, 0.2714286,
      0.1375, 0.4107143, 0.6839286, 0.775, 0.5, 0.4464286, 0.2857143, 0.125, 0.3928572, 0.6607143, 0.75,
    ];
    expect(largestError(bilinearResized(SMALL, 2, 3, 5, 7), torch)).toBeLessThan(1e-6);
  });

  test('shrinks as torch does without antialiasing, within 1e-6', () => {
    const torch = [0.2916667, 0.55, 0.5333334, 0.2583334, 0.425, 0.4083334];
    expect(largestError(bilinearResized(WIDE, 5, 7, 2, 3), torch)).toBeLessThan(1e-6);
    expect(largestError(bilinearResized(WIDE, 5, 7, 1, 1), [0.9])).toBeLessThan(1e-6);
  });

  test('enlarges one axis and shrinks the other as torch does, within 1e-6', () => {
    const torch = [
      0.6, 0.3, 0.4578125, 0.3984375, 0.2890625, 0.5046875, 0.4296875, 0.3015625, 0.3984375, 0.35625, 0.1953125,
      0.66875, 0.3015625, 0.3625, 0.4, 0.1,
    ];
    expect(largestError(bilinearResized(WIDE, 5, 7, 8, 2), torch)).toBeLessThan(1e-6);
  });

  test('leaves a map of the wanted size as it is', () => {
    expect(bilinearResized(WIDE, 5, 7, 5, 7)).toEqual(WIDE);
  });

  test('never leaves the range of the map', () => {
    const resized = bilinearResized(SMALL, 2, 3, 31, 17);
    expect(Math.min(...resized)).toBe(0);
    expect(Math.max(...resized)).toBe(1);
  });

  test('refuses a map of another length and an empty size', () => {
    expect(() => bilinearResized(SMALL, 3, 3, 5, 7)).toThrow('map: expected 3×3 values; got 6');
    expect(() => bilinearResized(SMALL, 2, 3, 0, 7)).toThrow('map: expected positive sizes; got 2×3 to 0×7');
  });
});
