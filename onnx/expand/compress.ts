/** @file Compress as Gather. */
import { numberAttribute } from '../graph/attributes.js';
import { inputOf } from '../graph/graph.js';
import type { Expansion } from './expansion.js';

/** The elements along an axis, or of the flattened tensor, whose condition holds. */
export const compress: Expansion = (node, b) => {
  const rows = b.op('Reshape', [b.op('NonZero', [inputOf(node, 1)]), b.ints([-1])], {}, 'rows');
  const axis = node.attributes['axis'] && numberAttribute(node, 'axis');
  const data = axis === undefined ? b.op('Reshape', [inputOf(node), b.ints([-1])]) : inputOf(node);
  return [b.op('Gather', [data, rows], { axis: axis ?? 0 })];
};
