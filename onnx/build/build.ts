/** @file Building graphs: nodes are appended in order, their types inferred immediately and their names made unique. */
import { attributeOf, type AttributeValue } from '../graph/attributes.js';
import {
  IR_VERSION,
  OPSET,
  type DataType,
  type Dim,
  type Graph,
  type Model,
  type Node,
  type Shape,
} from '../graph/graph.js';
import type { Tensor, ValueType } from '../graph/graph.js';
import { hasScalar, int64Tensor, scalarTensor } from '../graph/tensor.js';
import { InputError } from '../errors.js';
import { typeCode } from '../files/storage.js';
import { Types } from '../shapes/types.js';

/** An empty graph. */
export function emptyGraph(name: string): Graph {
  return { name, nodes: [], inputs: [], outputs: [], initializers: new Map(), valueInfo: new Map() };
}

/** A graph as a model of our dialect. */
export function modelOfGraph(graph: Graph, metadata: ReadonlyMap<string, string> = new Map()): Model {
  return {
    irVersion: IR_VERSION,
    opsets: new Map([['', OPSET]]),
    producer: { name: 'ganscope', version: '' },
    metadata: new Map(metadata),
    graph,
  };
}

/** A copy with its own lists. Nodes and tensors are immutable and shared. */
export function copiedGraph(graph: Graph): Graph {
  return {
    ...graph,
    nodes: [...graph.nodes],
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
    initializers: new Map(graph.initializers),
    valueInfo: new Map(graph.valueInfo),
  };
}

/** A builder to append the nodes of a graph to, as they are or changed. The names that they make stay free for them. */
export function rebuilding(graph: Graph): GraphBuilder {
  const b = new GraphBuilder({ ...copiedGraph(graph), nodes: [] });
  b.reserve(graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  return b;
}

/**
 * Appends to a graph. Values are known by name, as in ONNX. Every name is unique: a taken one gets a number, and
 * `within` puts new nodes under a path, which makes the graph readable in a viewer.
 */
export class GraphBuilder {
  readonly graph: Graph;
  readonly types: Types;
  readonly #taken = new Set<string>();
  readonly #counters = new Map<string, number>();
  readonly #constants = new Map<string, string>();
  readonly #root: string;
  #path: string;

  /**
   * @param graph appended to in place; its nodes must be in topological order and of our dialect
   * @param root before the names of all that is made, such as the path of a subgraph
   */
  constructor(graph: Graph = emptyGraph('ganscope'), root = '') {
    this.graph = graph;
    this.#root = root;
    this.#path = root;
    this.types = Types.of(graph);
    for (const { name } of [...graph.inputs, ...graph.outputs]) this.#taken.add(name);
    for (const name of graph.initializers.keys()) this.#taken.add(name);
    for (const node of graph.nodes) for (const name of [node.name, ...node.outputs]) this.#taken.add(name);
  }

  /** Runs `build` with `path/` before the name of everything it makes. */
  within<T>(path: string, build: () => T): T {
    const before = this.#path;
    this.#path = `${before}${path}/`;
    try {
      return build();
    } finally {
      this.#path = before;
    }
  }

  /** A new name under the current path. */
  unique(name: string): string {
    return this.#unique(`${this.#path}${name}`);
  }

  /** Keeps names free for values and nodes that are appended later. */
  reserve(names: readonly string[]): void {
    for (const name of names) this.#taken.add(name);
  }

  /** A value that is fed at run time; its name is taken as given. */
  input(name: string, type: DataType, shape: Shape): string {
    this.#claim(name);
    this.graph.inputs.push({ name, value: { type, shape } });
    this.types.addInput(name, { type, shape });
    return name;
  }

  /** A named constant, such as a weight; its name is taken as given. */
  initializer(name: string, tensor: Tensor): string {
    this.#claim(name);
    this.graph.initializers.set(name, tensor);
    this.types.addConstant(name, tensor);
    return name;
  }

  /** A constant under `const/`, made once per key; its name is the first that is free. */
  constant(key: string, make: () => Tensor): string {
    const known = this.#constants.get(key);
    if (known) return known;
    const name = this.initializer(this.#unique(`${this.#root}const/${key}`), make());
    this.#constants.set(key, name);
    return name;
  }

  /** A list of int64 numbers; equal lists share one initializer. */
  ints(values: readonly number[]): string {
    return this.constant(`ints/${values.join('_') || 'none'}`, () => int64Tensor(values));
  }

  /** A rank-0 constant; equal ones share one initializer. */
  scalar(value: number, type: DataType = 'float32'): string {
    return this.constant(`${type}/${value}`, () => scalarTensor(type, value));
  }

  /** A rank-0 constant of the same element type as `value`. @throws InputError where that type does not hold the number */
  scalarLike(value: string, number: number): string {
    const type = this.types.get(value)?.type ?? 'float32';
    if (hasScalar(type, number)) return this.scalar(number, type);
    throw new InputError({ name: `"${value}"`, expected: `a type that holds ${number}`, got: type });
  }

  /** `value` with the element type of `like`. */
  castLike(value: string, like: string): string {
    const { type } = this.type(like);
    return this.type(value).type === type ? value : this.op('Cast', [value], { to: typeCode(type) });
  }

  /** Appends a node with one output and returns that output. An absent optional input is ''. */
  op(op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}, name = op): string {
    return this.ops(op, inputs, 1, attributes, name)[0] as string;
  }

  /** Appends a node and returns its outputs. */
  ops(
    op: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: Record<string, AttributeValue> = {},
    name = op,
  ): string[] {
    const unique = this.#unique(`${this.#path}${name}`);
    const outputs = Array.from({ length: outputCount }, (_, index) =>
      index === 0 ? unique : this.#unique(`${unique}:${index}`),
    );
    const typed = Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)] as const);
    this.append({ op, domain: '', name: unique, inputs, outputs, attributes: Object.fromEntries(typed) });
    return outputs;
  }

  /** Appends a node as it is; its output names must be new. */
  append(node: Node): void {
    for (const output of node.outputs) this.#taken.add(output);
    this.graph.nodes.push(node);
    this.types.addNode(node, this.graph.valueInfo);
  }

  /** Makes a value an output of the graph, under a new name if one is given. */
  output(value: string, name = value): string {
    if (name !== value) {
      this.#claim(name);
      this.append({ op: 'Identity', domain: '', name, inputs: [value], outputs: [name], attributes: {} });
    }
    const type = this.types.get(name);
    this.graph.outputs.push({ name, ...(type && { value: type }) });
    return name;
  }

  add = (a: string, b: string, name?: string) => this.op('Add', [a, b], {}, name);
  sub = (a: string, b: string, name?: string) => this.op('Sub', [a, b], {}, name);
  mul = (a: string, b: string, name?: string) => this.op('Mul', [a, b], {}, name);
  div = (a: string, b: string, name?: string) => this.op('Div', [a, b], {}, name);
  matMul = (a: string, b: string, name?: string) => this.op('MatMul', [a, b], {}, name);

  transpose(value: string, order: readonly number[], name?: string): string {
    return this.op('Transpose', [value], { perm: order }, name);
  }

  /** @param shape sizes, of which one may be symbolic (it becomes the free size) */
  reshape(value: string, shape: Shape, name?: string): string {
    const symbolic = shape.filter((dim) => typeof dim === 'string').length;
    if (symbolic <= 1) {
      const sizes = shape.map((dim: Dim) => (typeof dim === 'string' ? -1 : dim));
      return this.op('Reshape', [value, this.ints(sizes)], {}, name);
    }
    throw new InputError(`reshape to [${shape.join()}]: more than one symbolic size`);
  }

  reduceSum(value: string, axes: readonly number[], keepDims = true, name?: string): string {
    return this.op('ReduceSum', [value, this.ints(axes)], { keepdims: keepDims ? 1 : 0 }, name);
  }

  reduceMean(value: string, axes: readonly number[], keepDims = true, name?: string): string {
    return this.op('ReduceMean', [value], { axes, keepdims: keepDims ? 1 : 0 }, name);
  }

  /** The shape. @throws InputError if its rank cannot be inferred */
  shape(value: string): Shape {
    const shape = this.types.shape(value);
    if (!shape) throw new InputError(`the shape of "${value}" cannot be inferred`);
    return shape;
  }

  /** Type and shape. @throws InputError if the type cannot be inferred */
  type(value: string): ValueType {
    const type = this.types.get(value);
    if (!type) throw new InputError(`the type of "${value}" cannot be inferred`);
    return type;
  }

  #claim(name: string): void {
    if (this.#taken.has(name) && this.types.get(name)) throw new Error(`the name "${name}" is taken`);
    this.#taken.add(name);
  }

  #unique(base: string): string {
    let name = base;
    while (this.#taken.has(name)) {
      const count = (this.#counters.get(base) ?? 0) + 1;
      this.#counters.set(base, count);
      name = `${base}_${count}`;
    }
    this.#taken.add(name);
    return name;
  }
}
