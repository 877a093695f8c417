/** @file Writing attributes briefly and reading them with their defaults. */
import { InputError } from '../errors.js';
import { nodeLabel, type Attribute, type Node, type Tensor } from './graph.js';

/** A float attribute. Whole numbers in attribute lists are ints unless they are wrapped in this. */
export class Float {
  constructor(readonly value: number) {}
}

/** Marks a number as a float attribute: `{ alpha: float(1) }`. */
export function float(value: number): Float {
  return new Float(value);
}

/** What builders accept as an attribute's value. */
export type AttributeValue = number | Float | string | readonly number[] | readonly string[] | Tensor;

/** The typed attribute for a plain value. @throws Error for a fraction that is not marked with `float`. */
export function attributeOf(value: AttributeValue): Attribute {
  if (value instanceof Float) return { kind: 'float', value: value.value };
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw new Error(`attribute ${value} is not an integer: wrap it in float()`);
    return { kind: 'int', value };
  }
  if (typeof value === 'string') return { kind: 'string', value };
  if (!Array.isArray(value)) return { kind: 'tensor', value: value as Tensor };
  if (value.length > 0 && typeof value[0] === 'string') return { kind: 'strings', value: value as string[] };
  return { kind: 'ints', value: value as number[] };
}

function wrongKind(node: Node, name: string, expected: string): never {
  const found = node.attributes[name]?.kind ?? 'nothing';
  throw new InputError({ name: `${nodeLabel(node)}: attribute ${name}`, expected: expected, got: found });
}

/** Attributes of ai.onnx that are a type: of Cast, of EyeLike and random numbers, of windows. */
export const typeAttributes: ReadonlySet<string> = new Set(['to', 'dtype', 'output_datatype']);

/** An int or float attribute. Without a `fallback` the attribute must be there. */
export function numberAttribute(node: Node, name: string, fallback?: number): number {
  const attribute = node.attributes[name];
  if (attribute === undefined && fallback !== undefined) return fallback;
  if (attribute?.kind === 'int' || attribute?.kind === 'float') return attribute.value;
  return wrongKind(node, name, 'a number');
}

/** What a normalization adds to the variance. */
export const epsilonOf = (node: Node): number => numberAttribute(node, 'epsilon', 1e-5);

/** Whether a node is a batch norm by statistics that are given, with nothing but the result. */
export const isInferenceNorm = (node: Node): boolean =>
  node.domain === '' &&
  node.op === 'BatchNormalization' &&
  numberAttribute(node, 'training_mode', 0) === 0 &&
  node.outputs.filter((name) => name !== '').length === 1;

/**
 * The axis of a convolution's weights that counts its output channels; undefined for other nodes, and where a transposed convolution
 * has groups, each of which counts its own.
 */
export function outputChannelAxis(node: Node): 0 | 1 | undefined {
  if (node.domain !== '') return undefined;
  if (node.op === 'Conv') return 0;
  return node.op === 'ConvTranspose' && numberAttribute(node, 'group', 1) === 1 ? 1 : undefined;
}

/** A list of ints, or undefined where the node has none. */
export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  if (attribute === undefined) return undefined;
  return attribute.kind === 'ints' ? attribute.value : wrongKind(node, name, 'a list of ints');
}

/** A string attribute. */
export function stringAttribute(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  if (attribute === undefined) return fallback;
  return attribute.kind === 'string' ? attribute.value : wrongKind(node, name, 'a string');
}

/** A tensor attribute, or undefined where the node has none. */
export function tensorAttribute(node: Node, name: string): Tensor | undefined {
  const attribute = node.attributes[name];
  if (attribute === undefined) return undefined;
  return attribute.kind === 'tensor' ? attribute.value : wrongKind(node, name, 'a tensor');
}
