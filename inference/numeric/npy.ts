/** @file NumPy's array file format (NEP 1): writes floats; reads all types of real numbers. */
import { foreignFile } from '../../onnx/files/foreign.js';
import { InputError } from '../../onnx/errors.js';
import { float16Value } from '../../onnx/graph/tensor.js';

/** The array types that are read, by NumPy's type string. */
export interface NpyTypes {
  '<f4': Float32Array;
  '<f8': Float64Array;
  '<i8': BigInt64Array;
  '|u1': Uint8Array;
}

/** An array of a .npy file, row-major. */
export type NpyArray = { [D in keyof NpyTypes]: { dtype: D; shape: number[]; data: NpyTypes[D] } }[keyof NpyTypes];

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
/** NumPy's own limit for untrusted headers. */
const MAX_HEADER_BYTES = 10_000;
/** So many bytes from the start hold the header. */
export const NPY_START_BYTES = 12 + MAX_HEADER_BYTES;
const MAX_RANK = 32;

const ITEM_BYTES: Record<keyof NpyTypes, number> = { '<f4': 4, '<f8': 8, '<i8': 8, '|u1': 1 };

/**
 * The header of a .npy file, version 1.0, in row-major order; the array's elements follow it.
 * @param shape sizes; [] for a single number
 * @throws InputError for sizes that are not natural numbers
 */
export function npyHeader(dtype: keyof NpyTypes, shape: readonly number[]): Uint8Array {
  if (shape.length > MAX_RANK || shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
    throw new InputError({
      name: 'npy',
      expected: `at most ${MAX_RANK} natural numbers as sizes`,
      got: `[${shape.join(', ')}]`,
    });
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Magic, version, length, dictionary, spaces and a line feed fill a multiple of 64 bytes.
  const headerEnd = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const header = `${dictionary.padEnd(headerEnd - 11)}\n`;
  const bytes = new Uint8Array(headerEnd);
  bytes.set([...MAGIC, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  return bytes;
}

/**
 * A .npy file, version 1.0, of a float32 or float64 array.
 * @param data numbers in row-major order
 * @param shape sizes; their product is the length of `data`; [] for a single number
 * @throws InputError if shape and data disagree
 */
export function npyBytes(data: Float32Array | Float64Array, shape: readonly number[]): Uint8Array {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size !== data.length) {
    throw new InputError({
      name: 'npy',
      expected: `sizes whose product is ${data.length}`,
      got: `[${shape.join(', ')}]`,
    });
  }
  const header = npyHeader(data instanceof Float32Array ? '<f4' : '<f8', shape);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

/** The value of one key in a header's dictionary literal. */
function headerValue(header: string, key: string, value: RegExp, name: string): string {
  const found = new RegExp(`['"]${key}['"] *: *${value.source}`).exec(header)?.[1];
  if (found === undefined)
    throw new InputError({ name: name, expected: `a .npy header with '${key}'`, got: 'none that is valid' });
  return found;
}

function isReadableType(dtype: string): dtype is keyof NpyTypes {
  return Object.hasOwn(ITEM_BYTES, dtype);
}

/** The header of a .npy file. */
interface NpyDescription {
  dtype: string;
  fortranOrder: boolean;
  shape: number[];
  /** The bytes after the header. */
  data: Uint8Array;
}

/** @throws InputError if the file is damaged */
function described(bytes: Uint8Array, name: string): NpyDescription {
  const version = bytes[6] ?? 0;
  const start = version === 1 ? 10 : 12;
  if (MAGIC.some((byte, i) => bytes[i] !== byte) || version < 1 || version > 3 || bytes.length < start) {
    throw new InputError({
      name: name,
      expected: 'a .npy file of version 1 to 3',
      got: foreignFile(bytes) ?? 'something else',
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerBytes > MAX_HEADER_BYTES || start + headerBytes > bytes.length) {
    throw new InputError({
      name: name,
      expected: `a complete header of at most ${MAX_HEADER_BYTES} bytes`,
      got: headerBytes,
    });
  }
  const header = new TextDecoder().decode(bytes.subarray(start, start + headerBytes));
  const dtype = headerValue(header, 'descr', /['"]([<>|=]?\w{1,8})['"]/, name);
  const order = headerValue(header, 'fortran_order', /(True|False)/, name);
  const sizes = headerValue(header, 'shape', /\(([\d ,]*)\)/, name);
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  return { dtype, fortranOrder: order === 'True', shape, data: bytes.subarray(start + headerBytes) };
}

/** @throws InputError if the length of the data does not match the shape */
function expectLength({ shape, data }: NpyDescription, itemBytes: number, name: string): void {
  const expected = shape.reduce((product, dim) => product * dim, itemBytes);
  if (shape.length > MAX_RANK || shape.some((dim) => !Number.isSafeInteger(dim)) || expected !== data.length) {
    throw new InputError({
      name: name,
      expected: `${expected} bytes of data for its shape and type`,
      got: data.length,
    });
  }
}

/**
 * The shape of the array in a .npy file.
 * @param start the file, or its first `NPY_START_BYTES`
 * @param name what to call the file in errors
 * @throws InputError if the header is damaged
 */
export const npyShape = (start: Uint8Array, name = 'npy'): readonly number[] => described(start, name).shape;

/** What the header of a .npy file says. */
export interface NpyLayout {
  /** NumPy's type string, such as `|u1`. */
  dtype: string;
  fortranOrder: boolean;
  shape: readonly number[];
  /** Where the array's elements begin in the file. */
  offset: number;
}

/** What the header of a .npy file says. @throws as `npyShape` */
export function npyLayout(start: Uint8Array, name = 'npy'): NpyLayout {
  const { data, ...layout } = described(start, name);
  return { ...layout, offset: data.byteOffset - start.byteOffset };
}

/** How the types of numbers are read, by their kind and bytes. */
const readers: Readonly<Record<string, (view: DataView, at: number, little: boolean) => number>> = {
  f2: (view, at, little) => float16Value(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  b1: (view, at) => view.getUint8(at),
};

/** The numbers of a .npy file, row-major, with NumPy's kind and bytes of their type, such as `f4`. */
export interface NpyNumbers {
  type: string;
  shape: number[];
  data: Float64Array;
}

/**
 * The numbers in a .npy file of any type of real numbers, byte order and order of axes.
 * @param name what to call the file in errors
 * @throws InputError if the file is damaged or has elements that are not real numbers
 */
export function npyNumbers(bytes: Uint8Array, name = 'npy'): NpyNumbers {
  const found = described(bytes, name);
  const { dtype, shape, fortranOrder, data } = found;
  const type = dtype.replace(/^[<>|=]/, '');
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!read) throw new InputError({ name: name, expected: 'an array of real numbers', got: dtype });
  const itemBytes = Number(type.slice(1));
  expectLength(found, itemBytes, name);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const little = !dtype.startsWith('>');
  const count = data.length / itemBytes;
  const numbers = new Float64Array(count);
  if (!fortranOrder) for (let at = 0; at < count; at++) numbers[at] = read(view, at * itemBytes, little);
  // The first axis varies fastest: count positions in the file's order.
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const place = shape.map(() => 0);
  for (let at = 0; fortranOrder && at < count; at++) {
    const to = place.reduce((sum, index, axis) => sum + index * (steps[axis] ?? 0), 0);
    numbers[to] = read(view, at * itemBytes, little);
    for (let axis = 0; axis < place.length && ++place[axis]! >= (shape[axis] ?? 0); axis++) place[axis] = 0;
  }
  return { type, shape, data: numbers };
}

/**
 * The array in a .npy file of version 1, 2 or 3.
 * @param bytes the whole file; not kept, the data is copied
 * @param name what to call the file in errors
 * @throws InputError if the file is damaged, has another type than float32, float64, int64 or uint8 in little-endian
 * order, is in column-major order, or its length is not what its header says
 */
export function parsedNpy(bytes: Uint8Array, name = 'npy'): NpyArray {
  const found = described(bytes, name);
  const { dtype, shape, fortranOrder, data } = found;
  if (!isReadableType(dtype)) {
    throw new InputError({
      name: name,
      expected: `an array of type ${Object.keys(ITEM_BYTES).join(', ')}`,
      got: dtype,
    });
  }
  if (fortranOrder)
    throw new InputError({ name: name, expected: 'row-major (C) order', got: 'column-major (Fortran) order' });
  expectLength(found, ITEM_BYTES[dtype], name);

  const buffer = new Uint8Array(data).buffer;
  switch (dtype) {
    case '<f4':
      return { dtype, shape, data: new Float32Array(buffer) };
    case '<f8':
      return { dtype, shape, data: new Float64Array(buffer) };
    case '<i8':
      return { dtype, shape, data: new BigInt64Array(buffer) };
    case '|u1':
      return { dtype, shape, data: new Uint8Array(buffer) };
  }
}
