/** @file Converts operators on integers to operators on floats between DequantizeLinear and QuantizeLinear. */
import { float, numberAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { dataTypeOf, typeCode } from '../files/storage.js';
import { inputOf, outputOf, type Attribute, type Graph, type Node } from '../graph/graph.js';
import { producersOf } from '../graph/neighbours.js';
import { valuesRead } from '../graph/order.js';
import { noCounterpart, type Conversion } from './conversion.js';
import { flattenedSoftmax } from './older.js';

/** The node that makes the conversion's output, under the name and outputs of the one it replaces. */
export function replacing(
  node: Node,
  op: string,
  inputs: readonly string[],
  attributes: Node['attributes'] = {},
): Node {
  return { op, domain: '', name: node.name, inputs, outputs: node.outputs.slice(0, 1), attributes };
}

/** (value − zero point)·scale, along `axis` where there are several scales. */
function dequantized(b: GraphBuilder, value: string, scale: string, zeroPoint: string, axis: number): string {
  const inputs = zeroPoint ? [value, scale, zeroPoint] : [value, scale];
  return b.op('DequantizeLinear', inputs, { axis }, `${value}/floats`);
}

/** The axes of both operands along which there may be several scales and zero points. */
const SCALED_AXES = {
  /** Those of the weights are per filter. */
  Conv: [0, 0],
  /** Per row of the left matrix, and per column of the right one. */
  MatMul: [-2, -1],
} as const;

/** value − zero point */
function shifted(b: GraphBuilder, value: string, zeroPoint: string, axis: number): string {
  const one = b.scalar(1);
  const several = zeroPoint !== '' && b.types.shape(zeroPoint)?.length !== 0;
  return dequantized(b, value, several ? b.op('Expand', [one, b.op('Shape', [zeroPoint])]) : one, zeroPoint, axis);
}

/** Sums of products of integers, which float32 holds to 24 bits. */
const onShifted =
  (op: 'Conv' | 'MatMul'): Conversion =>
  (node, b) =>
    b.within(outputOf(node), () => {
      const left = shifted(b, inputOf(node), inputOf(node, 2), SCALED_AXES[op][0]);
      const right = shifted(b, inputOf(node, 1), inputOf(node, 3), SCALED_AXES[op][1]);
      const sums = appended(b, op, [left, right], node.attributes);
      b.append(replacing(node, 'Cast', [sums], { to: { kind: 'int', value: typeCode('int32') } }));
    });

export const convInteger = onShifted('Conv');
export const matMulInteger = onShifted('MatMul');

/** Whether a node's output is such sums. */
const isIntegerSum = ({ domain, op }: Node) => domain === '' && (op === 'ConvInteger' || op === 'MatMulInteger');

/**
 * The upgraded graph with casts of integer sums to floats reading the floats that these were made of: no gradient passes through
 * integers.
 * @param nodes those of the model before
 */
export function withFloatSums(graph: Graph, nodes: readonly Node[]): Graph {
  const sums = new Set(nodes.filter(isIntegerSum).map((node) => outputOf(node)));
  if (sums.size === 0) return graph;
  const producers = producersOf(graph);
  const toFloat = (node: Node) =>
    node.domain === '' &&
    node.op === 'Cast' &&
    /^b?float/.test(dataTypeOf(numberAttribute(node, 'to'))) &&
    sums.has(inputOf(node));
  const direct = graph.nodes.map((node) =>
    toFloat(node) ? { ...node, inputs: producers.get(inputOf(node))?.inputs ?? node.inputs } : node,
  );
  const read = new Set([...direct.flatMap(valuesRead), ...graph.outputs.map(({ name }) => name)]);
  return { ...graph, nodes: direct.filter((node) => !sums.has(outputOf(node)) || read.has(outputOf(node))) };
}

const picked = (node: Node, ...names: string[]): Record<string, Attribute> =>
  Object.fromEntries(names.flatMap((name) => (node.attributes[name] ? [[name, node.attributes[name]]] : [])));

/** Quantises the output of `compute` with the scale and zero point at index `at` of the node's inputs. */
function quantizedAs(b: GraphBuilder, node: Node, at: number, compute: () => string): void {
  b.within(outputOf(node), () => {
    const value = compute();
    const [scale, zeroPoint] = [inputOf(node, at), inputOf(node, at + 1)];
    b.append(replacing(node, 'QuantizeLinear', zeroPoint ? [value, scale, zeroPoint] : [value, scale]));
  });
}

/** The input at `at` in floats, with the scale and zero point after it. */
const operand = (b: GraphBuilder, node: Node, at: number, axis = 0) =>
  dequantized(b, inputOf(node, at), inputOf(node, at + 1), inputOf(node, at + 2), axis);

/** Inputs: x, w, each with scale and zero point, those of y, and a bias in units of both scales. */
export const qLinearConv: Conversion = (node, b) =>
  quantizedAs(b, node, 6, () => {
    const operands = [operand(b, node, 0), operand(b, node, 3)];
    const bias = inputOf(node, 8);
    if (bias) operands.push(dequantized(b, bias, b.mul(inputOf(node, 1), inputOf(node, 4)), '', 0));
    return appended(b, 'Conv', operands, node.attributes);
  });

export const qLinearMatMul: Conversion = (node, b) =>
  quantizedAs(b, node, 6, () => {
    const [rows, columns] = SCALED_AXES.MatMul;
    return b.matMul(operand(b, node, 0, rows), operand(b, node, 3, columns));
  });

/** Of com.microsoft: αA′B′ + C, with y in floats where no scale of y is given. */
export const qGemm: Conversion = (node, b) => {
  const product = () => {
    // Several scales of the matrix are those of its output columns.
    const [a, w] = [operand(b, node, 0), operand(b, node, 3, flags(node).transB === 1 ? 0 : 1)];
    const alpha = numberAttribute(node, 'alpha', 1);
    const bias = inputOf(node, 6);
    const scale = b.mul(inputOf(node, 1), inputOf(node, 4));
    const unit = alpha === 1 ? scale : b.mul(scale, b.scalar(alpha));
    const operands = bias ? [a, w, b.mul(b.op('Cast', [bias], { to: 1 }), unit)] : [a, w];
    return b.op('Gemm', operands, { alpha: float(alpha), ...flags(node) });
  };
  if (inputOf(node, 7)) return quantizedAs(b, node, 7, product);
  return b.within(outputOf(node), () => b.append(replacing(node, 'Identity', [product()])));
};

const flags = (node: Node) => ({
  transA: numberAttribute(node, 'transA', 0),
  transB: numberAttribute(node, 'transB', 0),
});

/** Of com.microsoft: an operator of two operands. */
export const qLinearBinary =
  (op: 'Add' | 'Mul'): Conversion =>
  (node, b) =>
    quantizedAs(b, node, 6, () => b.op(op, [operand(b, node, 0), operand(b, node, 3)]));

/**
 * Of com.microsoft: an operator of one operand, with the attributes named.
 * @throws InputError for pictures with channels last
 */
export const qLinearUnary =
  (op: string, ...names: string[]): Conversion =>
  (node, b) => {
    if (numberAttribute(node, 'channels_last', 0) !== 0) throw noCounterpart(node, 'channels_last');
    quantizedAs(b, node, 3, () => appended(b, op, [operand(b, node, 0)], picked(node, ...names)));
  };

/** Of com.microsoft, with the meaning that Softmax has in the opset named in its attributes. */
export const qLinearSoftmax: Conversion = (node, b) =>
  quantizedAs(b, node, 3, () => {
    const [input, output] = [operand(b, node, 0), b.unique('Softmax')];
    const axis = { kind: 'int' as const, value: numberAttribute(node, 'axis', -1) };
    const softmax = {
      op: 'Softmax',
      domain: '',
      name: output,
      inputs: [input],
      outputs: [output],
      attributes: { axis },
    };
    const opset = numberAttribute(node, 'opset', 13);
    if (opset < 13) flattenedSoftmax(softmax, b, opset);
    else b.append(softmax);
    return output;
  });

/** Of com.microsoft: parts with their scales and zero points, after those of y. */
export const qLinearConcat: Conversion = (node, b) =>
  quantizedAs(b, node, 0, () => {
    const parts = Array.from({ length: Math.floor((node.inputs.length - 2) / 3) }, (_, part) =>
      operand(b, node, 2 + 3 * part),
    );
    return appended(b, 'Concat', parts, picked(node, 'axis'));
  });

/** A node with attributes that are already typed; its output. */
export function appended(
  b: GraphBuilder,
  op: string,
  inputs: readonly string[],
  attributes: Node['attributes'],
): string {
  const output = b.unique(op);
  b.append({ op, domain: '', name: output, inputs, outputs: [output], attributes });
  return output;
}
