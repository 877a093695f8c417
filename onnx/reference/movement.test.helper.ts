/** @file Operators that move elements or read sizes, in float64. */
import { intsAttribute, numberAttribute, tensorAttribute } from '../graph/attributes.js';
import { positiveAxis } from '../graph/dims.js';
import { elementCount, type Node } from '../graph/graph.js';
import { numbersOf } from '../graph/tensor.js';
import {
  array,
  broadcast,
  broadcastDims,
  strided,
  stridesOf,
  transposed,
  wholeNumbers,
  type NdArray,
} from './array.test.helper.js';
import { requireMode } from './elementwise.test.helper.js';
import type { Kernel } from './evaluate.test.helper.js';

const integers = (value: NdArray | undefined): number[] => [...(value?.data ?? [])];
const withDims = (value: NdArray, dims: readonly number[]): NdArray => ({ ...value, dims });
const axisAttribute = (node: Node, rank: number, fallback: number) =>
  positiveAxis(numberAttribute(node, 'axis', fallback), rank);

function concatenated(values: readonly NdArray[], axis: number): NdArray {
  const [first] = values as [NdArray];
  const dims = first.dims.map((size, at) =>
    at === axis ? values.reduce((sum, each) => sum + (each.dims[axis] as number), 0) : size,
  );
  const outer = elementCount(dims.slice(0, axis));
  const inner = elementCount(dims.slice(axis + 1));
  const data = new Float64Array(elementCount(dims));
  let at = 0;
  for (let row = 0; row < outer; row++) {
    for (const each of values) {
      const length = (each.dims[axis] as number) * inner;
      data.set(each.data.subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  }
  return { dims, data, ...(first.whole && { whole: true }) };
}

/** The parts of an array along an axis. */
function parts(value: NdArray, axis: number, sizes: readonly number[]): NdArray[] {
  const strides = stridesOf(value.dims);
  let start = 0;
  return sizes.map((size) => {
    const dims = value.dims.map((each, at) => (at === axis ? size : each));
    const part = strided(value, dims, strides, start * (strides[axis] as number));
    start += size;
    return part;
  });
}

const slice: Kernel = (_node, [x, starts, ends, axes, steps]) => {
  const value = x as NdArray;
  const [from, to] = [integers(starts), integers(ends)];
  const along = axes ? integers(axes).map((axis) => positiveAxis(axis, value.dims.length)) : [...from.keys()];
  const own = stridesOf(value.dims);
  const [dims, strides] = [[...value.dims], [...own]];
  let first = 0;
  along.forEach((axis, at) => {
    const [size, step] = [value.dims[axis] as number, steps ? (steps.data[at] as number) : 1];
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const place = (position: number) => Math.min(Math.max(position < 0 ? position + size : position, low), high);
    const [start, end] = [place(from[at] as number), place(to[at] as number)];
    dims[axis] = Math.max(0, Math.ceil((end - start) / step));
    strides[axis] = step * (own[axis] as number);
    first += start * (own[axis] as number);
  });
  return [strided(value, dims, strides, first)];
};

/** Reads from each axis of the input the entry that `sourceOf` tells, or `fill` where it tells −1. */
function reread(
  value: NdArray,
  dims: readonly number[],
  sourceOf: readonly (readonly number[])[],
  fill: number,
): NdArray {
  const own = stridesOf(value.dims);
  const out = stridesOf(dims);
  const data = new Float64Array(elementCount(dims)).map((_, at) => {
    let position = 0;
    for (let axis = 0; axis < dims.length; axis++) {
      const source = sourceOf[axis]?.[Math.floor(at / (out[axis] as number)) % (dims[axis] as number)] as number;
      if (source < 0) return fill;
      position += source * (own[axis] as number);
    }
    return value.data[position] as number;
  });
  return { ...value, dims, data };
}

const pad: Kernel = (node, [x, pads, fill, axes]) => {
  const value = x as NdArray;
  const rank = value.dims.length;
  const along = axes ? integers(axes).map((axis) => positiveAxis(axis, rank)) : [...value.dims.keys()];
  const mode = requireMode(node, 'mode', 'constant', ['constant', 'reflect', 'edge']);
  const sources = value.dims.map((size, axis) => {
    const at = along.indexOf(axis);
    const [before, after] = at < 0 ? [0, 0] : [pads?.data[at] as number, pads?.data[at + along.length] as number];
    return Array.from({ length: before + size + after }, (_, index) => {
      const position = index - before;
      if (position >= 0 && position < size) return position;
      if (mode === 'constant') return -1;
      if (mode === 'edge') return position < 0 ? 0 : size - 1;
      return position < 0 ? -position : 2 * (size - 1) - position;
    });
  });
  return [
    reread(
      value,
      sources.map(({ length }) => length),
      sources,
      fill?.data[0] ?? 0,
    ),
  ];
};

const gather: Kernel = (node, [x, indices]) => {
  const [value, at] = [x as NdArray, indices as NdArray];
  const axis = axisAttribute(node, value.dims.length, 0);
  const size = value.dims[axis] as number;
  const [outer, inner] = [elementCount(value.dims.slice(0, axis)), elementCount(value.dims.slice(axis + 1))];
  const dims = [...value.dims.slice(0, axis), ...at.dims, ...value.dims.slice(axis + 1)];
  const data = new Float64Array(elementCount(dims));
  for (let row = 0; row < outer; row++) {
    at.data.forEach((index, place) => {
      const from = (row * size + positiveAxis(index, size)) * inner;
      data.set(value.data.subarray(from, from + inner), (row * at.data.length + place) * inner);
    });
  }
  return [{ ...value, dims, data }];
};

const scatterElements: Kernel = (node, [x, indices, updates]) => {
  const [value, at, added] = [x as NdArray, indices as NdArray, updates as NdArray];
  const axis = axisAttribute(node, value.dims.length, 0);
  const add = requireMode(node, 'reduction', 'none', ['none', 'add']) === 'add';
  const [own, theirs] = [stridesOf(value.dims), stridesOf(at.dims)];
  const data = value.data.slice();
  at.data.forEach((index, place) => {
    let position = 0;
    for (let each = 0; each < at.dims.length; each++) {
      const along = Math.floor(place / (theirs[each] as number)) % (at.dims[each] as number);
      position += (each === axis ? positiveAxis(index, value.dims[axis] as number) : along) * (own[each] as number);
    }
    data[position] = (add ? (data[position] as number) : 0) + (added.data[place] as number);
  });
  return [{ ...value, data }];
};

const depthToSpace: Kernel = (node, [x]) => {
  const [batch, channels, height, width] = (x as NdArray).dims as [number, number, number, number];
  const block = numberAttribute(node, 'blocksize');
  const left = channels / block ** 2;
  const columnRow = requireMode(node, 'mode', 'DCR', ['DCR', 'CRD']) === 'CRD';
  const split = columnRow ? [batch, left, block, block, height, width] : [batch, block, block, left, height, width];
  const order = columnRow ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  return [withDims(transposed(withDims(x as NdArray, split), order), [batch, left, height * block, width * block])];
};

const flatten: Kernel = (node, [x]) => {
  const { dims } = x as NdArray;
  const axis = axisAttribute(node, dims.length, 1);
  return [withDims(x as NdArray, [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis))])];
};

const reshape: Kernel = (node, [x, shape]) => {
  const value = x as NdArray;
  const keepsZero = numberAttribute(node, 'allowzero', 0) === 1;
  const sizes = integers(shape).map((size, axis) => (size === 0 && !keepsZero ? (value.dims[axis] as number) : size));
  const known = sizes.filter((size) => size >= 0).reduce((product, size) => product * size, 1);
  return [
    withDims(
      value,
      sizes.map((size) => (size < 0 ? value.data.length / known : size)),
    ),
  ];
};

const unsqueeze: Kernel = (_node, [x, axes]) => {
  const value = x as NdArray;
  const rank = value.dims.length + (axes as NdArray).data.length;
  const added = new Set(integers(axes).map((axis) => positiveAxis(axis, rank)));
  const own = [...value.dims];
  return [
    withDims(
      value,
      Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (own.shift() as number))),
    ),
  ];
};

const squeeze: Kernel = (_node, [x, axes]) => {
  const value = x as NdArray;
  const gone = axes && new Set(integers(axes).map((axis) => positiveAxis(axis, value.dims.length)));
  return [
    withDims(
      value,
      value.dims.filter((size, axis) => (gone ? !gone.has(axis) : size !== 1)),
    ),
  ];
};

const constant: Kernel = (node) => {
  const tensor = tensorAttribute(node, 'value');
  const whole = intsAttribute(node, 'value_ints');
  if (whole) return [wholeNumbers(whole)];
  if (node.attributes['value_int']) return [wholeNumbers([numberAttribute(node, 'value_int')], [])];
  if (!tensor) throw new Error('this form of Constant has no float64 kernel');
  const isFloat = ['float32', 'float64', 'float16'].includes(tensor.type);
  const data = Float64Array.from(numbersOf(tensor));
  return [{ dims: tensor.dims, data, whole: !isFloat }];
};

const constantOfShape: Kernel = (node, [shape]) => {
  const filled = tensorAttribute(node, 'value');
  const value = filled ? (numbersOf(filled)[0] as number) : 0;
  const made = array(integers(shape));
  made.data.fill(value);
  return [{ ...made, whole: filled !== undefined && !filled.type.startsWith('float') }];
};

export const movement: Record<string, Kernel> = {
  Concat: (node, inputs) => {
    const values = inputs as NdArray[];
    return [concatenated(values, axisAttribute(node, (values[0] as NdArray).dims.length, 0))];
  },
  Constant: constant,
  ConstantOfShape: constantOfShape,
  DepthToSpace: depthToSpace,
  Expand: (_node, [x, shape]) => [broadcast(x as NdArray, broadcastDims((x as NdArray).dims, integers(shape)))],
  Flatten: flatten,
  Gather: gather,
  Pad: pad,
  Range: (_node, [start, limit, delta]) => {
    const [from, to, step] = [start, limit, delta].map((each) => each?.data[0] as number) as [number, number, number];
    const count = Math.max(0, Math.ceil((to - from) / step));
    return [
      { ...wholeNumbers(Array.from({ length: count }, (_, at) => from + at * step)), whole: start?.whole === true },
    ];
  },
  Reshape: reshape,
  ScatterElements: scatterElements,
  Shape: (node, [x]) => {
    const { dims } = x as NdArray;
    const end = node.attributes['end'] ? numberAttribute(node, 'end') : dims.length;
    return [wholeNumbers(dims.slice(numberAttribute(node, 'start', 0), end))];
  },
  Slice: slice,
  Split: (node, [x, sizes]) => {
    const value = x as NdArray;
    const axis = axisAttribute(node, value.dims.length, 0);
    const equal = Math.ceil((value.dims[axis] as number) / node.outputs.length);
    return parts(value, axis, sizes ? integers(sizes) : node.outputs.map(() => equal));
  },
  Squeeze: squeeze,
  Transpose: (node, [x]) => {
    const order = intsAttribute(node, 'perm') ?? [...(x as NdArray).dims.keys()].toReversed();
    return [transposed(x as NdArray, order)];
  },
  Unsqueeze: unsqueeze,
};
