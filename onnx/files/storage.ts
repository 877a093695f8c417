/** @file How tensor elements are stored in a file: one table from ONNX type codes to typed arrays. */
import { InputError } from '../errors.js';
import type { DataType, Tensor, TensorArrays } from '../graph/graph.js';
import { TensorProto_DataType as Code, type TensorProto } from '../proto/onnx_pb.js';

interface Storage<T extends DataType> {
  code: Code;
  array: { new (length: number): TensorArrays[T]; BYTES_PER_ELEMENT: number };
  /** The elements where they are not raw bytes. */
  field: (proto: TensorProto) => readonly (number | bigint)[];
}

type NumericType = Exclude<DataType, 'string' | 'other'>;

const storages: { [T in NumericType]: Storage<T> } = {
  float32: { code: Code.FLOAT, array: Float32Array, field: (proto) => proto.floatData },
  float16: { code: Code.FLOAT16, array: Uint16Array, field: (proto) => proto.int32Data },
  bfloat16: { code: Code.BFLOAT16, array: Uint16Array, field: (proto) => proto.int32Data },
  float64: { code: Code.DOUBLE, array: Float64Array, field: (proto) => proto.doubleData },
  int8: { code: Code.INT8, array: Int8Array, field: (proto) => proto.int32Data },
  uint8: { code: Code.UINT8, array: Uint8Array, field: (proto) => proto.int32Data },
  int16: { code: Code.INT16, array: Int16Array, field: (proto) => proto.int32Data },
  uint16: { code: Code.UINT16, array: Uint16Array, field: (proto) => proto.int32Data },
  int32: { code: Code.INT32, array: Int32Array, field: (proto) => proto.int32Data },
  uint32: { code: Code.UINT32, array: Uint32Array, field: (proto) => proto.uint64Data.map(Number) },
  int64: { code: Code.INT64, array: BigInt64Array, field: (proto) => proto.int64Data },
  uint64: { code: Code.UINT64, array: BigUint64Array, field: (proto) => proto.uint64Data },
  bool: { code: Code.BOOL, array: Uint8Array, field: (proto) => proto.int32Data },
};

const typesByCode = new Map(Object.entries(storages).map(([type, { code }]) => [code, type as NumericType]));

/** The name of an ONNX type code. */
export function dataTypeOf(code: number): DataType {
  return code === Code.STRING ? 'string' : (typesByCode.get(code) ?? 'other');
}

/** The ONNX type code, for `Cast` and for writing; `other` has none. */
export function typeCode(type: DataType): number {
  if (type === 'other') throw new Error('a tensor of unknown type has no type code');
  return type === 'string' ? Code.STRING : storages[type].code;
}

/** Size of an element of a numeric type, in bytes; 0 for types whose elements have no fixed size. */
export function bytesPerElement(code: number): number {
  const type = typesByCode.get(code);
  return type ? storages[type].array.BYTES_PER_ELEMENT : 0;
}

/** Type and elements of a stored tensor, copied into memory of their own. @throws InputError if the sizes do not fit. */
export function typedElements(
  proto: TensorProto,
  raw: Uint8Array | undefined,
  count: number,
  label: string,
): Pick<Tensor, 'type' | 'data'> {
  const type = dataTypeOf(proto.dataType);
  if (type === 'other') throw new Error(`${label}: its element type is not supported`);
  if (type === 'string') {
    expectCount(proto.stringData.length, count, 'strings', label);
    const decoder = new TextDecoder();
    return { type, data: proto.stringData.map((bytes) => decoder.decode(bytes)) };
  }
  const { array, field } = storages[type];
  if (raw) {
    expectRawBytes(proto.dataType, raw.length, count, label);
    // Bytes in memory of their own, as external data comes, are not copied again.
    const own = raw.length === raw.buffer.byteLength ? raw : new Uint8Array(raw);
    return { type, data: new (array as Float32ArrayConstructor)(own.buffer, 0, count) } as Pick<
      Tensor,
      'type' | 'data'
    >;
  }
  const elements = field(proto);
  expectCount(elements.length, count, 'elements', label);
  const data = new array(count) as unknown as { [index: number]: number | bigint };
  for (let index = 0; index < count; index++) data[index] = elements[index] as number | bigint;
  return { type, data: data as unknown as TensorArrays[NumericType] } as Pick<Tensor, 'type' | 'data'>;
}

/** @throws InputError unless elements of a numeric type take this many bytes */
export function expectRawBytes(code: number, bytes: number, count: number, label: string): void {
  expectCount(bytes, count * bytesPerElement(code), 'bytes', label);
}

function expectCount(found: number, expected: number, unit: string, label: string): void {
  if (found !== expected) throw new InputError({ name: label, expected: `${expected} ${unit} of data`, got: found });
}
