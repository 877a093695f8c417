/** @file Reads .onnx files. Files are untrusted: every size is checked against the data. */
import { fromBinary, type Message } from '@bufbuild/protobuf';
import { InputError } from '../errors.js';
import {
  elementCount,
  type Attribute,
  type Dim,
  type Graph,
  type Model,
  type Node,
  type Tensor,
} from '../graph/graph.js';
import type { ValueInfo, ValueType } from '../graph/graph.js';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type TypeProto,
  type ValueInfoProto,
} from '../proto/onnx_pb.js';
import { namedSize, openSize } from '../graph/dims.js';
import { expectWithin } from '../graph/limits.js';
import { lazyTensor } from '../graph/stored.js';
import { foreignFile, HEAD_BYTES } from './foreign.js';
import { expectBoundedFile, type PartialFile } from './scan.js';
import { deferredElements } from '../graph/deferred.js';
import { dataTypeOf, expectRawBytes, typedElements } from './storage.js';

/** Largest model file that is read: the limit of the protobuf format. Larger weights belong in external data. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Parses a model file.
 * @param bytes the file
 * @param name what to call it in messages
 * @param partial how to read what the bytes do not hold yet
 * @throws InputError if it is truncated, oversized or not an ONNX model
 */
export function parsedModelProto(bytes: Uint8Array, name = 'model', partial?: PartialFile): ModelProto {
  if (bytes.length > MAX_MODEL_BYTES) {
    throw new InputError({ name: name, expected: `at most ${MAX_MODEL_BYTES} bytes`, got: bytes.length });
  }
  partial?.load(0, HEAD_BYTES);
  const foreign = foreignFile(bytes);
  if (foreign !== undefined) throw new InputError({ name, expected: 'an ONNX model', got: foreign });
  expectBoundedFile(bytes, name, partial);
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new InputError({
      name: name,
      expected: 'an ONNX model',
      got: `a truncated or foreign file (${(error as Error).message})`,
    });
  }
  if (!proto.graph || proto.opsetImport.length === 0) {
    throw new InputError({ name: name, expected: 'an ONNX model', got: 'a file without a graph or operator sets' });
  }
  return proto;
}

/**
 * The model in memory.
 * @param proto a parsed model; its external data, if it has any, is already filled in
 * @throws InputError if a tensor's data does not fit its sizes or type, or is missing
 */
export function modelOf(proto: ModelProto): Model {
  return {
    irVersion: Number(proto.irVersion),
    opsets: new Map(
      proto.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]),
    ),
    producer: { name: proto.producerName, version: proto.producerVersion },
    metadata: new Map(proto.metadataProps.map(({ key, value }) => [key, value])),
    graph: graphOf(proto.graph as GraphProto),
    origin: without(proto, ['graph', 'opsetImport', 'metadataProps']),
  };
}

/** Parses a model whose tensors are all in the file. */
export function modelFromBytes(bytes: Uint8Array, name?: string): Model {
  return modelOf(parsedModelProto(bytes, name));
}

/** A graph or subgraph in memory. */
export function graphOf(proto: GraphProto): Graph {
  const initializers = new Map(proto.initializer.map((tensor) => [tensor.name, tensorOf(tensor)]));
  return {
    name: proto.name,
    nodes: proto.node.map(nodeOf),
    inputs: proto.input.filter(({ name }) => !initializers.has(name)).map(valueInfoOf),
    outputs: proto.output.map(valueInfoOf),
    initializers,
    valueInfo: new Map(proto.valueInfo.map((info) => [info.name, valueInfoOf(info)])),
    origin: without(proto, ['node', 'initializer', 'input', 'output', 'valueInfo']),
  };
}

/** A node in memory. */
export function nodeOf(proto: NodeProto): Node {
  const label = `${proto.opType} "${proto.name}"`;
  expectWithin('nodeInputs', proto.input.length + proto.output.length, label);
  for (const name of [proto.name, ...proto.input, ...proto.output]) expectWithin('nameLength', name.length, label);
  return {
    op: proto.opType,
    domain: proto.domain === 'ai.onnx' ? '' : proto.domain,
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: Object.fromEntries(proto.attribute.map((item) => [item.name, attributeFrom(item)])),
    origin: without(proto, ['input', 'output', 'attribute']),
  };
}

/** An attribute in memory. */
export function attributeFrom(proto: AttributeProto): Attribute {
  switch (attributeType(proto)) {
    case AttributeType.FLOAT:
      return { kind: 'float', value: proto.f };
    case AttributeType.INT:
      return { kind: 'int', value: Number(proto.i) };
    case AttributeType.STRING:
      return { kind: 'string', value: text(proto.s) };
    case AttributeType.FLOATS:
      return { kind: 'floats', value: proto.floats };
    case AttributeType.INTS:
      return { kind: 'ints', value: proto.ints.map(Number) };
    case AttributeType.STRINGS:
      return { kind: 'strings', value: proto.strings.map(text) };
    case AttributeType.TENSOR:
      return proto.t ? { kind: 'tensor', value: tensorOf(proto.t) } : { kind: 'opaque', value: proto };
    default:
      return { kind: 'opaque', value: proto };
  }
}

/** The stated type; files from before IR 2 have none; there it is derived from the used field. */
function attributeType(proto: AttributeProto): AttributeType {
  if (proto.type !== AttributeType.UNDEFINED) return proto.type;
  if (Object.hasOwn(proto, 'f')) return AttributeType.FLOAT;
  if (Object.hasOwn(proto, 'i')) return AttributeType.INT;
  if (Object.hasOwn(proto, 's')) return AttributeType.STRING;
  if (proto.t) return AttributeType.TENSOR;
  if (proto.floats.length > 0) return AttributeType.FLOATS;
  if (proto.ints.length > 0) return AttributeType.INTS;
  return proto.strings.length > 0 ? AttributeType.STRINGS : AttributeType.UNDEFINED;
}

function valueInfoOf(proto: ValueInfoProto): ValueInfo {
  const value = proto.type && valueTypeOf(proto.type, proto.name);
  return { name: proto.name, ...(value && { value }), origin: proto };
}

/** The type of a named value. Sizes that the file leaves open get a symbol of their own. */
export function valueTypeOf(proto: TypeProto, name: string): ValueType | undefined {
  if (proto.value.case !== 'tensorType') return undefined;
  const { elemType, shape } = proto.value.value;
  const dims = shape?.dim.map(({ value }, axis): Dim => {
    if (value.case === 'dimValue' && value.value >= 0n) return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? namedSize(value.value) : openSize(name, axis);
  });
  return { type: dataTypeOf(elemType), ...(dims && { shape: dims }) };
}

function tensorOf(proto: TensorProto): Tensor {
  const label = `tensor "${proto.name}"`;
  const dims = proto.dims.map(Number);
  const count = elementCount(dims);
  if (dims.some((dim) => dim < 0) || !Number.isSafeInteger(count)) {
    throw new InputError({ name: label, expected: 'non-negative sizes', got: `[${dims.join()}]` });
  }
  expectWithin('rank', dims.length, label);
  if (proto.dataLocation === DataLocation.EXTERNAL) {
    throw new InputError({ name: label, expected: 'its external data file', got: 'the model alone' });
  }
  if (dataTypeOf(proto.dataType) === 'other') return { type: 'other', dims, data: proto.rawData, origin: proto };
  const origin = without(proto, ['dims', 'rawData', 'floatData', 'int32Data', 'int64Data', 'doubleData']);
  for (const key of ['uint64Data', 'stringData', 'externalData', 'dataLocation'] as const)
    delete (origin as Partial<TensorProto>)[key];
  const later = deferredElements(proto);
  if (later) {
    expectRawBytes(proto.dataType, later.part.length, count, label);
    const elements = () => typedElements(origin, later.read(), count, label).data;
    return lazyTensor({ type: dataTypeOf(proto.dataType), dims, origin } as Omit<Tensor, 'data'>, elements, later.part);
  }
  const raw = Object.hasOwn(proto, 'rawData') ? proto.rawData : undefined;
  return { ...typedElements(proto, raw, count, label), dims, origin } as Tensor;
}

const decoder = new TextDecoder();
const text = (bytes: Uint8Array) => decoder.decode(bytes);

/** A shallow copy that lacks the fields a model keeps in its own form. */
function without<M extends Message>(message: M, fields: readonly (keyof M)[]): M {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message)), message) as M;
  for (const field of fields) delete (copy as Partial<M>)[field];
  return copy;
}
