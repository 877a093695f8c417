/** @file Shapes of values that scale channels. */
import type { Shape } from '../../graph/graph.js';

/**
 * Whether a shape [], [1], [C, 1, 1] or [1, C, 1, 1] scales all or each of C channels, of pictures [N, C, h, w] and of weights
 * [M, C, h, w] alike.
 */
export function isPerChannel(shape: Shape | undefined, channels: number): boolean {
  if (!shape || shape.length > 4) return false;
  const [first = 1, own = 1, ...places] = [...Array<number>(4 - shape.length).fill(1), ...shape];
  return first === 1 && (own === 1 || own === channels) && places.every((size) => size === 1);
}
