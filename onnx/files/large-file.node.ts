/** @file Reads a large model file without its weights: they stay on disk. */
import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs';
import { InputError } from '../errors.js';
import { TensorProto_DataType as Code, type ModelProto } from '../proto/onnx_pb.js';
import { deferElements } from '../graph/deferred.js';
import { convertedTensors, tensorsOf } from './external.js';
import { parsedModelProto } from './read.js';
import type { PartialFile } from './scan.js';
import { fileState, LARGE_WEIGHT, readPart, readSyncAt } from './disk/stored-part.node.js';

/** Bytes that are read at a time. */
const BLOCK = 2 ** 16;

/**
 * Parses a model file. The bytes of large weights are not read; memory is reserved for the whole file, and taken only for
 * what is read.
 * @throws as `parsedModelProto`
 */
export function parsedLargeFile(path: string): ModelProto {
  const file = openSync(path, 'r');
  try {
    const info = fstatSync(file);
    const bytes = new Uint8Array(info.size);
    const read = new Uint8Array(Math.ceil(info.size / BLOCK));
    const packed: PartialFile['packed'] = new Map();
    const load = (start: number, end: number) => {
      for (let block = Math.floor(start / BLOCK); block * BLOCK < Math.min(end, info.size); block++) {
        if (read[block] === 1) continue;
        read[block] = 1;
        readSyncAt(file, bytes.subarray(block * BLOCK, (block + 1) * BLOCK), block * BLOCK, path);
      }
    };
    const proto = parsedModelProto(bytes, path, { load, largest: LARGE_WEIGHT, packed });
    expectPackedTypes(proto, bytes, packed);
    const converted = convertedTensors(proto);
    const place = { path: realpathSync(path), state: fileState(info) };
    for (const tensor of tensorsOf(proto)) {
      const { rawData } = tensor;
      if (rawData.length < LARGE_WEIGHT || rawData.buffer !== bytes.buffer) continue;
      const part = { ...place, offset: rawData.byteOffset, length: rawData.length };
      if (converted.has(tensor)) deferElements(tensor, { part, read: () => readPart(part) });
      else tensor.rawData = readPart(part);
    }
    return proto;
  } finally {
    closeSync(file);
  }
}

/** @throws InputError for packed floats or doubles in a tensor of another type */
function expectPackedTypes(proto: ModelProto, bytes: Uint8Array, packed: PartialFile['packed']): void {
  for (const { name, dataType, rawData } of tensorsOf(proto)) {
    const kind = rawData.buffer === bytes.buffer ? packed.get(rawData.byteOffset) : undefined;
    if (kind === undefined || types[kind].includes(dataType)) continue;
    throw new InputError({ name: `tensor "${name}"`, expected: `elements of its type`, got: `${kind}s` });
  }
}

/** The types whose elements are stored as floats or doubles. */
const types: Record<'float' | 'double', readonly number[]> = {
  float: [Code.FLOAT, Code.COMPLEX64],
  double: [Code.DOUBLE, Code.COMPLEX128],
};
