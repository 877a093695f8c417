/** @file Helpers for gradient rules. Sizes may be symbolic. */
import type { GraphBuilder } from '../../build/build.js';
import { isStatic, sameShape } from '../../graph/dims.js';
import { InputError } from '../../errors.js';
import { elementCount, nodeLabel, type DataType, type Node, type Shape, type ValueType } from '../../graph/graph.js';
import type { Backward, GradientRule } from './rule.js';

/** A rule with one expression per input, built only where that input's gradient is wanted. */
export function perInput(...parts: readonly ((backward: Backward) => string)[]): GradientRule {
  return (backward) =>
    backward.x.map((_, index) => {
      const part = parts[index];
      return part && backward.wanted(index) ? part(backward) : null;
    });
}

/** dx = dy · f′, with f′ from the input x and the output y = f(x). */
export const unary = (derivative: (b: GraphBuilder, x: string, y: string, node: Node) => string): GradientRule =>
  perInput(({ node, b, x, y, g }) => b.mul(g, derivative(b, x[0], y[0], node)));

/** float16, bfloat16, float32 or float64. */
export function isFloat(type: DataType | undefined): boolean {
  return type === 'float32' || type === 'float64' || type === 'float16' || type === 'bfloat16';
}

/** The elements of `value` in the shape of `like`. */
export function reshapedLike(b: GraphBuilder, value: string, like: string): string {
  const shape = b.shape(like);
  return shape.filter((dim) => typeof dim === 'string').length <= 1
    ? b.reshape(value, shape)
    : b.op('Reshape', [value, b.op('Shape', [like])]);
}

/** `value` with the shape of `like`. Both have the same shape at run time, but shape inference may not know it. */
export function sizedLike(b: GraphBuilder, value: string, like: string): string {
  return sameShape(b.types.shape(value), b.shape(like)) ? value : reshapedLike(b, value, like);
}

/** `value` repeated along the axes where `like` is larger. */
export function expandedLike(b: GraphBuilder, value: string, like: string): string {
  return b.op('Expand', [value, sizesOf(b, like)]);
}

/** The sizes of `value` as an int64 tensor: a constant where all are known. */
export function sizesOf(b: GraphBuilder, value: string): string {
  const shape = b.types.shape(value);
  return isStatic(shape) ? b.ints(shape) : b.op('Shape', [value]);
}

/** A node whose type is stated: with axes or bounds that are found at run time it cannot be inferred. */
export function opOfType(
  b: GraphBuilder,
  op: string,
  inputs: readonly string[],
  value: ValueType,
  attributes: Node['attributes'] = {},
): string {
  const name = b.unique(op);
  b.graph.valueInfo.set(name, { name, value });
  b.append({ op, domain: '', name, inputs, outputs: [name], attributes });
  return name;
}

/** The number of elements of `value` along some axes, as a scalar of its type. */
export function countAlong(b: GraphBuilder, value: string, axes: readonly number[]): string {
  const sizes: Shape = axes.map((axis) => b.shape(value)[axis] ?? 1);
  if (isStatic(sizes)) return b.scalarLike(value, elementCount(sizes));
  const along = b.op('Gather', [b.op('Shape', [value]), b.ints(axes)]);
  return b.castLike(b.op('ReduceProd', [along], { keepdims: 0 }, 'count'), value);
}

/**
 * The gradient of picking rows along an axis: zeros in which row `rows[i]` along `axis` is the sum of all rows i of `g`.
 * @param rows int64 or int32 of rank 1; negative ones count from the end
 * @param like has the size along `axis` that the result gets; its other sizes are those of `g`
 */
export function scatterAdded(b: GraphBuilder, g: string, rows: string, axis: number, like: string): string {
  const rank = b.shape(like).length;
  const size = (value: string, start: number, end: number) => b.op('Shape', [value], { start, end });
  const sizes = b.op('Concat', [size(g, 0, axis), size(like, axis, axis + 1), size(g, axis + 1, rank)], { axis: 0 });
  const zeros = b.op('Expand', [b.scalarLike(g, 0), sizes], {}, 'zeros');
  const column = b.op('Reshape', [rows, b.ints([-1, ...Array.from({ length: rank - 1 - axis }, () => 1)])]);
  const indices = b.op('Expand', [column, b.op('Shape', [g])], {}, 'indices');
  return b.op('ScatterElements', [zeros, indices, g], { axis, reduction: 'add' }, 'scattered');
}

/** Sizes after batch and channels. @throws InputError where one is symbolic: windows over them cannot be counted */
export function spatialSizes(shape: Shape, node: Node): number[] {
  return shape.slice(2).map((size) => {
    if (typeof size === 'number') return size;
    throw new InputError(`${nodeLabel(node)}: differentiating needs a fixed picture size; got "${size}"`);
  });
}
