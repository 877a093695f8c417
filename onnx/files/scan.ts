/** @file Counts what a model file holds before it is parsed: messages cost far more memory than their bytes. */
import type { DescMessage } from '@bufbuild/protobuf';
import { InputError } from '../errors.js';
import { expectWithin } from '../graph/limits.js';
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from '../proto/onnx_pb.js';

/** The messages that a message's fields hold, by field number. */
type Children = ReadonlyMap<number, DescMessage>;

const known = new Map<DescMessage, Children>();

function childrenOf(schema: DescMessage): Children {
  const found = known.get(schema);
  if (found) return found;
  const children = new Map<number, DescMessage>();
  for (const field of schema.fields) if (field.message) children.set(field.number, field.message);
  known.set(schema, children);
  return children;
}

/** A file that is read while it is walked through. */
export interface PartialFile {
  /** Reads a range of the file into its place in the array. */
  load: (start: number, end: number) => void;
  /** Elements of tensors from this number of bytes on are not read. */
  largest: number;
  /** Receives the positions of elements that are not raw bytes, but packed numbers. */
  packed: Map<number, 'float' | 'double'>;
}

/**
 * Walks through the wire format of a model without building anything.
 * @param bytes the file
 * @param name what to call it in messages
 * @param partial how to read what the array does not hold yet
 * @throws InputError for more fields, nodes or nested graphs than `limits` allow, or bytes that are no protobuf message
 */
export function expectBoundedFile(bytes: Uint8Array, name: string, partial?: PartialFile): void {
  const open = [{ schema: ModelProtoSchema as DescMessage, end: bytes.length }];
  const wire = new WireReader(bytes, name, partial?.load);
  let [fields, nodes] = [0, 0];
  for (let top = open.at(-1); top; top = open.at(-1)) {
    if (wire.at >= top.end) {
      open.pop();
      continue;
    }
    expectWithin('fields', ++fields, name);
    const start = wire.at;
    const tag = wire.varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    const child = type === 2 ? childrenOf(top.schema).get(field) : undefined;
    const length = wire.length(type);
    const end = wire.at + length;
    if (end > top.end) wire.fail();
    if (child === undefined) {
      if (partial) {
        const isWeight = type === 2 && top.schema === TensorProtoSchema && length >= partial.largest;
        if (!isWeight || !leftOut(bytes, start, wire.at, partial)) partial.load(wire.at, end);
      }
      wire.at = end;
      continue;
    }
    if (child.typeName === NodeProtoSchema.typeName) expectWithin('nodes', ++nodes, name);
    open.push({ schema: child, end });
    expectWithin('depth', Math.floor(open.length / 2), name);
  }
}

/** Tags of TensorProto's fields: packed floats and doubles have the same bytes as raw data. */
const [FLOAT_DATA, RAW_DATA, DOUBLE_DATA] = [0x22, 0x4a, 0x52];

/** Whether a field's bytes stay on disk. Packed floats and doubles become raw data in the array, as their bytes are the same. */
function leftOut(bytes: Uint8Array, tag: number, content: number, { packed }: PartialFile): boolean {
  const found = bytes[tag];
  if (found === FLOAT_DATA) packed.set(content, 'float');
  if (found === DOUBLE_DATA) packed.set(content, 'double');
  if (found === FLOAT_DATA || found === DOUBLE_DATA) bytes[tag] = RAW_DATA;
  return bytes[tag] === RAW_DATA;
}

/** Reads tags and lengths. */
class WireReader {
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly name: string,
    readonly load?: PartialFile['load'],
  ) {}

  varint(): number {
    let value = 0;
    this.load?.(this.at, this.at + 10);
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) this.fail();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return this.fail();
  }

  /** How many bytes of a field follow; reads the length where it is stated. */
  length(type: number): number {
    if (type === 2) return this.varint();
    if (type === 1) return 8;
    if (type === 5) return 4;
    if (type !== 0) this.fail();
    this.varint();
    return 0;
  }

  fail(): never {
    throw new InputError({ name: this.name, expected: 'an ONNX model', got: 'a truncated or foreign file' });
  }
}
