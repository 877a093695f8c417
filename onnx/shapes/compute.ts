/** @file Shape rules of element-wise operators, reductions, windows and matrix products. */
import { intsAttribute, numberAttribute } from '../graph/attributes.js';
import { dimProduct } from '../graph/dims.js';
import { inputOf, nodeLabel, type Dim, type Node, type Shape, type ValueType } from '../graph/graph.js';
import { dataTypeOf } from '../files/storage.js';
import { transposedOutputSizes, windowOutputSizes } from './windows.js';
import { InputError } from '../errors.js';
import { axesOf, axisWithin, broadcastShape, first, shaped, shapeOfAtLeast, type ShapeRule } from './rule.js';

export const broadcasting: ShapeRule = (node, types) => {
  const shapes = node.inputs.map((name) => types.shape(name));
  if (shapes.includes(undefined)) return shaped(node, types, undefined);
  return shaped(node, types, broadcastShape(shapes as Shape[], nodeLabel(node)));
};

export const comparison: ShapeRule = (node, types) => {
  const shape = broadcasting(node, types)[0]?.shape;
  return [{ type: 'bool', ...(shape && { shape }) }];
};

export const reduction: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  const axes = axesOf(node, types);
  if (!shape || (!axes && node.inputs[1])) return shaped(node, types, undefined);
  const none = axes === undefined || axes.length === 0;
  if (none && numberAttribute(node, 'noop_with_empty_axes', 0) === 1) return shaped(node, types, shape);
  const reduced = new Set((axes ?? []).map((axis) => axisWithin(node, axis, shape.length)));
  const kept = shape.map((dim, axis): Dim | undefined => (none || reduced.has(axis) ? undefined : dim));
  const keep = numberAttribute(node, 'keepdims', 1) === 1;
  return shaped(node, types, keep ? kept.map((dim) => dim ?? 1) : kept.filter((dim) => dim !== undefined));
};

export const argument: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  if (!shape) return [{ type: 'int64' }];
  const axis = axisWithin(node, numberAttribute(node, 'axis', 0), shape.length);
  const keep = numberAttribute(node, 'keepdims', 1) === 1;
  return [{ type: 'int64', shape: keep ? shape.with(axis, 1) : shape.toSpliced(axis, 1) }];
};

export const pooling: ShapeRule = (node, types) => {
  const shape = shapeOfAtLeast(node, types, 0, 3);
  if (!shape) return shaped(node, types, undefined);
  const kernel = intsAttribute(node, 'kernel_shape') ?? [];
  expectSmallPads(node, kernel);
  const output = [...shape.slice(0, 2), ...windowOutputSizes(node, shape.slice(2), kernel)];
  const outputs: ValueType[] = shaped(node, types, output);
  return node.outputs[1] ? [...outputs, { type: 'int64', shape: output }] : outputs;
};

/** @throws InputError if a pad is as large as the window: like runtimes, refuses windows entirely in the padding. */
function expectSmallPads(node: Node, kernel: readonly number[]): void {
  const pads = intsAttribute(node, 'pads') ?? [];
  if (pads.every((pad, at) => pad < (kernel[at % kernel.length] ?? 0))) return;
  const got = `pads [${pads.join()}] around a window of [${kernel.join()}]`;
  throw new InputError({ name: nodeLabel(node), expected: 'pads smaller than the window', got });
}

export const globalPooling: ShapeRule = (node, types) =>
  shaped(
    node,
    types,
    types.shape(inputOf(node))?.map((dim, axis) => (axis < 2 ? dim : 1)),
  );

export const conv: ShapeRule = (node, types) => {
  const [x, w] = [shapeOfAtLeast(node, types, 0, 3), shapeOfAtLeast(node, types, 1, 3)];
  if (!x || !w) return shaped(node, types, undefined);
  const sizes = windowOutputSizes(node, x.slice(2), w.slice(2) as number[]);
  return shaped(node, types, [x[0] as Dim, w[0] as Dim, ...sizes]);
};

export const convTranspose: ShapeRule = (node, types) => {
  const [x, w] = [shapeOfAtLeast(node, types, 0, 3), shapeOfAtLeast(node, types, 1, 3)];
  if (!x || !w) return shaped(node, types, undefined);
  const channels = dimProduct([w[1] as Dim, numberAttribute(node, 'group', 1)]);
  return shaped(node, types, [
    x[0] as Dim,
    channels,
    ...transposedOutputSizes(node, x.slice(2), w.slice(2) as number[]),
  ]);
};

export const matMul: ShapeRule = (node, types) => {
  const [a, b] = [types.shape(inputOf(node)), types.shape(inputOf(node, 1))];
  if (!a || !b || a.length === 0 || b.length === 0) return shaped(node, types, undefined);
  const rows = a.length > 1 ? [a.at(-2) as Dim] : [];
  const columns = b.length > 1 ? [b.at(-1) as Dim] : [];
  return shaped(node, types, [
    ...broadcastShape([a.slice(0, -2), b.slice(0, -2)], nodeLabel(node)),
    ...rows,
    ...columns,
  ]);
};

export const gemm: ShapeRule = (node, types) => {
  const [a, b] = [shapeOfAtLeast(node, types, 0, 2), shapeOfAtLeast(node, types, 1, 2)];
  if (!a || !b) return shaped(node, types, undefined);
  const rows = a[numberAttribute(node, 'transA', 0) ? 1 : 0] as Dim;
  return shaped(node, types, [rows, b[numberAttribute(node, 'transB', 0) ? 0 : 1] as Dim]);
};

export const where: ShapeRule = (node, types) => {
  const shapes = node.inputs.map((name) => types.shape(name));
  const type = types.get(inputOf(node, 1))?.type;
  if (!type) return [];
  return [shapes.includes(undefined) ? { type } : { type, shape: broadcastShape(shapes as Shape[], nodeLabel(node)) }];
};

export const cast: ShapeRule = (node, types) => {
  const shape = types.shape(inputOf(node));
  return [{ type: dataTypeOf(numberAttribute(node, 'to')), ...(shape && { shape }) }];
};

export const dropout: ShapeRule = (node, types) => {
  const input = first(node, types);
  return input && node.outputs[1] ? [input, { ...input, type: 'bool' }] : [input];
};

/** The second and third outputs are mean and inverse standard deviation, with size 1 along the axes that are normalised. */
export const layerNormalization: ShapeRule = (node, types) => {
  const input = first(node, types);
  if (!input?.shape) return [input];
  const from = axisWithin(node, numberAttribute(node, 'axis', -1), input.shape.length);
  const statistics = { type: 'float32' as const, shape: input.shape.map((dim, axis) => (axis < from ? dim : 1)) };
  return [input, statistics, statistics];
};
