/** @file Making tensors and reading their elements. */
import { InputError } from '../errors.js';
import { elementCount, type DataType, type Tensor } from './graph.js';

/** Smallest and largest integer of each type that QuantizeLinear makes. */
export const quantizedEnds: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
};

/** A float32 tensor. @throws Error if the number of elements does not fit `dims`. */
export function float32Tensor(data: Float32Array | readonly number[], dims: readonly number[]): Tensor {
  const elements = data instanceof Float32Array ? data : Float32Array.from(data);
  if (elements.length !== elementCount(dims))
    throw new Error(`${elements.length} elements do not fit [${dims.join()}]`);
  return { type: 'float32', dims, data: elements };
}

const INT64_MAX = 2n ** 63n - 1n;

/** Numbers represent int64 up to their precision; the ends of the range (2^63 as a number) are clamped into it. */
export function int64(value: number): bigint {
  const exact = BigInt(value);
  return exact > INT64_MAX ? INT64_MAX : exact;
}

/** An int64 tensor; one-dimensional unless `dims` says otherwise ([] for a scalar). */
export function int64Tensor(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return { type: 'int64', dims, data: BigInt64Array.from(values, int64) };
}

/** Whether `scalarTensor` makes this number in a type: integers hold no fractions, and some types have no scalars. */
export function hasScalar(type: DataType, value: number): boolean {
  if (type === 'float32' || type === 'float64' || type === 'float16') return true;
  return (type === 'int32' || type === 'int64' || type === 'bool') && Number.isInteger(value);
}

/** A one-element tensor of a numeric type; a scalar (rank 0). */
export function scalarTensor(type: DataType, value: number): Tensor {
  switch (type) {
    case 'float32':
      return { type, dims: [], data: Float32Array.of(value) };
    case 'float64':
      return { type, dims: [], data: Float64Array.of(value) };
    case 'float16':
      return { type, dims: [], data: Uint16Array.of(float16Bits(value)) };
    case 'int32':
      return { type, dims: [], data: Int32Array.of(value) };
    case 'int64':
      return int64Tensor([value], []);
    case 'bool':
      return { type, dims: [], data: Uint8Array.of(value ? 1 : 0) };
    default:
      throw new Error(`no scalar of type ${type}`);
  }
}

/** The elements as numbers. @throws InputError for strings and types we only carry. */
export function numbersOf(tensor: Tensor): number[] {
  switch (tensor.type) {
    case 'float16':
      return Array.from(tensor.data, float16Value);
    case 'bfloat16':
      return Array.from(tensor.data, bfloat16Value);
    case 'int64':
    case 'uint64':
      return Array.from(tensor.data as BigInt64Array, Number);
    case 'string':
    case 'other':
      throw new InputError(`expected a numeric tensor; got one of type ${tensor.type}`);
    default:
      return Array.from(tensor.data as Float32Array);
  }
}

/** The bit pattern of the nearest IEEE 754 half-precision number (ties to even). */
export function float16Bits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const mantissa = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00 | (Number.isNaN(value) ? 0x200 : 0);
  if (exponent < -10) return sign;
  const shift = exponent > 0 ? 13 : 14 - exponent;
  const full = exponent > 0 ? (exponent << 23) | mantissa : mantissa | 0x800000;
  const half = full >>> shift;
  const rest = full & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
}

/** The number of a half-precision bit pattern. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + mantissa / 1024) : sign * 2 ** -24 * mantissa;
}

function bfloat16Value(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}
