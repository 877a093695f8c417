/** @file DeformConv: the picture sampled at moved positions, one 1×1 convolution for each element of the kernel. */
import { intsAttribute, numberAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { nodeLabel, type Node } from '../../graph/graph.js';
import { expectWithin } from '../../graph/limits.js';
import { float32Tensor } from '../../graph/tensor.js';
import { fixedSize, notExpanded, type Expansion } from '../expansion.js';

/** X [N, C, H, W], W [M, C / group, kh, kw], offsets [N, groups · kh · kw · 2, h, w], then bias and mask. */
export const deformConv: Expansion = (node, b) => {
  const [data, weights, offsets, bias, mask] = node.inputs as [string, string, string, string?, string?];
  const sizes = fixedSizes(node, b, data);
  if (sizes.length !== 2) throw notExpanded(node, `an input of ${sizes.length} axes of positions`);
  const places = fixedSizes(node, b, offsets);
  const kernel = fixedSizes(node, b, weights) as [number, number];
  const groups = numberAttribute(node, 'offset_group', 1);
  const channels = fixedSize(node, b.types.knownShape(data, node)[1], 'its channels');
  const count = kernel[0] * kernel[1];
  expectWithin('unrolledSteps', count * groups, nodeLabel(node));
  const parts =
    groups === 1 ? [data] : b.ops('Split', [data, b.ints(equal(groups, channels / groups))], groups, { axis: 1 });
  const moves = b.reshape(offsets, [-1, groups * count * 2, ...places]);
  const columns = b.reshape(weights, [...b.types.knownShape(weights, node).slice(0, 2), count, 1], 'columns');
  const plane = (value: string, at: number) => b.op('Gather', [value, b.scalar(at, 'int64')], { axis: 1 });
  const terms = Array.from({ length: count }, (_, element) => {
    const sampled = parts.map((part, group) => {
      const at = group * count + element;
      const starts = startsOf(node, kernel, places, element);
      const position = (axis: number) =>
        normalised(b, b.add(plane(moves, 2 * at + axis), starts(b, axis)), sizes[axis] as number);
      // A position's last axis comes first.
      const axes = [1, 0].map((axis) => b.op('Unsqueeze', [position(axis), b.ints([-1])]));
      const grid = b.op('Concat', axes, { axis: -1 }, 'grid');
      const picked = b.op('GridSample', [part, grid], { mode: 'bilinear', padding_mode: 'zeros' });
      return mask ? b.mul(picked, b.op('Unsqueeze', [plane(mask, at), b.ints([1])])) : picked;
    });
    const joined = sampled.length === 1 ? (sampled[0] as string) : b.op('Concat', sampled, { axis: 1 });
    const column = b.op('Slice', [columns, b.ints([element]), b.ints([element + 1]), b.ints([2])]);
    return b.op('Conv', [joined, column], { kernel_shape: [1, 1], group: numberAttribute(node, 'group', 1) }, 'term');
  });
  const sum = terms.length === 1 ? (terms[0] as string) : b.op('Sum', terms, {}, 'sum');
  return [bias ? b.add(sum, b.reshape(bias, [-1, 1, 1])) : sum];
};

const equal = (count: number, size: number) => Array.from({ length: count }, () => size);

/** The sizes after batch and channels. */
function fixedSizes(node: Node, b: GraphBuilder, value: string): number[] {
  return b.types
    .knownShape(value, node)
    .slice(2)
    .map((size) => fixedSize(node, size, `"${value}"`));
}

/** Where an element of the kernel stands before it is moved, for each place of the output: [h, 1] or [1, w]. */
function startsOf(node: Node, kernel: readonly number[], places: readonly number[], element: number) {
  const attribute = (name: string, usual: readonly number[]) => intsAttribute(node, name) ?? usual;
  const [strides, dilations] = [attribute('strides', [1, 1]), attribute('dilations', [1, 1])];
  const pads = attribute('pads', [0, 0, 0, 0]);
  const within = [Math.floor(element / (kernel[1] as number)), element % (kernel[1] as number)];
  return (b: GraphBuilder, axis: number): string => {
    const first = (within[axis] as number) * (dilations[axis] as number) - (pads[axis] as number);
    const length = places[axis] as number;
    const starts = Array.from({ length }, (_, at) => at * (strides[axis] as number) + first);
    return b.op('Constant', [], { value: float32Tensor(starts, axis === 0 ? [length, 1] : [1, length]) }, 'starts');
  };
}

/** Pixels as positions of GridSample: (2u + 1) / size − 1. */
function normalised(b: GraphBuilder, position: string, size: number): string {
  const scaled = b.mul(position, b.scalar(2 / size));
  return b.add(scaled, b.scalar(1 / size - 1));
}
