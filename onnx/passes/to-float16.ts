/** @file A network in half precision: weights and most operators in float16, inputs and outputs in float32 as before. */
import { attributeOf, typeAttributes } from '../graph/attributes.js';
import { InputError } from '../errors.js';
import type { Graph, Node, Tensor } from '../graph/graph.js';
import { prunedGraph, subgraphNodes } from '../graph/order.js';
import { float16Bits } from '../graph/tensor.js';
import { Types } from '../shapes/types.js';

/** TensorProto.DataType. */
const [FLOAT, FLOAT16] = [1, 10];
/** The largest number that float16 holds, and the smallest that it holds with all its digits. */
const [MAX_HALF, MIN_HALF] = [65504, 2 ** -14];

/**
 * Operators that stay in float32, beside those with subgraphs or an attribute that is a type: those whose sums, small ε or exponentials
 * lose too much in float16, those with float32 inputs that are no activations, and those that opset 17 does not have for float16.
 */
const FULL_PRECISION = new Set([
  'BatchNormalization',
  'InstanceNormalization',
  'LayerNormalization',
  'LpNormalization',
  'Softmax',
  'LogSoftmax',
  'Softplus',
  'Sigmoid',
  'Exp',
  'Log',
  'Pow',
  'Sqrt',
  'Reciprocal',
  'Div',
  'ReduceSum',
  'ReduceMean',
  'ReduceSumSquare',
  'ReduceL2',
  'Resize',
  'Celu',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'IsInf',
  'NonMaxSuppression',
  'QuantizeLinear',
  'Range',
]);

/** Operators whose constants are bounds, masks or ε rather than weights: they stay in float32 where float16 does not hold these. */
const WITH_CONSTANTS = new Set(['Add', 'Clip', 'Max', 'Min', 'Mul', 'Sub', 'Where']);

/**
 * The graph with float16 weights and activations. Casts are inserted at inputs, at outputs and around operators that stay in float32.
 * @param graph of our dialect, in topological order
 * @throws InputError for a weight that float16 cannot hold
 */
export function toFloat16(graph: Graph): Graph {
  return new Halving(graph).graph();
}

/** Walks the graph and keeps, of each float32 value, the form that was asked for. */
class Halving {
  readonly #source: Graph;
  readonly #types: Types;
  readonly #nodes: Node[] = [];
  readonly #initializers: Map<string, Tensor>;
  /** Values whose float32 form exists under its own name. */
  readonly #full = new Set<string>();
  /** Values whose float16 form exists. */
  readonly #half = new Set<string>();

  constructor(source: Graph) {
    this.#source = source;
    this.#types = Types.of(source);
    this.#initializers = new Map(source.initializers);
    for (const { name } of source.inputs) this.#full.add(name);
    for (const name of source.initializers.keys()) this.#full.add(name);
  }

  graph(): Graph {
    for (const node of this.#source.nodes) this.#convert(node);
    const outputs = this.#source.outputs.map(({ name }) => name);
    for (const name of outputs) if (this.#isFloat(name)) this.#fullForm(name);
    const converted = { ...this.#source, nodes: this.#nodes, initializers: this.#initializers, valueInfo: new Map() };
    return prunedGraph(converted, outputs);
  }

  #convert(node: Node): void {
    const floats = node.inputs.filter((name) => this.#isFloat(name));
    const captured = subgraphNodes(node).flatMap(({ input }) => input);
    for (const name of captured) if (this.#isFloat(name)) this.#fullForm(name);
    const hasTypeOrSubgraph = Object.entries(node.attributes).some(
      ([name, { kind }]) => kind === 'opaque' || typeAttributes.has(name),
    );
    const needsFull =
      FULL_PRECISION.has(node.op) ||
      (WITH_CONSTANTS.has(node.op) && floats.some((name) => isBeyondHalf(this.#types.constant(name))));
    const stays = node.domain !== '' || floats.length === 0 || hasTypeOrSubgraph || needsFull;
    const { origin: _, ...plain } = node;
    if (stays) {
      this.#nodes.push({
        ...plain,
        inputs: node.inputs.map((name) => (this.#isFloat(name) ? this.#fullForm(name) : name)),
      });
      for (const name of node.outputs) if (this.#isFloat(name)) this.#full.add(name);
      return;
    }
    const inputs = node.inputs.map((name) => (this.#isFloat(name) ? this.#halfForm(name) : name));
    const outputs = node.outputs.map((name) => (this.#isFloat(name) ? halfName(name) : name));
    this.#nodes.push({ ...plain, inputs, outputs });
    for (const name of node.outputs) if (this.#isFloat(name)) this.#half.add(name);
  }

  #isFloat(name: string): boolean {
    return name !== '' && this.#types.get(name)?.type === 'float32';
  }

  #fullForm(name: string): string {
    if (!this.#full.has(name)) {
      this.#nodes.push(cast(halfName(name), name, FLOAT));
      this.#full.add(name);
    }
    return name;
  }

  #halfForm(name: string): string {
    const half = halfName(name);
    if (this.#half.has(name)) return half;
    const weight = this.#source.initializers.get(name);
    if (weight?.type === 'float32') this.#initializers.set(half, halfTensor(name, weight));
    else this.#nodes.push(cast(name, half, FLOAT16));
    this.#half.add(name);
    return half;
  }
}

const halfName = (name: string) => `${name}/fp16`;

function cast(from: string, to: string, type: number): Node {
  return {
    op: 'Cast',
    domain: '',
    name: `${to}/cast`,
    inputs: [from],
    outputs: [to],
    attributes: { to: attributeOf(type) },
  };
}

/** Whether a number of a constant would become infinite in float16, or all of them 0 or nearly so. */
function isBeyondHalf(tensor: Tensor | undefined): boolean {
  if (tensor?.type !== 'float32') return false;
  const sizes = tensor.data.map(Math.abs).filter((size) => size > 0 && size < Infinity);
  return sizes.some((size) => size > MAX_HALF) || (sizes.length > 0 && sizes.every((size) => size < MIN_HALF));
}

function halfTensor(name: string, { dims, data }: Extract<Tensor, { type: 'float32' }>): Tensor {
  const tooLarge = data.find((value) => !(Math.abs(value) <= MAX_HALF || Math.abs(value) === Infinity));
  if (tooLarge !== undefined) {
    throw new InputError({
      name: `weight "${name}"`,
      expected: `numbers of at most ${MAX_HALF} for float16`,
      got: tooLarge,
    });
  }
  return { type: 'float16', dims, data: Uint16Array.from(data, float16Bits) };
}
