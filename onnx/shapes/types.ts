/** @file Types and shapes of all values of a graph, with symbolic sizes, found by walking it in order. */
import { numberAttribute, tensorAttribute } from '../graph/attributes.js';
import { InputError } from '../errors.js';
import {
  nodeLabel,
  outputOf,
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
import type { KnownValues, ShapeRule } from './rule.js';
import { contentsOf } from './shape-data.js';
import { numbersOf } from '../graph/tensor.js';

/** Tensors of numbers up to this many elements are tracked as sizes and factors of sizes. */
const MAX_TRACKED = 64;

const tracked: ReadonlySet<DataType> = new Set(['int64', 'int32', 'float32', 'bool']);

/** What is known of each value: its type and shape, constants, and the contents of small tensors of numbers. */
export class Types implements KnownValues {
  readonly #types = new Map<string, ValueType>();
  readonly #contents = new Map<string, readonly Dim[]>();
  readonly #constants = new Map<string, Tensor>();

  /** The types of a whole graph, whose nodes must be in topological order. */
  static of(graph: Graph): Types {
    const types = new Types();
    for (const [name, tensor] of graph.initializers) types.addConstant(name, tensor);
    for (const { name, value } of graph.inputs) if (value) types.addInput(name, value);
    for (const node of graph.nodes) types.addNode(node, graph.valueInfo);
    return types;
  }

  addInput(name: string, type: ValueType): void {
    this.#types.set(name, type);
  }

  addConstant(name: string, tensor: Tensor): void {
    this.#types.set(name, { type: tensor.type, shape: tensor.dims });
    this.#constants.set(name, tensor);
    if (tracked.has(tensor.type) && tensor.dims.length <= 2 && tensor.data.length <= MAX_TRACKED) {
      this.#contents.set(name, numbersOf(tensor));
    }
  }

  /** Infers the types of a node's outputs; what no rule can tell is taken from what the file states, if it does. */
  addNode(node: Node, stated?: ReadonlyMap<string, ValueInfo>): void {
    this.#infer(node);
    for (const output of node.outputs) {
      const value = stated?.get(output)?.value;
      if (value && !this.#types.get(output)?.shape) this.#types.set(output, value);
    }
  }

  #infer(node: Node): void {
    const constant = node.op === 'Constant' ? constantOf(node) : undefined;
    if (constant) return this.addConstant(outputOf(node), constant);
    if (node.domain !== '' || !Object.hasOwn(shapeRules, node.op)) return;
    const outputs = (shapeRules as Record<string, ShapeRule>)[node.op]?.(node, this) ?? [];
    outputs.forEach((type, index) => {
      const name = node.outputs[index];
      if (name && type) this.#types.set(name, type);
    });
    const output = outputOf(node);
    const contents = tracked.has(this.get(output)?.type ?? 'other') ? contentsOf(node, this) : undefined;
    if (contents && contents.length <= MAX_TRACKED) this.#contents.set(output, contents);
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
    if (!shape) throw new InputError(`${nodeLabel(node)}: the shape of "${name}" cannot be inferred`);
    return shape;
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
  if (node.attributes['value_int']) {
    return { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(numberAttribute(node, 'value_int'))) };
  }
  if (node.attributes['value_float']) {
    return { type: 'float32', dims: [], data: Float32Array.of(numberAttribute(node, 'value_float')) };
  }
  const ints = node.attributes['value_ints'];
  if (ints?.kind === 'ints') {
    return { type: 'int64', dims: [ints.value.length], data: BigInt64Array.from(ints.value, BigInt) };
  }
  const floats = node.attributes['value_floats'];
  if (floats?.kind === 'floats') {
    return { type: 'float32', dims: [floats.value.length], data: Float32Array.from(floats.value) };
  }
  return undefined;
}
