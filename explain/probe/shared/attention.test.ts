import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../maps/explanation.js';
import { attentionOf } from './attention.js';

/** An explanation of a 4×2 input whose map has the input's size. */
const withMap = (raw: readonly number[]): Explanation =>
  ({ raw: Float32Array.from(raw), rawHeight: 2, rawWidth: 4, height: 2, width: 4 }) as unknown as Explanation;

describe('attentionOf(explanation, region)', () => {
  it('is the centre of mass, the distance from it and the share inside', () => {
    // Weights 1 and 3 at the centres (0.5, 0.5) and (3.5, 1.5) of pixels.
    const region = Uint8Array.from([1, 1, 0, 0, 1, 1, 0, 0]);
    const { x, y, spread, inside } = attentionOf(withMap([1, 0, 0, 0, 0, 0, 0, 3]), region) ?? {};
    expect([x, y, inside]).toEqual([2.75 / 4, 1.25 / 2, 0.25]);
    expect(spread).toBeCloseTo(Math.sqrt((2.25 ** 2 + 0.75 ** 2) / 4 + (3 * (0.75 ** 2 + 0.25 ** 2)) / 4) / 4, 12);
  });

  it('leaves out the region where there is none, and an empty map altogether', () => {
    expect(attentionOf(withMap([0, 1, 0, 0, 0, 0, 0, 0]))).toEqual({ x: 1.5 / 4, y: 0.25, spread: 0 });
    expect(attentionOf(withMap([0, 0, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
  });
});
