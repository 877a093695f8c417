/** @file Latents between four corners: a two-dimensional grid. */
import { interpolations, type InterpolationMode } from './interpolate.js';

/**
 * The latents of a grid whose corners are given; each row runs between points of the left and the right edge.
 * @param corners top left, top right, bottom left and bottom right, [4, Z]
 * @param columns at least 1
 * @param rows at least 1
 * @returns [rows·columns, Z], row by row
 */
export function cornerLatents(
  corners: Float32Array,
  { columns, rows, mode }: { columns: number; rows: number; mode: InterpolationMode },
): Float32Array {
  const latentDim = corners.length / 4;
  const between = interpolations[mode];
  const [topLeft, topRight, bottomLeft, bottomRight] = [0, 1, 2, 3].map((i) =>
    corners.subarray(i * latentDim, (i + 1) * latentDim),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const at = (index: number, count: number) => (count === 1 ? 0 : index / (count - 1));
  const latents = new Float32Array(rows * columns * latentDim);
  for (let row = 0; row < rows; row++) {
    const [left, right] = [between(topLeft, bottomLeft, at(row, rows)), between(topRight, bottomRight, at(row, rows))];
    for (let column = 0; column < columns; column++) {
      latents.set(between(left, right, at(column, columns)), (row * columns + column) * latentDim);
    }
  }
  return latents;
}
