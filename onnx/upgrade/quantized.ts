/** @file Converts operators on integers to operators on floats between DequantizeLinear and QuantizeLinear. */
import { float, numberAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { inputOf, outputOf, type Attribute, type Node } from '../graph/graph.js';
import type { Conversion } from './conversion.js';

/** The node that makes the conversion's output, under the name and outputs of the one it replaces. */
export function replacing(
  node: Node,
  op: string,
  inputs: readonly string[],
  attributes: Node['attributes'] = {},
): Node {
  return { op, domain: '', name: node.name, inputs, outputs: node.outputs.slice(0, 1), attributes };
}

/** (value − zero point)·scale, along the first axis where there are several scales. */
function dequantized(b: GraphBuilder, value: string, scale: string, zeroPoint: string): string {
  return b.op(
    'DequantizeLinear',
    zeroPoint ? [value, scale, zeroPoint] : [value, scale],
    { axis: 0 },
    `${value}/floats`,
  );
}

/** value − zero point */
function shifted(b: GraphBuilder, value: string, zeroPoint: string): string {
  const one = b.scalar(1);
  const several = zeroPoint !== '' && b.types.shape(zeroPoint)?.length !== 0;
  return dequantized(b, value, several ? b.op('Expand', [one, b.op('Shape', [zeroPoint])]) : one, zeroPoint);
}

/** Sums of products of integers, which float32 holds to 24 bits. */
const onShifted =
  (op: 'Conv' | 'MatMul'): Conversion =>
  (node, b) =>
    b.within(outputOf(node), () => {
      const left = shifted(b, inputOf(node), inputOf(node, 2));
      const right = shifted(b, inputOf(node, 1), inputOf(node, 3));
      b.append(replacing(node, op, [left, right], node.attributes));
    });

export const convInteger = onShifted('Conv');
export const matMulInteger = onShifted('MatMul');

const ints = (node: Node, ...names: string[]): Record<string, Attribute> =>
  Object.fromEntries(names.flatMap((name) => (node.attributes[name] ? [[name, node.attributes[name]]] : [])));

/** Quantises the output of `compute` with the scale and zero point at index `at` of the node's inputs. */
function quantizedAs(b: GraphBuilder, node: Node, at: number, compute: () => string): void {
  b.within(outputOf(node), () => {
    const value = compute();
    const [scale, zeroPoint] = [inputOf(node, at), inputOf(node, at + 1)];
    b.append(replacing(node, 'QuantizeLinear', zeroPoint ? [value, scale, zeroPoint] : [value, scale]));
  });
}

const operand = (b: GraphBuilder, node: Node, at: number) =>
  dequantized(b, inputOf(node, at), inputOf(node, at + 1), inputOf(node, at + 2));

/** Inputs: x, w, each with scale and zero point, those of y, and a bias in units of both scales. */
export const qLinearConv: Conversion = (node, b) =>
  quantizedAs(b, node, 6, () => {
    const operands = [operand(b, node, 0), operand(b, node, 3)];
    const bias = inputOf(node, 8);
    if (bias) operands.push(dequantized(b, bias, b.mul(inputOf(node, 1), inputOf(node, 4)), ''));
    return appended(b, 'Conv', operands, node.attributes);
  });

export const qLinearMatMul: Conversion = (node, b) =>
  quantizedAs(b, node, 6, () => b.matMul(operand(b, node, 0), operand(b, node, 3)));

/** Of com.microsoft: αA′B′ + C, with y in floats where no scale of y is given. */
export const qGemm: Conversion = (node, b) => {
  const product = () => {
    const [a, w] = [operand(b, node, 0), withColumns(b, node)];
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

/** The matrix in floats; several scales are those of its output columns. */
function withColumns(b: GraphBuilder, node: Node): string {
  const [w, scale, zeroPoint] = [inputOf(node, 3), inputOf(node, 4), inputOf(node, 5)];
  const axis = numberAttribute(node, 'transB', 0) === 1 ? 0 : 1;
  return b.op('DequantizeLinear', zeroPoint ? [w, scale, zeroPoint] : [w, scale], { axis }, `${w}/floats`);
}

/** Of com.microsoft: an operator of two operands. */
export const qLinearBinary =
  (op: 'Add' | 'Mul'): Conversion =>
  (node, b) =>
    quantizedAs(b, node, 6, () => b.op(op, [operand(b, node, 0), operand(b, node, 3)]));

/** Of com.microsoft: an operator of one operand, with the attributes named. */
export const qLinearUnary =
  (op: string, ...names: string[]): Conversion =>
  (node, b) =>
    quantizedAs(b, node, 3, () => appended(b, op, [operand(b, node, 0)], ints(node, ...names)));

/** Of com.microsoft: parts with their scales and zero points, after those of y. */
export const qLinearConcat: Conversion = (node, b) =>
  quantizedAs(b, node, 0, () => {
    const parts = Array.from({ length: Math.floor((node.inputs.length - 2) / 3) }, (_, part) =>
      operand(b, node, 2 + 3 * part),
    );
    return appended(b, 'Concat', parts, ints(node, 'axis'));
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
