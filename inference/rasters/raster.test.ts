import { describe, expect, test } from 'vitest';
import { preparedRaster, rasterOfArray, shownRaster } from './raster.js';

const input = {
  width: 3,
  height: 2,
  channels: 4,
  normalization: { mean: [0, 0, 0, 0.5], std: [1, 1, 1, 0.25] },
  resize: 'squash',
} as const;
/** Channel c of pixel p is (10·c + p) / 64. */
const value = (c: number, p: number) => (10 * c + p) / 64;
const planes = Float64Array.from({ length: 24 }, (_, at) => value(Math.floor(at / 6), at % 6));
const pixels = Float64Array.from({ length: 24 }, (_, at) => value(at % 4, Math.floor(at / 4)));

describe('rasterOfArray(array, channels, name)', () => {
  test('channels first and channels last are the same picture', () => {
    const first = rasterOfArray({ shape: [4, 2, 3], data: planes, integer: false }, 4, 'x.npy');
    expect(first).toEqual(rasterOfArray({ shape: [1, 2, 3, 4], data: pixels, integer: false }, 4, 'x.npy'));
    expect([...first.data]).toEqual([...pixels]);
  });

  test('integers are divided by the largest number of their bits', () => {
    const of = (most: number) =>
      rasterOfArray({ shape: [2, 1, 1], data: [most, 0], integer: true }, 2, 'x.npy').data[0];
    expect([255, 4095, 65_535].map(of)).toEqual([1, 1, 1]);
    expect(of(256)).toBeCloseTo(256 / 1023, 6);
  });

  test.each([
    [
      [4, 2, 4],
      'x.npy: expected sizes that can be read in one way; these are 4 channels of 2×4 as [C, H, W], or of 4×2',
    ],
    [[5, 2, 3], 'x.npy: expected a picture of 4 channels, [4, H, W] or [H, W, 4]; got [5, 2, 3]'],
    [[2, 4, 2, 3], 'got [2, 4, 2, 3]'],
  ])('%j is refused', (shape, message) => {
    const data = new Float64Array(shape.reduce((a, b) => a * b));
    expect(() => rasterOfArray({ shape, data, integer: false }, 4, 'x.npy')).toThrow(message);
  });

  test.each([
    [[0, 200], false, 'x.npy: expected floats where white is 1; whole numbers can also be levels up to 255'],
    [[-1, 5], true, 'x.npy: expected integers of 0 up to 255'],
    [[0, 70_000], true, 'got 0…70000'],
    [[0, Number.NaN], false, 'x.npy: expected finite numbers; got NaN'],
  ])('%j, integers %s, are refused', (data, integer, message) => {
    expect(() => rasterOfArray({ shape: [2, 1, 1], data, integer }, 2, 'x.npy')).toThrow(message);
  });
});

test('preparedRaster normalises each channel', () => {
  const raster = rasterOfArray({ shape: [2, 3, 4], data: pixels, integer: false }, 4, 'x.npy');
  const prepared = preparedRaster(raster, input);
  expect([...prepared.subarray(0, 18)]).toEqual([...planes.subarray(0, 18)]);
  expect([...prepared.subarray(18)]).toEqual([...planes.subarray(18)].map((v) => (v - 0.5) / 0.25));
});

test('preparedRaster resizes without rounding', () => {
  const raster = { width: 2, height: 1, channels: 1, data: Float32Array.of(-3, 4) };
  const half = { ...input, width: 1, height: 1, channels: 1, normalization: { mean: [0], std: [1] } };
  expect([...preparedRaster(raster, half)]).toEqual([0.5]);
});

describe('shownRaster(raster)', () => {
  test('shows the first three channels', () => {
    const raster = { width: 1, height: 1, channels: 5, data: Float32Array.of(0, 0.2, 1, 0.7, 0.9) };
    expect(shownRaster(raster)).toEqual({ width: 1, height: 1, channels: 3, data: Uint8Array.of(0, 51, 255) });
  });

  test('shows the first of two as grey, stretched where it leaves 0…1', () => {
    const raster = { width: 2, height: 1, channels: 2, data: Float32Array.of(-1, 9, 2, 9) };
    expect(shownRaster(raster)).toEqual({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) });
  });
});
