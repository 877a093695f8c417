/** @file What depends on the picture in a graph, also in what is appended to it later. */
import type { GraphBuilder } from '../../build/build.js';
import { sameShape } from '../../graph/dims.js';
import { outputOf, type Node } from '../../graph/graph.js';
import { consumersOf } from '../../graph/neighbours.js';
import { valuesRead } from '../../graph/order.js';
import { numbersOf } from '../../graph/tensor.js';
import { zeroGradient } from '../rules/rule.js';
import { gradientRules, type KnownOp } from '../table.js';

/** Linear layers, if one factor is weights. */
const LAYERS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Einsum', 'Gemm', 'MatMul']);

/** Sizes, comparisons and indices are constants here. */
const isConstantOp = ({ domain, op }: Node): boolean =>
  domain === '' && (gradientRules as Readonly<Record<string, unknown>>)[op] === zeroGradient;

const NEVER_NEGATIVE: ReadonlySet<string> = new Set<KnownOp>([
  'Abs',
  'HardSigmoid',
  'Relu',
  'Sigmoid',
  'Softmax',
  'Sqrt',
]);
/** Not negative where no number that they read is. */
const KEEPING_SIGN: ReadonlySet<string> = new Set<KnownOp>([
  'Add',
  'AveragePool',
  'Concat',
  'Dropout',
  'Flatten',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Identity',
  'MaxPool',
  'Mul',
  'ReduceMax',
  'ReduceMean',
  'ReduceSum',
  'Reshape',
  'Slice',
  'Split',
  'Squeeze',
  'Sum',
  'Transpose',
  'Unsqueeze',
]);

/** The values of a graph, and which of them depend on its picture. */
export class Flow {
  readonly #producers = new Map<string, Node>();
  readonly #dependent: Set<string>;
  readonly #nonNegative = new Set<string>();
  readonly #readers: ReadonlyMap<string, readonly Node[]>;
  #seen = 0;

  /** @param b builder of a graph in topological order */
  constructor(
    readonly b: GraphBuilder,
    readonly picture: string,
  ) {
    this.#dependent = new Set([picture]);
    this.#readers = consumersOf(b.graph);
    this.#update();
  }

  producer(value: string): Node | undefined {
    this.#update();
    return this.#producers.get(value);
  }

  /** Whether a value depends on the picture through more than sizes and comparisons. */
  depends(value: string): boolean {
    this.#update();
    return this.#dependent.has(value);
  }

  /** Whether no number of a value can be negative, as after a ReLU. */
  isNonNegative(value: string): boolean {
    this.#update();
    return this.#nonNegative.has(value);
  }

  /** Whether a value is computed from another one. */
  isFrom(value: string, other: string): boolean {
    const waiting = [value];
    const seen = new Set(waiting);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === other) return true;
      const node = this.producer(name);
      for (const read of node && !isConstantOp(node) ? valuesRead(node) : []) {
        if (seen.has(read) || !this.#dependent.has(read)) continue;
        seen.add(read);
        waiting.push(read);
      }
    }
    return false;
  }

  /**
   * The Add of a constant that is the only one to read a layer without a bias: exporters write linear layers of tokens as MatMul
   * and Add, and both are one layer.
   * @param layer a node of the graph as it was given
   */
  biasOf(layer: Node): { sum: string; bias: string } | undefined {
    const isBare = layer.inputs.filter((name) => name !== '').length === 2;
    if (layer.domain !== '' || !LAYERS.has(layer.op) || !isBare) return undefined;
    const [reader, ...others] = this.#readers.get(outputOf(layer)) ?? [];
    if (reader?.op !== 'Add' || reader.domain !== '' || others.length > 0) return undefined;
    const bias = reader.inputs.find((name) => !this.depends(name));
    const sum = outputOf(reader);
    const isAlike = sameShape(this.b.types.shape(outputOf(layer)), this.b.types.shape(sum));
    return bias !== undefined && isAlike ? { sum, bias } : undefined;
  }

  #update(): void {
    const { nodes } = this.b.graph;
    for (; this.#seen < nodes.length; this.#seen++) {
      const node = nodes[this.#seen] as Node;
      const isDependent = !isConstantOp(node) && valuesRead(node).some((name) => this.#dependent.has(name));
      node.outputs.forEach((output, index) => {
        if (output === '') return;
        this.#producers.set(output, node);
        // The scale of a quantised picture is a constant here.
        if (isDependent && !(index > 0 && node.op === 'DynamicQuantizeLinear')) this.#dependent.add(output);
        if (this.#dependent.has(output) && this.#givesNonNegative(node)) this.#nonNegative.add(output);
      });
    }
  }

  #givesNonNegative({ domain, op, inputs }: Node): boolean {
    if (domain !== '') return false;
    if (op === 'Clip') {
      const low = this.b.types.constant(inputs[1] ?? '');
      return low !== undefined && (numbersOf(low)[0] as number) >= 0;
    }
    const isList = op === 'Add' || op === 'Concat' || op === 'Mul' || op === 'Sum';
    const read = isList ? inputs : inputs.slice(0, 1);
    return NEVER_NEGATIVE.has(op) || (KEEPING_SIGN.has(op) && read.every((name) => this.#nonNegative.has(name)));
  }
}

/** Whether a node is a linear layer, if one of its factors is weights. */
export const isLayer = ({ domain, op }: Node): boolean => domain === '' && LAYERS.has(op);
