/** @file Arrays of doubles with sizes, for the float64 evaluator: integers and booleans are doubles too. */
import { elementCount } from '../graph/graph.js';

export interface NdArray {
  dims: readonly number[];
  data: Float64Array;
  /** Whether the numbers are integers or booleans: quotients are truncated. */
  whole?: boolean;
  /** Whether they are int8: quantised numbers of that type are −128…127. */
  signed?: boolean;
}

export const array = (dims: readonly number[], data = new Float64Array(elementCount(dims))): NdArray => ({
  dims,
  data,
});

/** A list of integers. */
export const wholeNumbers = (values: readonly number[], dims: readonly number[] = [values.length]): NdArray => ({
  dims,
  data: Float64Array.from(values),
  whole: true,
});

/** Elements between neighbours along each axis. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (dims[axis + 1] as number);
  }
  return strides;
}

/** The elements at `start + Σ index·stride` for all indices of `dims`: transposed, sliced and broadcast arrays. */
export function strided(
  { data, whole }: NdArray,
  dims: readonly number[],
  strides: readonly number[],
  start = 0,
): NdArray {
  const found = new Float64Array(elementCount(dims));
  const index = dims.map(() => 0);
  let position = start;
  for (let at = 0; at < found.length; at++) {
    found[at] = data[position] as number;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      position += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (dims[axis] as number)) break;
      position -= (strides[axis] as number) * (dims[axis] as number);
      index[axis] = 0;
    }
  }
  return { dims, data: found, ...(whole && { whole }) };
}

/** Sizes that all can be broadcast to. */
export function broadcastDims(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((dims) => dims[axis - rank + dims.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

export function broadcast(value: NdArray, dims: readonly number[]): NdArray {
  const own = stridesOf(value.dims);
  const missing = dims.length - value.dims.length;
  const strides = dims.map((_, axis) => (value.dims[axis - missing] === 1 ? 0 : (own[axis - missing] ?? 0)));
  return strided(value, dims, strides);
}

export function transposed(value: NdArray, order: readonly number[]): NdArray {
  const strides = stridesOf(value.dims);
  return strided(
    value,
    order.map((axis) => value.dims[axis] as number),
    order.map((axis) => strides[axis] as number),
  );
}
