/** @file Turning pictures by quarters. */
import { expect, it } from 'vitest';
import { rotated } from './rotations.js';

it('rotated(pictures, size, turns) turns each picture counter-clockwise by its quarters', () => {
  const picture = [1, 2, 3, 4];
  const found = rotated(Float32Array.from([...picture, ...picture, ...picture, ...picture]), 2, [0, 1, 2, 3]);
  expect([...found]).toEqual([1, 2, 3, 4, 2, 4, 1, 3, 4, 3, 2, 1, 3, 1, 4, 2]);
});
