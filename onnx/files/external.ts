/** @file External data: tensors anywhere in a model whose bytes are in other files. */
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { InputError } from '../errors.js';
import {
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
  type ModelProto,
  type TensorProto,
} from '../proto/onnx_pb.js';
import { bytesPerElement } from './storage.js';

/** A part of a file that holds a tensor's bytes. */
export interface ExternalPart {
  tensor: TensorProto;
  /** Path of the file relative to the model, as stored in the model. */
  location: string;
  offset: number;
  /** If missing, the rest of the file. */
  length?: number;
}

/**
 * The external tensors of all graphs, subgraphs and functions, grouped by file.
 * @throws InputError for offsets and lengths that are no numbers
 */
export function externalParts(proto: ModelProto): Map<string, ExternalPart[]> {
  const files = new Map<string, ExternalPart[]>();
  for (const tensor of tensorsOf(proto)) {
    if (tensor.dataLocation !== DataLocation.EXTERNAL) continue;
    const location = entry(tensor, 'location') ?? '';
    const length = sizeEntry(tensor, 'length') ?? sizeOf(tensor);
    const part = {
      tensor,
      location,
      offset: sizeEntry(tensor, 'offset') ?? 0,
      ...(length !== undefined && { length }),
    };
    const parts = files.get(location);
    if (parts) parts.push(part);
    else files.set(location, [part]);
  }
  return files;
}

/** The tensors that `modelOf` turns into ours: initializers and attributes of the main graph, of numeric types. */
export function convertedTensors({ graph }: ModelProto): Set<TensorProto> {
  const attributes = graph?.node.flatMap(({ attribute }) => attribute.flatMap(({ t }) => t ?? [])) ?? [];
  return new Set(
    [...(graph?.initializer ?? []), ...attributes].filter(({ dataType }) => bytesPerElement(dataType) > 0),
  );
}

/** Puts a tensor's bytes into the model instead of the reference to a file. */
export function fillExternal(tensor: TensorProto, bytes: Uint8Array): void {
  tensor.rawData = bytes;
  tensor.dataLocation = DataLocation.DEFAULT;
  tensor.externalData = [];
}

/** Bytes of a file, and the tensors that they are: such as weights that two layers share. */
export interface ExternalPlace {
  offset: number;
  length: number;
  tensors: TensorProto[];
}

/**
 * The places of a file that its parts name. No part of a valid file overlaps another one: what is read is no larger than the file.
 * @throws InputError where a part is not within a file of this size, or parts overlap
 */
export function placesOf(parts: readonly ExternalPart[], size: number): ExternalPlace[] {
  const places = new Map<string, ExternalPlace>();
  let total = 0;
  for (const part of parts) {
    const { tensor, location, offset } = part;
    const length = lengthWithin(part, size);
    const key = `${offset} ${length}`;
    const known = places.get(key);
    if (known) {
      known.tensors.push(tensor);
      continue;
    }
    places.set(key, { offset, length, tensors: [tensor] });
    total += length;
    if (total > size) {
      const expected = `tensors that do not overlap in external data file "${location}"`;
      throw new InputError({ name: `tensor "${tensor.name}"`, expected, got: `${total} of its ${size} bytes` });
    }
  }
  return [...places.values()];
}

/** @throws InputError unless the part is within a file of this size; @returns its length */
function lengthWithin({ tensor, location, offset, length }: ExternalPart, size: number): number {
  const wanted = length ?? Math.max(0, size - offset);
  if (offset + wanted <= size) return wanted;
  throw new InputError({
    name: `tensor "${tensor.name}"`,
    expected: `${wanted} bytes at ${offset} of external data file "${location}"`,
    got: `a file of ${size} bytes`,
  });
}

function sizeOf(tensor: TensorProto): number | undefined {
  const size = bytesPerElement(tensor.dataType);
  // Negative sizes are refused when the tensor is read.
  return size > 0 ? tensor.dims.reduce((product, dim) => product * Math.max(0, Number(dim)), size) : undefined;
}

const entry = (tensor: TensorProto, key: string) => tensor.externalData.find((each) => each.key === key)?.value;

function sizeEntry(tensor: TensorProto, key: string): number | undefined {
  const text = entry(tensor, key);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InputError({ name: `tensor "${tensor.name}"`, expected: `a number of bytes as ${key}`, got: `"${text}"` });
}

/** All tensors of a model: initializers, attributes, sparse ones, those of subgraphs, functions and training information. */
export function tensorsOf(proto: ModelProto): TensorProto[] {
  const found: TensorProto[] = [];
  const open: { message: Message; schema: DescMessage }[] = [{ message: proto, schema: ModelProtoSchema }];
  for (let top = open.pop(); top; top = open.pop()) {
    if (top.schema.typeName === TensorProtoSchema.typeName) {
      found.push(top.message as TensorProto);
      continue;
    }
    for (const field of top.schema.fields) {
      if (!field.message || !holdsTensors(field.message)) continue;
      const value = (top.message as unknown as Record<string, unknown>)[field.localName];
      for (const message of Array.isArray(value) ? value : value ? [value] : []) {
        open.push({ message: message as Message, schema: field.message });
      }
    }
  }
  return found;
}

const holding = new Map<string, boolean>();

/** Whether a message type can hold a tensor, at any depth. */
function holdsTensors(schema: DescMessage): boolean {
  if (schema.typeName === TensorProtoSchema.typeName) return true;
  const known = holding.get(schema.typeName);
  if (known !== undefined) return known;
  holding.set(schema.typeName, false);
  const holds = schema.fields.some((field) => field.message !== undefined && holdsTensors(field.message));
  holding.set(schema.typeName, holds);
  return holds;
}
