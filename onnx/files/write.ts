/** @file Writes .onnx files. The same model always gives the same bytes. */
import { create, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { sameShape } from '../graph/dims.js';
import {
  elementCount,
  IR_VERSION,
  type Attribute,
  type Graph,
  type Model,
  type Node,
  type Tensor,
  type ValueInfo,
  type ValueType,
} from '../graph/graph.js';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type TensorProto,
} from '../proto/onnx_pb.js';
import { int64 } from '../graph/tensor.js';
import { valueTypeOf } from './read.js';
import { bytesPerElement, typeCode } from './storage.js';

/** Moves an initializer's bytes out of the file and returns their new location; undefined leaves them inline. */
export type ExternalStore = (weight: StoredWeight) => { location: string; offset: number } | undefined;

/** An initializer that could stand outside of the file. */
export interface StoredWeight {
  name: string;
  tensor: Tensor;
  /** How many bytes its elements take. */
  length: number;
  /** The elements; of a lazy tensor they are made by this call. */
  bytes: () => Uint8Array;
}

/**
 * The model as an .onnx file.
 * @param store where to put large initializers instead (ONNX external data)
 */
export function modelBytes(model: Model, store?: ExternalStore): Uint8Array {
  const proto = update(ModelProtoSchema, model.origin, {
    irVersion: BigInt(model.irVersion),
    producerName: model.producer.name,
    producerVersion: model.producer.version,
    opsetImport: [...model.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    metadataProps: [...model.metadata].map(([key, value]) => ({ key, value })),
    graph: graphProto(model.graph, model.irVersion, store),
  });
  return toBinary(ModelProtoSchema, proto);
}

function graphProto(graph: Graph, irVersion: number, store?: ExternalStore) {
  // Their types are listed with the outputs.
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  // Before IR 4, initializers are inputs too.
  const weights = irVersion < 4 ? [...graph.initializers].map(([name, tensor]) => weightInfoProto(name, tensor)) : [];
  return update(GraphProtoSchema, graph.origin, {
    name: graph.name,
    node: graph.nodes.map(nodeProto),
    input: [...graph.inputs.map(valueInfoProto), ...weights],
    output: graph.outputs.map(valueInfoProto),
    valueInfo: [...graph.valueInfo.values()].filter(({ name }) => !outputs.has(name)).map(valueInfoProto),
    initializer: [...graph.initializers].map(([name, tensor]) => tensorProto(tensor, name, store)),
  });
}

/** A subgraph as an attribute, such as the body of a Loop. */
export function subgraphAttribute(name: string, graph: Graph): Attribute {
  const value = create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: graphProto(graph, IR_VERSION) });
  return { kind: 'opaque', value };
}

function nodeProto(node: Node) {
  const names = Object.keys(node.attributes).toSorted();
  return update(NodeProtoSchema, node.origin, {
    opType: node.op,
    name: node.name,
    ...(node.domain && { domain: node.domain }),
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: names.map((name) => attributeProto(name, node.attributes[name] as Attribute)),
  });
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  switch (attribute.kind) {
    case 'int':
      return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: int64(attribute.value) });
    case 'float':
      return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: attribute.value });
    case 'string':
      return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: utf8(attribute.value) });
    case 'ints':
      return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: attribute.value.map(int64) });
    case 'floats':
      return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...attribute.value] });
    case 'strings':
      return create(AttributeProtoSchema, { name, type: AttributeType.STRINGS, strings: attribute.value.map(utf8) });
    case 'tensor':
      return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t: tensorProto(attribute.value) });
    case 'opaque':
      return attribute.value;
  }
}

function valueInfoProto(info: ValueInfo) {
  if (!info.value) return update(ValueInfoProtoSchema, info.origin, { name: info.name });
  const { type, shape } = info.value;
  const stated = info.origin?.type;
  const unchanged = stated && sameType(valueTypeOf(stated, info.origin?.name ?? ''), info.value);
  if (unchanged || (type === 'other' && info.origin)) {
    return update(ValueInfoProtoSchema, info.origin, { name: info.name });
  }
  const dims = shape?.map((dim) =>
    typeof dim === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(dim) } }
      : dim === ''
        ? {}
        : { value: { case: 'dimParam' as const, value: dim } },
  );
  return update(ValueInfoProtoSchema, info.origin, {
    name: info.name,
    type: { value: { case: 'tensorType', value: { elemType: typeCode(type), ...(dims && { shape: { dim: dims } }) } } },
  });
}

function weightInfoProto(name: string, { type, dims, origin }: Tensor) {
  const elemType = type === 'other' ? (origin?.dataType ?? 0) : typeCode(type);
  const dim = dims.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const value = { case: 'tensorType' as const, value: { elemType, shape: { dim } } };
  return create(ValueInfoProtoSchema, { name, type: { value } });
}

function tensorProto(tensor: Tensor, name?: string, store?: ExternalStore): TensorProto {
  const common = { ...(name !== undefined && { name }), dims: tensor.dims.map(BigInt) };
  if (tensor.type === 'string') {
    const stringData = tensor.data.map(utf8);
    return update(TensorProtoSchema, tensor.origin, { ...common, dataType: TensorProto_DataType.STRING, stringData });
  }
  if (tensor.type === 'other') return update(TensorProtoSchema, tensor.origin, name === undefined ? {} : { name });
  const bytes = () => rawBytes(tensor);
  const length = elementCount(tensor.dims) * bytesPerElement(typeCode(tensor.type));
  const external = name === undefined ? undefined : store?.({ name, tensor, length, bytes });
  const content = external
    ? {
        dataLocation: DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: external.location },
          { key: 'offset', value: `${external.offset}` },
          { key: 'length', value: `${length}` },
        ],
      }
    : { rawData: bytes() };
  return update(TensorProtoSchema, tensor.origin, { ...common, dataType: typeCode(tensor.type), ...content });
}

function rawBytes({ data }: Exclude<Tensor, { type: 'string' }>): Uint8Array {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** An unchanged type is written as it was read, with open sizes, expressions and denotations. */
function sameType(a: ValueType | undefined, b: ValueType): boolean {
  return a?.type === b.type && (a.shape === b.shape || sameShape(a.shape, b.shape));
}

/** A message with these fields; all others, unknown ones included, stay as they were read. */
function update<D extends DescMessage>(
  schema: D,
  origin: MessageShape<D> | undefined,
  fields: MessageInitShape<D>,
): MessageShape<D> {
  const fresh = create(schema, fields);
  if (!origin) return fresh;
  const kept = Object.entries(origin).filter(
    ([key]) => !key.startsWith('$type') && !Object.hasOwn(fields as object, key),
  );
  return Object.assign(fresh, Object.fromEntries(kept));
}

const encoder = new TextEncoder();
const utf8 = (value: string) => encoder.encode(value);
