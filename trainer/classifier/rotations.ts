/** @file Pictures turned by quarters: what a network learns to tell without labels (Gidaris et al. 2018). */

/** Quarters of a turn, counter-clockwise. */
export const QUARTERS = [0, 1, 2, 3] as const;

/**
 * Pictures [N, C, S, S], each turned counter-clockwise.
 * @param turns quarters of a turn, one number per picture
 */
export function rotated(pictures: Float32Array, size: number, turns: readonly number[]): Float32Array {
  const plane = size * size;
  const planes = pictures.length / turns.length / plane;
  const found = new Float32Array(pictures.length);
  turns.forEach((quarters, picture) => {
    for (let channel = 0; channel < planes; channel++) {
      const start = (picture * planes + channel) * plane;
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++)
          found[start + row * size + column] = pictures[start + sourceOf(row, column, size, quarters)] as number;
    }
  });
  return found;
}

/** Where the pixel that comes to (row, column) was. */
function sourceOf(row: number, column: number, size: number, quarters: number): number {
  const last = size - 1;
  if (quarters === 1) return column * size + (last - row);
  if (quarters === 2) return (last - row) * size + (last - column);
  if (quarters === 3) return (last - column) * size + row;
  return row * size + column;
}
