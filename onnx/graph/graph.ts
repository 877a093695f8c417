/** @file The in-memory form of an ONNX model: plain data shared by reading, building, differentiating and writing. */
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from '../proto/onnx_pb.js';

/** Supported element types. A tensor of any other type is `other` and is kept unchanged. */
export type DataType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'other';

/** Element storage by type: float16 and bfloat16 are bit patterns, bool is 0 or 1. */
export interface TensorArrays {
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: string[];
  other: Uint8Array;
}

/** A constant: row-major elements with their sizes. */
export type Tensor = {
  [T in DataType]: { type: T; dims: readonly number[]; data: TensorArrays[T]; origin?: TensorProto };
}[DataType];

/**
 * A size: a number, or a symbolic size such as `batch`; '' is one that nothing is said about, in graphs to be written. Products
 * of symbols are written `4*batch` (a coefficient, then symbols in alphabetical order).
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** What is known of a value. A missing shape means an unknown rank. */
export interface ValueType {
  type: DataType;
  shape?: Shape;
}

/** A graph input, output or annotated value. */
export interface ValueInfo {
  name: string;
  /** Missing for sequences, maps and values without a type. */
  value?: ValueType;
  origin?: ValueInfoProto;
}

/** An attribute with its ONNX type: the number alone does not say whether it is 1 or 1.0. */
export type Attribute =
  | { kind: 'int'; value: number }
  | { kind: 'float'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'ints'; value: readonly number[] }
  | { kind: 'floats'; value: readonly number[] }
  | { kind: 'strings'; value: readonly string[] }
  | { kind: 'tensor'; value: Tensor }
  /** Subgraphs, types and other attributes: kept unchanged. */
  | { kind: 'opaque'; value: AttributeProto };

/** An operator's application. An absent optional input or output is the empty string. */
export interface Node {
  op: string;
  /** '' is ai.onnx. */
  domain: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
  origin?: NodeProto;
}

export interface Graph {
  name: string;
  nodes: Node[];
  /** Values fed at run time; initializers that old files list among the inputs are not among them. */
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  initializers: Map<string, Tensor>;
  /** Types of intermediate values, as the file states them. */
  valueInfo: Map<string, ValueInfo>;
  origin?: GraphProto;
}

/**
 * A model. Every `origin` is the message the part was read from: the writer starts from it, so fields that are not
 * modelled here (unknown fields, doc strings, quantization annotations) survive a round trip.
 */
export interface Model {
  irVersion: number;
  /** Operator set version by domain; '' is ai.onnx. */
  opsets: Map<string, number>;
  producer: { name: string; version: string };
  metadata: Map<string, string>;
  graph: Graph;
  origin?: ModelProto;
}

/** The opset and IR version of models after `upgradedModel`. */
export const OPSET = 17;
export const IR_VERSION = 8;

/** Number of elements of a tensor with these sizes. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The values that a node reads, without absent optional ones. */
export function presentInputs(node: Node): string[] {
  return node.inputs.filter((name) => name !== '');
}

/** The name of input `index` of a node; '' if absent. */
export function inputOf(node: Node, index = 0): string {
  return node.inputs[index] ?? '';
}

/** The name of output `index` of a node; '' if absent. */
export function outputOf(node: Node, index = 0): string {
  return node.outputs[index] ?? '';
}

/** `name of the node`, for messages: its name, or its first output where it has none. */
export function nodeLabel(node: Node): string {
  return `${node.domain ? `${node.domain}.` : ''}${node.op} "${node.name || outputOf(node)}"`;
}
