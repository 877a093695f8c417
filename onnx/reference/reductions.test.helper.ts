/** @file Sums, products of matrices and normalizations, in float64. */
import { intsAttribute, numberAttribute } from '../graph/attributes.js';
import { positiveAxis } from '../graph/dims.js';
import { elementCount, type Node } from '../graph/graph.js';
import { array, broadcast, broadcastDims, transposed, type NdArray } from './array.test.helper.js';
import type { Kernel } from './evaluate.test.helper.js';

const axesOf = (node: Node, given: NdArray | undefined, rank: number): number[] => {
  const listed = given ? [...given.data] : (intsAttribute(node, 'axes') ?? []);
  return listed.length > 0
    ? listed.map((axis) => positiveAxis(axis, rank))
    : Array.from({ length: rank }, (_, axis) => axis);
};

/** Groups of elements along the axes, moved last: [left, reduced]. */
function grouped(x: NdArray, axes: readonly number[]) {
  const kept = [...x.dims.keys()].filter((axis) => !axes.includes(axis));
  const { data } = transposed(x, [...kept, ...axes]);
  const count = elementCount(axes.map((axis) => x.dims[axis] as number));
  return { data, count, groups: data.length / count };
}

const reduction =
  (of: (values: Float64Array) => number): Kernel =>
  (node, [x, axes]) => {
    const value = x as NdArray;
    const along = axesOf(node, axes, value.dims.length);
    const { data, count, groups } = grouped(value, along);
    const dims = value.dims.map((size, axis) => (along.includes(axis) ? 1 : size));
    const kept =
      numberAttribute(node, 'keepdims', 1) === 1 ? dims : value.dims.filter((_, axis) => !along.includes(axis));
    const results = Float64Array.from({ length: groups }, (_, at) => of(data.subarray(at * count, (at + 1) * count)));
    return [{ dims: kept, data: results }];
  };

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
const mean = (values: Float64Array): number => total(values) / values.length;

/** [rows, inner] × [inner, columns] */
function product(
  a: Float64Array,
  b: Float64Array,
  [rows, inner, columns]: readonly [number, number, number],
): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[row * inner + k] as number;
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        result[at] = (result[at] as number) + factor * (b[k * columns + column] as number);
      }
    }
  }
  return result;
}

const matMul: Kernel = (_node, [x, y]) => {
  let [a, b] = [x as NdArray, y as NdArray];
  const [isRow, isColumn] = [a.dims.length === 1, b.dims.length === 1];
  if (isRow) a = { ...a, dims: [1, ...a.dims] };
  if (isColumn) b = { ...b, dims: [...b.dims, 1] };
  const [rows, inner, columns] = [a.dims.at(-2), a.dims.at(-1), b.dims.at(-1)] as [number, number, number];
  const outer = broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2));
  const [left, right] = [broadcast(a, [...outer, rows, inner]), broadcast(b, [...outer, inner, columns])];
  const result = array([...outer, ...(isRow ? [] : [rows]), ...(isColumn ? [] : [columns])]);
  for (let at = 0; at < elementCount(outer); at++) {
    const one = left.data.subarray(at * rows * inner, (at + 1) * rows * inner);
    const other = right.data.subarray(at * inner * columns, (at + 1) * inner * columns);
    result.data.set(product(one, other, [rows, inner, columns]), at * rows * columns);
  }
  return [result];
};

const gemm: Kernel = (node, [x, y, c]) => {
  const turned = (value: NdArray, name: string) => (numberAttribute(node, name, 0) ? transposed(value, [1, 0]) : value);
  const [a, b] = [turned(x as NdArray, 'transA'), turned(y as NdArray, 'transB')];
  const [rows, inner, columns] = [a.dims[0], a.dims[1], b.dims[1]] as [number, number, number];
  const added = c && broadcast(c, [rows, columns]).data;
  const [alpha, beta] = [numberAttribute(node, 'alpha', 1), numberAttribute(node, 'beta', 1)];
  const data = product(a.data, b.data, [rows, inner, columns]);
  return [
    {
      dims: [rows, columns],
      data: data.map((value, at) => alpha * value + (added ? beta * (added[at] as number) : 0)),
    },
  ];
};

/** (x − mean) / √(variance + ε) of groups of neighbours in memory. */
function standardized(x: NdArray, count: number, epsilon: number): Float64Array {
  const result = new Float64Array(x.data.length);
  for (let start = 0; start < x.data.length; start += count) {
    const group = x.data.subarray(start, start + count);
    const centre = mean(group);
    const variance = mean(group.map((value) => (value - centre) ** 2));
    result.set(
      group.map((value) => (value - centre) / Math.sqrt(variance + epsilon)),
      start,
    );
  }
  return result;
}

/** One number per channel [C] as [C, 1, …] beside [N, C, …]. */
const perChannel = (value: NdArray | undefined, dims: readonly number[]): Float64Array => {
  const spread = { ...(value as NdArray), dims: [dims[1] as number, ...dims.slice(2).map(() => 1)] };
  return broadcast(spread, dims).data;
};

const batchNorm: Kernel = (node, [x, scale, shift, centre, variance]) => {
  const value = x as NdArray;
  const [s, b, m, v] = [scale, shift, centre, variance].map((each) => perChannel(each, value.dims)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const epsilon = numberAttribute(node, 'epsilon', 1e-5);
  const data = value.data.map(
    (each, at) =>
      ((each - (m[at] as number)) / Math.sqrt((v[at] as number) + epsilon)) * (s[at] as number) + (b[at] as number),
  );
  return [{ dims: value.dims, data }];
};

const instanceNorm: Kernel = (node, [x, scale, shift]) => {
  const value = x as NdArray;
  const normal = standardized(value, elementCount(value.dims.slice(2)), numberAttribute(node, 'epsilon', 1e-5));
  const [s, b] = [perChannel(scale, value.dims), perChannel(shift, value.dims)];
  return [{ dims: value.dims, data: normal.map((each, at) => each * (s[at] as number) + (b[at] as number)) }];
};

const layerNorm: Kernel = (node, [x, scale, shift]) => {
  const value = x as NdArray;
  const axis = positiveAxis(numberAttribute(node, 'axis', -1), value.dims.length);
  const normal = standardized(value, elementCount(value.dims.slice(axis)), numberAttribute(node, 'epsilon', 1e-5));
  const [s, b] = [broadcast(scale as NdArray, value.dims).data, shift && broadcast(shift, value.dims).data];
  return [{ dims: value.dims, data: normal.map((each, at) => each * (s[at] as number) + (b?.[at] ?? 0)) }];
};

const softmax: Kernel = (node, [x]) => {
  const value = x as NdArray;
  const axis = positiveAxis(numberAttribute(node, 'axis', -1), value.dims.length);
  if (axis !== value.dims.length - 1) throw new Error('Softmax of an axis other than the last has no float64 kernel');
  const count = value.dims[axis] as number;
  const data = new Float64Array(value.data.length);
  for (let start = 0; start < data.length; start += count) {
    const row = value.data.subarray(start, start + count);
    const powers = row.map((each) => Math.exp(each - Math.max(...row)));
    data.set(
      powers.map((each) => each / total(powers)),
      start,
    );
  }
  return [{ dims: value.dims, data }];
};

export const reductions: Record<string, Kernel> = {
  BatchNormalization: batchNorm,
  Gemm: gemm,
  GlobalAveragePool: (_node, [x]) => {
    const value = x as NdArray;
    const axes = [...value.dims.keys()].slice(2);
    const { data, count, groups } = grouped(value, axes);
    const means = Float64Array.from({ length: groups }, (_, at) => mean(data.subarray(at * count, (at + 1) * count)));
    return [{ dims: value.dims.map((size, axis) => (axis < 2 ? size : 1)), data: means }];
  },
  InstanceNormalization: instanceNorm,
  LayerNormalization: layerNorm,
  MatMul: matMul,
  ReduceMax: reduction((values) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)),
  ReduceMean: reduction(mean),
  ReduceSum: reduction(total),
  Softmax: softmax,
};
