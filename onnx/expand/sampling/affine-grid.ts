/** @file AffineGrid: the positions of a picture or volume, through affine maps. */
import { numberAttribute } from '../../graph/attributes.js';
import { elementCount, inputOf, nodeLabel } from '../../graph/graph.js';
import { expectWithin } from '../../graph/limits.js';
import { float32Tensor } from '../../graph/tensor.js';
import { fixedSize, notExpanded, type Expansion } from '../expansion.js';

/** θ [N, axes, axes + 1] at the positions of sizes [N, C, …sizes]: [N, …sizes, axes]; a position's last axis comes first. */
export const affineGrid: Expansion = (node, b) => {
  const theta = inputOf(node);
  const stated = b.types.contents(inputOf(node, 1));
  if (!stated) throw notExpanded(node, 'a size that is not constant');
  const sizes = stated.slice(2).map((size) => fixedSize(node, size, 'its picture'));
  const aligned = numberAttribute(node, 'align_corners', 0) === 1;
  const position = (at: number, size: number) => {
    if (!aligned) return (2 * at + 1) / size - 1;
    return size === 1 ? 0 : (2 * at) / (size - 1) - 1;
  };
  const count = elementCount(sizes);
  expectWithin('ruleElements', count * (sizes.length + 1), nodeLabel(node));
  const points = Array.from({ length: count }, (_, flat) => {
    let rest = flat;
    const place = sizes.toReversed().map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return position(at, size);
    });
    return [...place, 1];
  }).flat();
  const constant = b.op('Constant', [], { value: float32Tensor(points, [count, sizes.length + 1]) }, 'points');
  const moved = b.matMul(b.castLike(constant, theta), b.transpose(theta, [0, 2, 1]), 'moved');
  return [b.reshape(moved, [-1, ...sizes, sizes.length])];
};
