/** @file Shape inference: one rule per operator of the dialect (opset 17). */
import { intsAttribute, numberAttribute, tensorAttribute } from './attributes.js';
import { dimProduct, dimQuotient, positiveAxis } from './dims.js';
import { InputError } from './errors.js';
import { nodeLabel, type Dim, type Node, type Shape, type ValueType } from './graph.js';
import { windowOutputSizes, transposedOutputSizes } from './windows.js';
import { dataTypeOf } from './storage.js';
import type { Types } from './types.js';

/** Types of the node's outputs; undefined where nothing can be told. */
export type ShapeRule = (node: Node, types: Types) => readonly (ValueType | undefined)[];

const first = (node: Node, types: Types): ValueType | undefined => types.get(node.inputs[0] ?? '');

/** The first input's element type with another shape. */
const shaped = (node: Node, types: Types, shape: Shape | undefined): ValueType[] => {
  const type = first(node, types)?.type;
  return type ? [{ type, ...(shape && { shape }) }] : [];
};

const sameAsInput: ShapeRule = (node, types) => [first(node, types)];

/** The shape that NumPy broadcasting gives. @throws InputError where sizes do not fit. */
export function broadcastShape(shapes: readonly Shape[], label = 'broadcast'): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1);
    const sizes = new Set(dims.filter((dim) => typeof dim === 'number' && dim !== 1));
    if (sizes.size > 1) {
      throw new InputError(
        `${label}: shapes ${shapes.map((shape) => `[${shape.join()}]`).join(' and ')} do not broadcast`,
      );
    }
    return [...sizes][0] ?? dims.find((dim) => dim !== 1) ?? 1;
  });
}

const broadcasting: ShapeRule = (node, types) => {
  const shapes = node.inputs.map((name) => types.shape(name));
  if (shapes.includes(undefined)) return shaped(node, types, undefined);
  return shaped(node, types, broadcastShape(shapes as Shape[], nodeLabel(node)));
};

const comparison: ShapeRule = (node, types) => {
  const shape = broadcasting(node, types)[0]?.shape;
  return [{ type: 'bool', ...(shape && { shape }) }];
};

/** Axes of a reduction or of Squeeze/Unsqueeze: an input in this dialect for some operators, an attribute for others. */
export function axesOf(node: Node, types: Types): readonly number[] | undefined {
  const input = node.inputs[1];
  return input ? types.integers(input) : intsAttribute(node, 'axes');
}

const reduction: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const axes = axesOf(node, types);
  if (!shape || (!axes && node.inputs[1])) return shaped(node, types, undefined);
  const none = axes === undefined || axes.length === 0;
  if (none && numberAttribute(node, 'noop_with_empty_axes', 0) === 1) return shaped(node, types, shape);
  const reduced = new Set((axes ?? []).map((axis) => positiveAxis(axis, shape.length)));
  const kept = shape.map((dim, axis): Dim | undefined => (none || reduced.has(axis) ? undefined : dim));
  const keep = numberAttribute(node, 'keepdims', 1) === 1;
  return shaped(node, types, keep ? kept.map((dim) => dim ?? 1) : kept.filter((dim) => dim !== undefined));
};

const argument: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  if (!shape) return [{ type: 'int64' }];
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), shape.length);
  const keep = numberAttribute(node, 'keepdims', 1) === 1;
  return [{ type: 'int64', shape: keep ? shape.with(axis, 1) : shape.toSpliced(axis, 1) }];
};

const pooling: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  if (!shape) return shaped(node, types, undefined);
  const kernel = intsAttribute(node, 'kernel_shape') ?? [];
  const output = [...shape.slice(0, 2), ...windowOutputSizes(node, shape.slice(2), kernel)];
  const outputs: ValueType[] = shaped(node, types, output);
  return node.outputs[1] ? [...outputs, { type: 'int64', shape: output }] : outputs;
};

const globalPooling: ShapeRule = (node, types) =>
  shaped(
    node,
    types,
    types.shape(node.inputs[0] as string)?.map((dim, axis) => (axis < 2 ? dim : 1)),
  );

const conv: ShapeRule = (node, types) => {
  const [x, w] = [types.shape(node.inputs[0] as string), types.shape(node.inputs[1] as string)];
  if (!x || !w) return shaped(node, types, undefined);
  const sizes = windowOutputSizes(node, x.slice(2), w.slice(2) as number[]);
  return shaped(node, types, [x[0] as Dim, w[0] as Dim, ...sizes]);
};

const convTranspose: ShapeRule = (node, types) => {
  const [x, w] = [types.shape(node.inputs[0] as string), types.shape(node.inputs[1] as string)];
  if (!x || !w) return shaped(node, types, undefined);
  const channels = dimProduct([w[1] as Dim, numberAttribute(node, 'group', 1)]);
  return shaped(node, types, [
    x[0] as Dim,
    channels,
    ...transposedOutputSizes(node, x.slice(2), w.slice(2) as number[]),
  ]);
};

const matMul: ShapeRule = (node, types) => {
  const [a, b] = [types.shape(node.inputs[0] as string), types.shape(node.inputs[1] as string)];
  if (!a || !b || a.length === 0 || b.length === 0) return shaped(node, types, undefined);
  const rows = a.length > 1 ? [a.at(-2) as Dim] : [];
  const columns = b.length > 1 ? [b.at(-1) as Dim] : [];
  return shaped(node, types, [
    ...broadcastShape([a.slice(0, -2), b.slice(0, -2)], nodeLabel(node)),
    ...rows,
    ...columns,
  ]);
};

const gemm: ShapeRule = (node, types) => {
  const [a, b] = [types.shape(node.inputs[0] as string), types.shape(node.inputs[1] as string)];
  if (!a || !b) return shaped(node, types, undefined);
  const rows = a[numberAttribute(node, 'transA', 0) ? 1 : 0] as Dim;
  return shaped(node, types, [rows, b[numberAttribute(node, 'transB', 0) ? 0 : 1] as Dim]);
};

const reshape: ShapeRule = (node, types) => {
  const input = types.shape(node.inputs[0] as string);
  const target = types.contents(node.inputs[1] as string);
  if (!target) return shaped(node, types, undefined);
  const zeroIsZero = numberAttribute(node, 'allowzero', 0) === 1;
  const sizes = target.map((dim, axis): Dim => (dim === 0 && !zeroIsZero ? (input?.[axis] ?? `unknown_${axis}`) : dim));
  const free = sizes.indexOf(-1);
  if (free < 0) return shaped(node, types, sizes);
  const rest = dimProduct(sizes.toSpliced(free, 1));
  const size = input && dimQuotient(dimProduct(input), rest);
  return shaped(node, types, sizes.with(free, size ?? `${node.outputs[0]?.replaceAll(/\W/g, '_')}_${free}`));
};

const flatten: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  if (!shape) return shaped(node, types, undefined);
  const axis = positiveAxis(numberAttribute(node, 'axis', 1), shape.length);
  return shaped(node, types, [dimProduct(shape.slice(0, axis)), dimProduct(shape.slice(axis))]);
};

const transpose: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const order = intsAttribute(node, 'perm') ?? shape?.map((_, axis) => shape.length - 1 - axis);
  return shaped(node, types, shape && order?.map((axis) => shape[axis] as Dim));
};

const squeeze: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const axes = axesOf(node, types)?.map((axis) => positiveAxis(axis, shape?.length ?? 0));
  if (!shape || (!axes && node.inputs[1])) return shaped(node, types, undefined);
  return shaped(
    node,
    types,
    shape.filter((dim, axis) => (axes ? !axes.includes(axis) : dim !== 1)),
  );
};

const unsqueeze: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const axes = axesOf(node, types);
  if (!shape || !axes) return shaped(node, types, undefined);
  const rank = shape.length + axes.length;
  const inserted = new Set(axes.map((axis) => positiveAxis(axis, rank)));
  const rest = [...shape];
  return shaped(
    node,
    types,
    Array.from({ length: rank }, (_, axis) => (inserted.has(axis) ? 1 : (rest.shift() as Dim))),
  );
};

const concat: ShapeRule = (node, types) => {
  const shapes = node.inputs.map((name) => types.shape(name));
  const rank = shapes.find((shape) => shape)?.length;
  if (rank === undefined || shapes.includes(undefined)) return shaped(node, types, undefined);
  const axis = positiveAxis(numberAttribute(node, 'axis'), rank);
  const sizes = shapes.map((shape) => shape?.[axis] as Dim);
  const total = sizes.every((size) => typeof size === 'number')
    ? sizes.reduce((a, b) => a + b, 0)
    : sizes.join('_plus_');
  return shaped(node, types, (shapes[0] as Shape).with(axis, total));
};

const slice: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const [starts, ends] = [types.integers(node.inputs[1]), types.integers(node.inputs[2])];
  const axes = node.inputs[3] ? types.integers(node.inputs[3]) : starts?.map((_, axis) => axis);
  const steps = node.inputs[4] ? types.integers(node.inputs[4]) : starts?.map(() => 1);
  if (!shape || !starts || !ends || !axes || !steps) return shaped(node, types, undefined);
  const sizes: Dim[] = [...shape];
  axes.forEach((at, index) => {
    const axis = positiveAxis(at, shape.length);
    const bounds = sliceBounds(
      shape[axis] as Dim,
      starts[index] as number,
      ends[index] as number,
      steps[index] as number,
    );
    sizes[axis] = bounds?.length ?? `${node.outputs[0]?.replaceAll(/\W/g, '_')}_${axis}`;
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

const pad: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const pads = types.integers(node.inputs[1]);
  if (!shape || !pads) return shaped(node, types, undefined);
  return shaped(
    node,
    types,
    shape.map((dim, axis) => {
      const added = (pads[axis] as number) + (pads[axis + shape.length] as number);
      return typeof dim === 'number' ? dim + added : added === 0 ? dim : `${dim}_padded`;
    }),
  );
};

const gather: ShapeRule = (node, types) => {
  const [shape, indices] = [types.shape(node.inputs[0] as string), types.shape(node.inputs[1] as string)];
  if (!shape || !indices) return shaped(node, types, undefined);
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), shape.length);
  return shaped(node, types, shape.toSpliced(axis, 1, ...indices));
};

const where: ShapeRule = (node, types) => {
  const shapes = node.inputs.map((name) => types.shape(name));
  const type = types.get(node.inputs[1] as string)?.type;
  if (!type) return [];
  return [shapes.includes(undefined) ? { type } : { type, shape: broadcastShape(shapes as Shape[], nodeLabel(node)) }];
};

const cast: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  return [{ type: dataTypeOf(numberAttribute(node, 'to')), ...(shape && { shape }) }];
};

const resize: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const sizes = node.inputs[3] ? types.contents(node.inputs[3]) : undefined;
  if (sizes) return shaped(node, types, sizes);
  const scales = node.inputs[2] ? types.constant(node.inputs[2]) : undefined;
  if (!shape || scales?.type !== 'float32') return shaped(node, types, undefined);
  return shaped(
    node,
    types,
    shape.map((dim, axis) => {
      const scale = scales.data[axis] as number;
      return typeof dim === 'number' ? Math.floor(dim * scale) : scale === 1 ? dim : `${dim}_resized`;
    }),
  );
};

const expand: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  const target = types.contents(node.inputs[1] as string);
  return shaped(node, types, shape && target && broadcastShape([shape, target], nodeLabel(node)));
};

const dropout: ShapeRule = (node, types) => {
  const input = first(node, types);
  return input && node.outputs[1] ? [input, { ...input, type: 'bool' }] : [input];
};

const constantOfShape: ShapeRule = (node, types) => {
  const shape = types.contents(node.inputs[0] as string);
  return [{ type: tensorAttribute(node, 'value')?.type ?? 'float32', ...(shape && { shape }) }];
};

const shapeOf: ShapeRule = (node, types) => {
  const rank = types.shape(node.inputs[0] as string)?.length;
  if (rank === undefined) return [{ type: 'int64' }];
  const clamp = (at: number) => Math.min(Math.max(positiveAxis(at, rank), 0), rank);
  const length = clamp(numberAttribute(node, 'end', rank)) - clamp(numberAttribute(node, 'start', 0));
  return [{ type: 'int64', shape: [Math.max(0, length)] }];
};

const depthToSpace: ShapeRule = (node, types) => {
  const shape = types.shape(node.inputs[0] as string);
  if (!shape) return shaped(node, types, undefined);
  const block = numberAttribute(node, 'blocksize');
  const channels = dimQuotient(shape[1] as Dim, block * block);
  if (channels === undefined)
    throw new InputError(`${nodeLabel(node)}: ${shape[1]} channels do not divide by ${block}²`);
  return shaped(node, types, [shape[0] as Dim, channels, ...shape.slice(2).map((dim) => dimProduct([dim, block]))]);
};

/** Every operator whose output shapes we know. `Constant` is read by `Types` itself. */
export const shapeRules = {
  Abs: sameAsInput,
  Add: broadcasting,
  And: comparison,
  ArgMax: argument,
  ArgMin: argument,
  AveragePool: pooling,
  BatchNormalization: sameAsInput,
  Cast: cast,
  Clip: sameAsInput,
  Concat: concat,
  Constant: () => [],
  ConstantOfShape: constantOfShape,
  Conv: conv,
  ConvTranspose: convTranspose,
  DepthToSpace: depthToSpace,
  Div: broadcasting,
  Dropout: dropout,
  Equal: comparison,
  Exp: sameAsInput,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: globalPooling,
  GlobalMaxPool: globalPooling,
  Greater: comparison,
  GreaterOrEqual: comparison,
  Identity: sameAsInput,
  LRN: sameAsInput,
  LeakyRelu: sameAsInput,
  Less: comparison,
  LessOrEqual: comparison,
  Log: sameAsInput,
  LogSoftmax: sameAsInput,
  MatMul: matMul,
  Max: broadcasting,
  MaxPool: pooling,
  Min: broadcasting,
  Mul: broadcasting,
  Neg: sameAsInput,
  Not: sameAsInput,
  Or: comparison,
  Pad: pad,
  Pow: broadcasting,
  Reciprocal: sameAsInput,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceLogSum: reduction,
  ReduceLogSumExp: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  ReduceSumSquare: reduction,
  Relu: sameAsInput,
  Reshape: reshape,
  Resize: resize,
  ScatterElements: sameAsInput,
  Shape: shapeOf,
  Sigmoid: sameAsInput,
  Sign: sameAsInput,
  Slice: slice,
  Softmax: sameAsInput,
  Softplus: sameAsInput,
  Sqrt: sameAsInput,
  Squeeze: squeeze,
  Sub: broadcasting,
  Sum: broadcasting,
  Tanh: sameAsInput,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Where: where,
} satisfies Record<string, ShapeRule>;
