import { describe, expect, it } from 'vitest';
import { normalLatents } from './latents.js';
import { lerp, slerp } from './interpolate.js';
import { cornerLatents } from './corners.js';
import { axisDirection, walkedLatents } from './directions.js';

describe('walkedLatents(origin, direction, extent, steps)', () => {
  it('goes evenly from one side to the other, through the origin', () => {
    const walked = walkedLatents(Float32Array.of(1, 2), axisDirection(1, 2), 3, 5);
    expect([...walked]).toEqual([1, -1, 1, 0.5, 1, 2, 1, 3.5, 1, 5]);
    expect(() => axisDirection(2, 2)).toThrow(/^traverse: expected numbers of 0…1; got 2$/);
  });
});

describe('cornerLatents(corners, grid)', () => {
  const corners = normalLatents([1, 2, 3, 4], 8);
  const corner = (i: number) => corners.slice(8 * i, 8 * (i + 1));
  const cell = (latents: Float32Array, row: number, column: number) =>
    latents.slice(8 * (5 * row + column), 8 * (5 * row + column + 1));

  it.each([['slerp', slerp] as const, ['lerp', lerp] as const])(
    '%s meets the corners and bends between',
    (mode, between) => {
      const latents = cornerLatents(corners, { columns: 5, rows: 3, mode });
      expect(latents).toHaveLength(15 * 8);
      const ends = [cell(latents, 0, 0), cell(latents, 0, 4), cell(latents, 2, 0), cell(latents, 2, 4)];
      expect(ends).toEqual([corner(0), corner(1), corner(2), corner(3)]);
      expect(cell(latents, 0, 2)).toEqual(between(corner(0), corner(1), 0.5));
      const [left, right] = [between(corner(0), corner(2), 0.5), between(corner(1), corner(3), 0.5)];
      expect(cell(latents, 1, 3)).toEqual(between(left, right, 0.75));
    },
  );
});
