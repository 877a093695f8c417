/** @file Shape rules of operators that select, split or repeat elements. */
import { numberAttribute } from '../graph/attributes.js';
import { dimProduct, dimQuotient, openSize } from '../graph/dims.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, outputOf, type Dim, type Node, type Shape } from '../graph/graph.js';
import { axisWithin, first, shaped, shapeOfAtLeast, type KnownValues, type ShapeRule } from './rule.js';

export const gather: ShapeRule = (node, types) => {
  const [shape, indices] = [types.shape(inputOf(node)), types.shape(inputOf(node, 1))];
  if (!shape || !indices) return shaped(node, types, undefined);
  const axis = axisWithin(node, numberAttribute(node, 'axis', 0), shape.length);
  return shaped(node, types, shape.toSpliced(axis, 1, ...indices));
};

export const gatherElements: ShapeRule = (node, types) => shaped(node, types, types.shape(inputOf(node, 1)));

export const gatherND: ShapeRule = (node, types) => {
  const [shape, indices] = [types.shape(inputOf(node)), types.shape(inputOf(node, 1))];
  const depth = indices?.at(-1);
  if (!shape || !indices || typeof depth !== 'number') return shaped(node, types, undefined);
  const rest = shape.slice(numberAttribute(node, 'batch_dims', 0) + depth);
  return shaped(node, types, [...indices.slice(0, -1), ...rest]);
};

/** Positions [N, …places, axes] in X [N, C, …sizes] give [N, C, …places]. */
export const gridSample: ShapeRule = (node, types) => {
  const [shape, grid] = [shapeOfAtLeast(node, types, 0, 3), shapeOfAtLeast(node, types, 1, 3)];
  if (!shape || !grid) return shaped(node, types, undefined);
  return shaped(node, types, [shape[0] as Dim, shape[1] as Dim, ...grid.slice(1, -1)]);
};

/** The sizes of a Split's outputs along its axis; undefined if they are unknown. */
export function splitSizes(node: Node, types: KnownValues, size: Dim): readonly Dim[] | undefined {
  if (node.inputs[1]) return types.contents(node.inputs[1]);
  const part = dimQuotient(size, node.outputs.length);
  return part === undefined ? undefined : node.outputs.map(() => part);
}

export const split: ShapeRule = (node, types) => {
  const [input, shape] = [first(node, types), types.shape(inputOf(node))];
  if (!input || !shape) return [];
  const axis = axisWithin(node, numberAttribute(node, 'axis', 0), shape.length);
  const sizes = splitSizes(node, types, shape[axis] as Dim);
  return node.outputs.map((name, index) => {
    const open = openSize(name, axis);
    return { type: input.type, shape: shape.with(axis, sizes?.[index] ?? open) };
  });
};

export const tile: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const repeats = types.contents(inputOf(node, 1));
  return shaped(node, types, repeats && shape?.map((dim, axis) => dimProduct([dim, repeats[axis]])));
};

export const topK: ShapeRule = (node, types) => {
  const [input, shape] = [first(node, types), types.shape(inputOf(node))];
  const count = types.contents(inputOf(node, 1))?.[0];
  if (!input || !shape) return [];
  const axis = axisWithin(node, numberAttribute(node, 'axis', -1), shape.length);
  const output: Shape = shape.with(axis, count ?? openSize(outputOf(node), axis));
  return [
    { type: input.type, shape: output },
    { type: 'int64', shape: output },
  ];
};

export const nonZero: ShapeRule = (node, types) => {
  const rank = types.shape(inputOf(node))?.length;
  const count = openSize(outputOf(node), 'count');
  return [{ type: 'int64', ...(rank !== undefined && { shape: [rank, count] }) }];
};

/** The blocks of DepthToSpace and SpaceToDepth. @throws InputError where sizes do not divide by them */
function divided(node: Node, size: Dim, divisor: number, what: string): Dim {
  const quotient = dimQuotient(size, divisor);
  if (quotient !== undefined) return quotient;
  throw new InputError(`${nodeLabel(node)}: ${size} ${what} do not divide by ${divisor}`);
}

export const depthToSpace: ShapeRule = (node, types) => {
  const shape = shapeOfAtLeast(node, types, 0, 4);
  if (!shape) return shaped(node, types, undefined);
  const block = numberAttribute(node, 'blocksize');
  const channels = divided(node, shape[1] as Dim, block * block, 'channels');
  return shaped(node, types, [shape[0] as Dim, channels, ...shape.slice(2).map((dim) => dimProduct([dim, block]))]);
};

export const spaceToDepth: ShapeRule = (node, types) => {
  const shape = shapeOfAtLeast(node, types, 0, 4);
  if (!shape) return shaped(node, types, undefined);
  const block = numberAttribute(node, 'blocksize');
  const sizes = shape.slice(2).map((dim) => divided(node, dim, block, 'rows or columns'));
  return shaped(node, types, [shape[0] as Dim, dimProduct([shape[1] as Dim, block * block]), ...sizes]);
};
