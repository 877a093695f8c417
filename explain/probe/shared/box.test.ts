/** @file Boxes of pictures, and how far pictures are enlarged to show them. */
import { expect, it } from 'vitest';
import { enlargedPicture } from '../../../inference/pictures/resize.js';
import { factorTo } from './box.js';

it.each([
  [{ width: 32, height: 16 }, 6],
  [{ width: 300, height: 300 }, 1],
  [{ width: 2, height: 1 }, 64],
])('factorTo(%j, 192) is %i, by which pictures can be enlarged', ({ width, height }, factor) => {
  expect(factorTo({ width, height }, 192)).toBe(factor);
  const large = enlargedPicture({ width, height, channels: 1, data: new Uint8Array(width * height) }, factor);
  expect(large.width).toBe(factor * width);
});
