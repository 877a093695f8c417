/** @file Shape rules of operators that detect, pool regions, or place elements one-hot; and of random numbers. */
import { intsAttribute, numberAttribute } from '../graph/attributes.js';
import { dimProduct, dimSum, openSize, positiveAxis } from '../graph/dims.js';
import { dataTypeOf } from '../files/storage.js';
import { inputOf, outputOf, type Dim, type Node, type ValueType } from '../graph/graph.js';
import { first, shaped, shapeOfAtLeast, type KnownValues, type ShapeRule } from './rule.js';

/** Boxes that are kept: [open, 3]. */
export const nonMaxSuppression: ShapeRule = (node) => [
  { type: 'int64', shape: [openSize(outputOf(node), 'boxes'), 3] },
];

/** [regions, C, height, width], by an attribute for both sizes or one for each. */
export const regionPooling: ShapeRule = (node, types) => {
  const [shape, regions] = [shapeOfAtLeast(node, types, 0, 4), types.shape(inputOf(node, 1))];
  if (!shape || !regions) return shaped(node, types, undefined);
  const sizes = intsAttribute(node, 'pooled_shape') ?? [
    numberAttribute(node, 'output_height', 1),
    numberAttribute(node, 'output_width', 1),
  ];
  return shaped(node, types, [regions[0] as Dim, shape[1] as Dim, ...sizes]);
};

/** A size that MaxPool made of another, or the one that is stated. */
export const maxUnpool: ShapeRule = (node, types) => {
  const shape = shapeOfAtLeast(node, types, 0, 3);
  if (!shape) return shaped(node, types, undefined);
  if (inputOf(node, 2)) return shaped(node, types, types.contents(inputOf(node, 2)));
  const kernel = intsAttribute(node, 'kernel_shape') ?? [];
  const pads = intsAttribute(node, 'pads') ?? [];
  const sizes = shape.slice(2).map((size, axis) => {
    const stride = intsAttribute(node, 'strides')?.[axis] ?? 1;
    const cut = (pads[axis] ?? 0) + (pads[axis + kernel.length] ?? 0);
    return dimSum([dimProduct([size, stride]), (kernel[axis] as number) - stride - cut]);
  });
  return shaped(node, types, [...shape.slice(0, 2), ...sizes]);
};

/** An axis of `depth` between those of the indices. */
export const oneHot: ShapeRule = (node, types) => {
  const type = types.get(inputOf(node, 2))?.type;
  const shape = types.shape(inputOf(node));
  if (!type || !shape) return type ? [{ type }] : [];
  const axis = numberAttribute(node, 'axis', -1);
  const depth = types.contents(inputOf(node, 1))?.[0] ?? openSize(outputOf(node), 'depth');
  return [{ type, shape: shape.toSpliced(axis < 0 ? axis + shape.length + 1 : axis, 0, depth) }];
};

/**
 * The contents of OneHot, with which exporters say how often each axis is repeated (`repeat_interleave`).
 * @returns undefined where an input is not known, and for more than a list of rows
 */
export function oneHotContents(node: Node, types: KnownValues): readonly Dim[] | undefined {
  const [indices, depths, values] = [0, 1, 2].map((at) => types.contents(inputOf(node, at)));
  const rank = types.shape(inputOf(node))?.length ?? 2;
  const [depth] = depths ?? [];
  const [off, on] = values ?? [];
  if (!indices || typeof depth !== 'number' || off === undefined || on === undefined || rank > 1) return undefined;
  if (positiveAxis(numberAttribute(node, 'axis', -1), rank + 1) !== rank) return undefined;
  if (!indices.every((index) => typeof index === 'number')) return undefined;
  return indices.flatMap((index) =>
    Array.from({ length: depth }, (_, at) => (at === positiveAxis(index, depth) ? on : off)),
  );
}

/** Elements whose condition holds: an open number of them along the axis, or of all. */
export const compress: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const count = openSize(outputOf(node), 'count');
  if (!node.attributes['axis']) return shaped(node, types, [count]);
  return shaped(node, types, shape?.with(numberAttribute(node, 'axis'), count));
};

/** The element type that an attribute states, or another. */
function statedType(node: Node, usual: ValueType['type'] | undefined): ValueType['type'] | undefined {
  return node.attributes['dtype'] ? dataTypeOf(numberAttribute(node, 'dtype')) : usual;
}

/** Like the input, of the type that is stated: random numbers, and the identity matrix. */
export const likeInput: ShapeRule = (node, types: KnownValues) => {
  const input = first(node, types);
  const type = statedType(node, input?.type);
  return type ? [{ ...input, type }] : [];
};

/** Random numbers of stated sizes, float32 where no type is stated. */
export const random: ShapeRule = (node) => [
  { type: statedType(node, 'float32') ?? 'float32', shape: intsAttribute(node, 'shape') ?? [] },
];
