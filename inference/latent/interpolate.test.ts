/** @file Paths between latents. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { interpolatedLatents, lerp, slerp } from './interpolate.js';
import { normalLatents } from './latents.js';

const vector = (...values: number[]) => Float32Array.from(values);
const norm = (x: Float32Array) => Math.hypot(...x);
const angle = (a: Float32Array, b: Float32Array) =>
  Math.acos(Math.min(1, a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0) / (norm(a) * norm(b))));
const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((x, i) => x - (b[i] ?? 0)));
const unit = (x: Float32Array) => x.map((value) => value / norm(x));
const POSITIONS = [0, 0.1, 0.25, 0.5, 0.9, 1];
/** The rows of [N, 2]. */
const rows = (latents: Float32Array) =>
  Array.from({ length: latents.length / 2 }, (_, i) => Array.from(latents.subarray(2 * i, 2 * i + 2)));

describe('slerp(a, b, t)', () => {
  it('is the formula of White 2016 for Gaussian latents', () => {
    const [a, b] = [normalLatents([0], 100), normalLatents([1], 100)];
    const omega = angle(a, b);
    for (const t of POSITIONS) {
      const [p, q] = [Math.sin((1 - t) * omega) / Math.sin(omega), Math.sin(t * omega) / Math.sin(omega)];
      expect(
        distance(
          slerp(a, b, t),
          a.map((x, i) => p * x + q * (b[i] ?? 0)),
        ),
      ).toBeLessThan(1e-5);
    }
  });

  it('keeps the length and turns at constant speed between vectors of one length', () => {
    const [a, b] = [unit(normalLatents([2], 50)), unit(normalLatents([3], 50))];
    for (const t of POSITIONS) {
      expect(norm(slerp(a, b, t))).toBeCloseTo(1, 6);
      expect(distance(slerp(a, b, t), slerp(b, a, 1 - t))).toBeLessThan(1e-6);
    }
    for (const t of POSITIONS.slice(1)) expect(angle(a, slerp(a, b, t))).toBeCloseTo(t * angle(a, b), 5);
    expect(norm(lerp(a, b, 0.5))).toBeLessThan(0.8);
  });

  it('gives exactly the ends at 0 and 1, as copies', () => {
    for (const b of [vector(-1, 2, 5), vector(2, 4, 6), vector(-1, -2, -3), vector(0, 0, 0)]) {
      const a = vector(1, 2, 3);
      expect(slerp(a, b, 0)).toEqual(a);
      expect(slerp(a, b, 1)).toEqual(b);
      expect(slerp(a, b, 0)).not.toBe(a);
    }
  });

  it('goes straight between parallel latents and from zero', () => {
    expect(slerp(vector(1, 2), vector(2, 4), 0.5)).toEqual(vector(1.5, 3));
    expect(slerp(vector(0, 0), vector(2, 4), 0.5)).toEqual(vector(1, 2));
    expect(slerp(vector(-1), vector(1), 0.25)).toEqual(vector(-0.5));
    const nearly = slerp(vector(1, 0), vector(1, 1e-6), 0.5);
    expect(distance(nearly, vector(1, 5e-7))).toBeLessThan(1e-7);
  });

  it('turns between opposite latents, the length changing evenly', () => {
    for (const b of [vector(-2, 0, 0), vector(-2, 1e-7, 0), vector(-2, 1e-3, 0), vector(-2, -0.2, 0.1)]) {
      const a = vector(1, 0, 0);
      for (const t of POSITIONS) {
        const between = slerp(a, b, t);
        expect(norm(between)).toBeCloseTo((1 - t) * norm(a) + t * norm(b), 5);
        if (t > 0) expect(angle(a, between)).toBeCloseTo(t * angle(a, b), 3);
      }
      // The end is approached, not jumped to.
      expect(distance(slerp(a, b, 1 - 1e-6), b)).toBeLessThan(1e-4);
    }
    expect(slerp(vector(1, 0), vector(-1, 0), 0.5)).toEqual(slerp(vector(1, 0), vector(-1, 0), 0.5));
  });

  it('turns towards the side on which a nearly opposite latent lies', () => {
    expect(slerp(vector(1, 0), vector(-1, 0.01), 0.5)[1]).toBeCloseTo(1, 4);
    expect(slerp(vector(1, 0), vector(-1, -0.01), 0.5)[1]).toBeCloseTo(-1, 4);
  });

  it('refuses latents of different sizes', () => {
    expect(() => slerp(vector(1), vector(1, 2), 0.5)).toThrow(InputError);
    expect(() => lerp(vector(1), vector(1, 2), 0)).toThrow(InputError);
  });
});

describe('interpolatedLatents(keyframes, options)', () => {
  const keyframes = [vector(0, 0), vector(1, 0), vector(1, 2)];
  /** Halves of its two segments. */
  const halves = [
    [0, 0],
    [0.5, 0],
    [1, 0],
    [1, 1],
    [1, 2],
  ];

  it('goes from the first key frame to the last in as many frames as asked', () => {
    const path = rows(interpolatedLatents(keyframes, { frames: 5, mode: 'lerp', loop: false }));
    expect(path).toEqual(halves);
    expect(rows(interpolatedLatents(keyframes, { frames: 2, mode: 'slerp', loop: false }))).toEqual([
      [0, 0],
      [1, 2],
    ]);
    expect(rows(interpolatedLatents(keyframes, { frames: 1, mode: 'slerp', loop: false }))).toEqual([[0, 0]]);
  });

  it('eases every segment, and meets its ends', () => {
    const path = rows(interpolatedLatents(keyframes, { frames: 9, mode: 'lerp', loop: false, easing: 'smooth' }));
    expect(path.map(([x, y]) => (x ?? 0) + (y ?? 0))).toEqual([0, 0.15625, 0.5, 0.84375, 1, 1.3125, 2, 2.6875, 3]);
  });

  it('closes a loop without showing the first frame twice', () => {
    const path = rows(interpolatedLatents(keyframes, { frames: 6, mode: 'lerp', loop: true }));
    expect(path).toEqual([...halves, [0.5, 1]]);
  });

  it('meets every key frame exactly where the frames divide evenly', () => {
    const keys = [0, 1, 2, 3, 4, 5, 6].map((seed) => normalLatents([seed], 16));
    const path = interpolatedLatents(keys, { frames: 7 * 9, mode: 'slerp', loop: true });
    keys.forEach((key, k) => expect(path.slice(k * 9 * 16, (k * 9 + 1) * 16)).toEqual(key));
    const open = interpolatedLatents(keys, { frames: 6 * 9 + 1, mode: 'slerp', loop: false });
    keys.forEach((key, k) => expect(open.slice(k * 9 * 16, (k * 9 + 1) * 16)).toEqual(key));
  });

  it('moves in even steps, across the seam of a loop too', () => {
    const keys = [0, 1, 2].map((seed) => unit(normalLatents([seed], 512)));
    const path = interpolatedLatents(keys, { frames: 60, mode: 'slerp', loop: true });
    const frame = (i: number) => path.slice((i % 60) * 512, ((i % 60) + 1) * 512);
    for (let i = 0; i < 60; i++) {
      // A twentieth of a right angle, give or take how far the key frames are from orthogonal.
      expect(Math.abs(distance(frame(i), frame(i + 1)) - Math.PI / 40)).toBeLessThan(0.01);
    }
  });

  it('refuses what makes no path', () => {
    const options = { frames: 10, mode: 'slerp', loop: true } as const;
    expect(() => interpolatedLatents([vector(1)], options)).toThrow(/^keyframes: expected at least 2; got 1/);
    expect(() => interpolatedLatents([vector(1), vector(1, 2)], options)).toThrow(InputError);
    for (const frames of [0, 1.5, -3, 1e9]) {
      expect(() => interpolatedLatents(keyframes, { ...options, frames })).toThrow(/^frames/);
    }
  });
});
