import { describe, expect, test } from 'vitest';
import { mapReason, normalizedMap } from './normalize.js';

const EVIDENCE = { largestGradient: 1, connected: true };

describe('normalizedMap(map, h, w, H, W)', () => {
  test('is what pytorch-grad-cam makes of a map', () => {
    // scale_cam_image twice with numpy 2.4, as in its base_cam.py; resized by torch 2.13, bilinear without aligned corners
    const map = Float32Array.of(-1, 0.5, 2, 1);
    const expected = [
      0, 0.0625, 0.1875, 0.25, 0.25, 0.265625, 0.296875, 0.3125, 0.75, 0.671875, 0.515625, 0.4375, 1, 0.875, 0.625, 0.5,
    ];
    const error = normalizedMap(map, 2, 2, 4, 4).map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN)));
    expect(Math.max(...error)).toBeLessThan(1e-6);
  });

  test('reaches from 0 to 1, however small the map', () => {
    const tiny = normalizedMap(Float32Array.of(1e-6, 2e-6, 3e-6, 4e-6), 2, 2, 8, 8);
    expect(Math.min(...tiny)).toBe(0);
    expect(Math.max(...tiny)).toBeCloseTo(1, 5);
  });

  test('is zero for maps that are constant, nowhere positive or not finite', () => {
    for (const value of [0.5, 0, -3, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(normalizedMap(new Float32Array(4).fill(value), 2, 2, 3, 3)).toEqual(new Float32Array(9));
    }
  });
});

describe('mapReason(evidence)', () => {
  test('is undefined where there is something to see', () => {
    expect(mapReason({ ...EVIDENCE, signed: Float32Array.of(-1, 0.5) })).toBeUndefined();
  });

  test.each([
    ['layer not connected to the score', { signed: [0, 0], connected: false, largestGradient: 0 }],
    ['zero gradient', { signed: [0, 0], largestGradient: 0 }],
    ['zero gradient', { signed: [1e-20, 0], largestGradient: 1e-22 }],
    ['all contributions negative', { signed: [-1, -2] }],
    ['all contributions negative', { signed: [-1, 0] }],
    ['constant map', { signed: [0.3, 0.3] }],
    ['not finite', { signed: [Number.NaN, 1] }],
    ['not finite', { signed: [Number.POSITIVE_INFINITY, 1] }],
  ] as const)('says %s for %j', (reason, evidence) => {
    expect(mapReason({ ...EVIDENCE, ...evidence, signed: Float32Array.from(evidence.signed) })).toBe(reason);
  });
});
