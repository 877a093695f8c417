/** @file Products with a matrix along one axis. */
import type { GraphBuilder } from './build.js';

/** y = M·x along one axis of x, with a matrix M [output, size]. */
export function multipliedAlong(b: GraphBuilder, matrix: string, value: string, axis: number): string {
  const rank = b.shape(value).length;
  if (axis === rank - 2) return b.matMul(matrix, value);
  const columns = b.transpose(matrix, [1, 0]);
  if (axis === rank - 1) return b.matMul(value, columns);
  const order = Array.from({ length: rank }, (_, index) => index);
  const swapped = order.with(axis, rank - 1).with(rank - 1, axis);
  return b.transpose(b.matMul(b.transpose(value, swapped), columns), swapped);
}
