/** @file Grids of pictures. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { pictureGrid } from './grid.js';
import type { Picture } from './pictures.js';

const flat = (level: number, width = 2, height = 1, channels: 1 | 3 = 1): Picture => ({
  width,
  height,
  channels,
  data: new Uint8Array(width * height * channels).fill(level),
});

describe('pictureGrid(pictures, columns)', () => {
  it('sets pictures row by row with padding between and around', () => {
    const grid = pictureGrid([flat(1), flat(2), flat(3)], 2, { padding: 1, background: 9 });
    expect(grid).toEqual({
      width: 7,
      height: 5,
      channels: 1,
      data: Uint8Array.from(
        [
          [9, 9, 9, 9, 9, 9, 9],
          [9, 1, 1, 9, 2, 2, 9],
          [9, 9, 9, 9, 9, 9, 9],
          [9, 3, 3, 9, 9, 9, 9],
          [9, 9, 9, 9, 9, 9, 9],
        ].flat(),
      ),
    });
  });

  it('pads with two black pixels as torchvision does, and is no wider than its pictures', () => {
    const grid = pictureGrid([flat(255, 64, 64, 3), flat(255, 64, 64, 3)], 8);
    expect([grid.width, grid.height, grid.channels]).toEqual([2 * 66 + 2, 68, 3]);
    expect([grid.data[0], grid.data[(2 * grid.width + 2) * 3]]).toEqual([0, 255]);
    expect(pictureGrid([flat(5)], 1, { padding: 0 })).toEqual(flat(5));
  });

  it('refuses no pictures, no columns and mixed sizes', () => {
    expect(() => pictureGrid([], 2)).toThrow(InputError);
    expect(() => pictureGrid([flat(1)], 0)).toThrow(InputError);
    expect(() => pictureGrid([flat(1), flat(1, 3)], 2)).toThrow(/^grid: expected pictures of 2×1×1; got 3×1×1/);
  });
});
