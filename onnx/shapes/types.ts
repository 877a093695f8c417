/** @file Type and shape inference: walks a graph in topological order. Sizes may be symbolic. */
import { numberAttribute, tensorAttribute } from '../graph/attributes.js';
import { isStatic, openSize } from '../graph/dims.js';
import { InputError } from '../errors.js';
import {
  elementCount,
  nodeLabel,
  outputOf,
  presentInputs,
  type DataType,
  type Dim,
  type Graph,
  type Node,
  type Shape,
  type Tensor,
  type ValueInfo,
  type ValueType,
} from '../graph/graph.js';
import { shapeRules } from './table.js';
import { type KnownValues, type ShapeRule } from './rule.js';
import { contentsOf, MAX_TRACKED } from './shape-data.js';
import { Deadline, expectWithin } from '../graph/limits.js';
import { int64Tensor, numbersOf } from '../graph/tensor.js';

/** A longer symbolic size is replaced by a new symbol. */
const MAX_SYMBOL = 256;

const isTracked = (contents: readonly Dim[]) =>
  contents.length <= MAX_TRACKED && contents.every((item) => typeof item === 'number' || item.length <= MAX_SYMBOL);

function shortened(dim: Dim, value: string, axis: number): Dim {
  return typeof dim === 'string' && dim.length > MAX_SYMBOL ? openSize(value, axis) : dim;
}

const tracked: ReadonlySet<DataType> = new Set(['int64', 'int32', 'float32', 'bool']);

/** What is known of each value: its type and shape, constants, and the contents of small tensors of numbers. */
export class Types implements KnownValues {
  readonly #types = new Map<string, ValueType>();
  readonly #contents = new Map<string, readonly Dim[]>();
  readonly #constants = new Map<string, Tensor>();
  /** By value without a shape, the first node on its way whose output has none. */
  readonly #unknownSince = new Map<string, Node>();
  /** Values that depend on no input, and how many elements of them nodes compute. */
  readonly #fixed = new Set<string>();
  #computed = 0;

  /** The types of a whole graph, whose nodes must be in topological order. */
  static of(graph: Graph): Types {
    const types = new Types();
    for (const [name, tensor] of graph.initializers) types.addConstant(name, tensor);
    for (const { name, value } of graph.inputs) if (value) types.addInput(name, value);
    const deadline = new Deadline();
    const stated = new Map([...graph.outputs.map((info) => [info.name, info] as const), ...graph.valueInfo]);
    for (const node of graph.nodes) {
      deadline.check(nodeLabel(node));
      types.addNode(node, stated);
    }
    return types;
  }

  addInput(name: string, type: ValueType): void {
    this.#types.set(name, type);
  }

  addConstant(name: string, tensor: Tensor): void {
    this.#types.set(name, { type: tensor.type, shape: tensor.dims });
    this.#constants.set(name, tensor);
    this.#fixed.add(name);
    if (tracked.has(tensor.type) && tensor.dims.length <= 2 && elementCount(tensor.dims) <= MAX_TRACKED) {
      this.#contents.set(name, numbersOf(tensor));
    }
  }

  /** Infers the types of a node's outputs. Where the shape cannot be inferred, the type that the file states is used. */
  addNode(node: Node, stated?: ReadonlyMap<string, ValueInfo>): void {
    this.#infer(node);
    for (const output of node.outputs) {
      const value = stated?.get(output)?.value;
      if (value && !this.#types.get(output)?.shape) this.#types.set(output, value);
      if (this.shape(output)) continue;
      const before = presentInputs(node).flatMap((name) => this.#unknownSince.get(name) ?? []);
      this.#unknownSince.set(output, before[0] ?? node);
    }
  }

  #infer(node: Node): void {
    const constant = node.op === 'Constant' ? constantOf(node) : undefined;
    if (constant) return this.addConstant(outputOf(node), constant);
    const isFixed = presentInputs(node).every((name) => this.#fixed.has(name));
    if (isFixed) for (const output of node.outputs) this.#fixed.add(output);
    if (node.domain !== '' || !Object.hasOwn(shapeRules, node.op)) return;
    const outputs = (shapeRules as Record<string, ShapeRule>)[node.op]?.(node, this) ?? [];
    outputs.forEach((type, index) => {
      const name = node.outputs[index];
      if (name && type) this.#types.set(name, this.#checkedType(node, name, type, isFixed));
    });
    const output = outputOf(node);
    const contents = tracked.has(this.get(output)?.type ?? 'other') ? contentsOf(node, this) : undefined;
    const shape = this.shape(output);
    // Sizes that do not fit the operator, and lists of equal length along different axes, give no contents.
    const fits = isStatic(shape) && contents?.length === elementCount(shape);
    if (contents && fits && isTracked(contents)) this.#contents.set(output, contents);
  }

  /** @throws InputError for a shape that no tensor has, or that passes a limit */
  #checkedType(node: Node, name: string, type: ValueType, isFixed: boolean): ValueType {
    const { shape } = type;
    if (!shape) return type;
    const label = nodeLabel(node);
    expectWithin('rank', shape.length, label);
    const known = shape.every((dim) => typeof dim === 'string' || (Number.isSafeInteger(dim) && dim >= 0));
    if (!known)
      throw new InputError({ name: label, expected: 'inputs that fit the operator', got: this.#inputs(node) });
    const count = elementCount(shape.filter((dim) => typeof dim === 'number'));
    expectWithin('elements', count, label);
    if (isFixed) expectWithin('computedElements', (this.#computed += count), label);
    const long = shape.some((dim) => typeof dim === 'string' && dim.length > MAX_SYMBOL);
    return long ? { ...type, shape: shape.map((dim, axis) => shortened(dim, name, axis)) } : type;
  }

  /** The shapes of a node's inputs, for messages. */
  #inputs(node: Node): string {
    const shapes = presentInputs(node).map((name) => `[${this.shape(name)?.join() ?? 'unknown'}]`);
    return shapes.slice(0, 4).join(' and ') || 'none';
  }

  get(name: string): ValueType | undefined {
    return this.#types.get(name);
  }

  shape(name: string): Shape | undefined {
    return this.#types.get(name)?.shape;
  }

  /** The shape of a node's value. @throws InputError naming the node where it is unknown. */
  knownShape(name: string, node: Node): Shape {
    const shape = this.shape(name);
    if (shape) return shape;
    const origin = this.#unknownSince.get(name);
    const since = origin && !origin.outputs.includes(name) ? `, as that of the output of ${nodeLabel(origin)}` : '';
    throw new InputError(`${nodeLabel(node)}: the shape of "${name}" cannot be inferred${since}`);
  }

  contents(name: string): readonly Dim[] | undefined {
    return this.#contents.get(name);
  }

  numbers(name: string | undefined): readonly number[] | undefined {
    const contents = name ? this.#contents.get(name) : undefined;
    return contents?.every((item) => typeof item === 'number') ? (contents as number[]) : undefined;
  }

  integers(name: string | undefined): readonly number[] | undefined {
    const numbers = this.numbers(name);
    return numbers?.every(Number.isInteger) ? numbers : undefined;
  }

  /** The tensor, for initializers and `Constant` nodes. */
  constant(name: string): Tensor | undefined {
    return this.#constants.get(name);
  }
}

/** The tensor that a `Constant` node holds. */
function constantOf(node: Node): Tensor | undefined {
  if (node.attributes['value']) return tensorAttribute(node, 'value');
  if (node.attributes['value_int']) return int64Tensor([numberAttribute(node, 'value_int')], []);
  if (node.attributes['value_float']) {
    return { type: 'float32', dims: [], data: Float32Array.of(numberAttribute(node, 'value_float')) };
  }
  const ints = node.attributes['value_ints'];
  if (ints?.kind === 'ints') return int64Tensor(ints.value);
  const floats = node.attributes['value_floats'];
  if (floats?.kind === 'floats') {
    return { type: 'float32', dims: [floats.value.length], data: Float32Array.from(floats.value) };
  }
  return undefined;
}
