/** @file Shape rules of operators that reshape, move, slice or pad. */
import { intsAttribute, numberAttribute, tensorAttribute } from '../graph/attributes.js';
import { dimProduct, dimQuotient, dimScaled, dimSum, openSize, positiveAxis } from '../graph/dims.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, outputOf, type Dim, type Shape } from '../graph/graph.js';
import { axesOf, axisWithin, broadcastShape, shaped, type ShapeRule } from './rule.js';

export const reshape: ShapeRule = (node, types) => {
  const input = types.shape(inputOf(node));
  const target = types.contents(inputOf(node, 1));
  if (!target) return shaped(node, types, undefined);
  const zeroIsZero = numberAttribute(node, 'allowzero', 0) === 1;
  const open = (axis: number) => openSize(outputOf(node), axis);
  const sizes = target.map((dim, axis): Dim => (dim === 0 && !zeroIsZero ? (input?.[axis] ?? open(axis)) : dim));
  const free = sizes.indexOf(-1);
  if (free < 0) return shaped(node, types, sizes);
  const rest = dimProduct(sizes.toSpliced(free, 1));
  const size = input && dimQuotient(dimProduct(input), rest);
  return shaped(node, types, sizes.with(free, size ?? open(free)));
};

export const flatten: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  if (!shape) return shaped(node, types, undefined);
  const axis = positiveAxis(numberAttribute(node, 'axis', 1), shape.length);
  return shaped(node, types, [dimProduct(shape.slice(0, axis)), dimProduct(shape.slice(axis))]);
};

export const transpose: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const order = intsAttribute(node, 'perm') ?? shape?.map((_, axis) => shape.length - 1 - axis);
  return shaped(node, types, shape && order?.map((axis) => shape[axisWithin(node, axis, shape.length)] as Dim));
};

export const squeeze: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const axes = axesOf(node, types);
  if (!shape || (!axes && node.inputs[1])) return shaped(node, types, undefined);
  const removed = axes?.map((axis) => axisWithin(node, axis, shape.length));
  return shaped(
    node,
    types,
    shape.filter((dim, axis) => (removed ? !removed.includes(axis) : dim !== 1)),
  );
};

export const unsqueeze: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const axes = axesOf(node, types);
  if (!shape || !axes) return shaped(node, types, undefined);
  const rank = shape.length + axes.length;
  const inserted = new Set(axes.map((axis) => axisWithin(node, axis, rank)));
  const rest = [...shape];
  return shaped(
    node,
    types,
    Array.from({ length: rank }, (_, axis) => (inserted.has(axis) ? 1 : (rest.shift() as Dim))),
  );
};

export const concat: ShapeRule = (node, types) => {
  const shapes = node.inputs.map((name) => types.shape(name));
  const rank = shapes.find((shape) => shape)?.length;
  if (rank === undefined || shapes.includes(undefined)) return shaped(node, types, undefined);
  const axis = axisWithin(node, numberAttribute(node, 'axis'), rank);
  const total = dimSum(shapes.map((shape) => shape?.[axis] as Dim));
  return shaped(node, types, (shapes[0] as Shape).with(axis, total));
};

export const slice: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const [starts, ends] = [types.integers(node.inputs[1]), types.integers(node.inputs[2])];
  const axes = node.inputs[3] ? types.integers(node.inputs[3]) : starts?.map((_, axis) => axis);
  const steps = node.inputs[4] ? types.integers(node.inputs[4]) : starts?.map(() => 1);
  if (!shape || !starts || !ends || !axes || !steps) return shaped(node, types, undefined);
  const sizes: Dim[] = [...shape];
  axes.forEach((at, index) => {
    const axis = axisWithin(node, at, shape.length);
    if (steps[index] === 0) throw new InputError({ name: nodeLabel(node), expected: 'steps other than 0' });
    const bounds = sliceBounds(
      shape[axis] as Dim,
      starts[index] as number,
      ends[index] as number,
      steps[index] as number,
    );
    sizes[axis] = bounds?.length ?? openSize(outputOf(node), axis);
  });
  return shaped(node, types, sizes);
};

/** Start, step and number of the elements that a slice takes; undefined where the size is symbolic and matters. */
export function sliceBounds(
  size: Dim,
  start: number,
  end: number,
  step: number,
): { start: number; length: Dim; step: number } | undefined {
  if (typeof size !== 'number') {
    return step === 1 && start === 0 && end >= 2 ** 31 - 1 ? { start, length: size, step } : undefined;
  }
  const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + size : at, low), high);
  const from = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const to = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  return { start: from, length: Math.max(0, Math.ceil((to - from) / step)), step };
}

export const pad: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const pads = types.integers(node.inputs[1]);
  if (!shape || !pads) return shaped(node, types, undefined);
  return shaped(
    node,
    types,
    shape.map((dim, axis) => dimSum([dim, pads[axis] as number, pads[axis + shape.length] as number])),
  );
};

export const resize: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const sizes = node.inputs[3] ? types.contents(node.inputs[3]) : undefined;
  if (sizes) return shaped(node, types, sizes);
  const scales = types.numbers(node.inputs[2]);
  if (!shape || scales?.length !== shape.length) return shaped(node, types, undefined);
  return shaped(
    node,
    types,
    shape.map((dim, axis) => dimScaled(dim, scales[axis] as number)),
  );
};

export const expand: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const target = types.contents(inputOf(node, 1));
  return shaped(node, types, shape && target && broadcastShape([shape, target], nodeLabel(node)));
};

export const constantOfShape: ShapeRule = (node, types) => {
  const shape = types.contents(inputOf(node));
  return [{ type: tensorAttribute(node, 'value')?.type ?? 'float32', ...(shape && { shape }) }];
};

export const shapeOf: ShapeRule = (node, types) => {
  const rank = types.shape(inputOf(node))?.length;
  if (rank === undefined) return [{ type: 'int64' }];
  const clamp = (at: number) => Math.min(Math.max(positiveAxis(at, rank), 0), rank);
  const length = clamp(numberAttribute(node, 'end', rank)) - clamp(numberAttribute(node, 'start', 0));
  return [{ type: 'int64', shape: [Math.max(0, length)] }];
};

export const range: ShapeRule = (node, types) => {
  const [start, limit, delta] = node.inputs.map((name) => types.contents(name)?.[0]);
  const length =
    typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number'
      ? Math.max(0, Math.ceil((limit - start) / delta))
      : start === 0 && delta === 1
        ? limit
        : undefined;
  return shaped(node, types, [length ?? openSize(outputOf(node), 'count')]);
};

export const sizeOf: ShapeRule = () => [{ type: 'int64', shape: [] }];
