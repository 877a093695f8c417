/** @file Moving, zooming and blurring a picture as matrices [side, side], one for each axis. The picture goes on at the other side. */
import type { Random } from '../../../inference/numeric/random.js';

/** How far a picture is moved at random in each step. */
export interface Motion {
  /** Pixels, at most, along each axis. */
  jitter: number;
  /** Factor, at most, by which it is enlarged or made smaller: 0.1 for 0.9…1.1. */
  zoom: number;
}

/**
 * The matrix that moves an axis: pixel i becomes what is at (i − middle) / factor + middle + shift, linear between two pixels.
 */
export function movedAxis(side: number, { factor, shift }: { factor: number; shift: number }): Float32Array {
  const matrix = new Float32Array(side * side);
  const middle = (side - 1) / 2;
  const around = (at: number) => ((at % side) + side) % side;
  for (let i = 0; i < side; i++) {
    const at = (i - middle) / factor + middle + shift;
    const first = Math.floor(at);
    for (const [pixel, share] of [
      [first, 1 - (at - first)],
      [first + 1, at - first],
    ] as const)
      matrix[i * side + around(pixel)] = (matrix[i * side + around(pixel)] as number) + share;
  }
  return matrix;
}

/** The matrix that blurs an axis by a Gaussian of this standard deviation; none for 0. */
export function blurredAxis(side: number, std: number): Float32Array {
  const reach = Math.ceil(3 * std);
  const taps = Array.from({ length: 2 * reach + 1 }, (_, at) =>
    std === 0 ? 1 : Math.exp(-((at - reach) ** 2) / (2 * std ** 2)),
  );
  const sum = taps.reduce((a, b) => a + b, 0);
  const matrix = new Float32Array(side * side);
  for (let i = 0; i < side; i++)
    taps.forEach((tap, at) => {
      const pixel = (((i + at - reach) % side) + side) % side;
      matrix[i * side + pixel] = (matrix[i * side + pixel] as number) + tap / sum;
    });
  return matrix;
}

/** The matrices of a random move: rows [H, H], and columns [W, W], which multiplies from the right. */
export function randomMove(
  { height, width }: { height: number; width: number },
  { jitter, zoom }: Motion,
  random: Random,
): { rows: Float32Array; columns: Float32Array } {
  const factor = 1 + zoom * (2 * random.uniform() - 1);
  const shift = () => random.integer(2 * jitter + 1) - jitter;
  const rows = movedAxis(height, { factor, shift: shift() });
  return { rows, columns: transposed(movedAxis(width, { factor, shift: shift() }), width) };
}

/** A square matrix turned. */
export const transposed = (matrix: Float32Array, side: number): Float32Array =>
  matrix.map((_, at) => matrix[(at % side) * side + Math.floor(at / side)] as number);
