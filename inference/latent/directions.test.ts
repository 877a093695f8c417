import { describe, expect, it } from 'vitest';
import { normalLatents } from './latents.js';
import { lerp, slerp } from './interpolate.js';
import { cornerLatents } from './corners.js';
import { axisDirection, parsedDirections, walkedLatents } from './directions.js';

describe('parsedDirections(text)', () => {
  it.each([
    ['5', { kind: 'numbers', indices: [5] }],
    ['0,3-5', { kind: 'numbers', indices: [0, 3, 4, 5] }],
    ['principal', { kind: 'principal', components: [1] }],
    ['principal:3', { kind: 'principal', components: [3] }],
    ['principal:1-3', { kind: 'principal', components: [1, 2, 3] }],
  ])('understands %s', (text, choice) => {
    expect(parsedDirections(text)).toEqual(choice);
  });

  it.each(['', 'x', '-1', 'principal:0', 'principal:a', '0-100'])('refuses %j', (text) => {
    expect(() => parsedDirections(text)).toThrow(/^traverse: expected/);
  });
});

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
