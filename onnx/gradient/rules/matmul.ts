/** @file Gradients of matrix products. */
import { float, numberAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { sameShape } from '../../graph/dims.js';
import { InputError } from '../../errors.js';
import { nodeLabel } from '../../graph/graph.js';
import { equationOf, labelledSizes } from '../../shapes/einsum.js';
import { expandedLike } from './common.js';
import type { Backward, GradientRule } from './rule.js';

/** Y = α·A′B′ + β·C, where ′ transposes if its flag is set: dA′ = α·dY·B′ᵀ, dB′ = α·A′ᵀ·dY, dC = β·dY. */
const gemm: GradientRule = ({ node, b, x, g, wanted }) => {
  const [left, right] = x as [string, string];
  const [transA, transB] = [numberAttribute(node, 'transA', 0), numberAttribute(node, 'transB', 0)];
  const alpha = float(numberAttribute(node, 'alpha', 1));
  const beta = numberAttribute(node, 'beta', 1);
  const product = (p: string, q: string, pT: number, qT: number) =>
    b.op('Gemm', [p, q], { alpha, transA: pT, transB: qT });
  const forLeft = () => (transA ? product(right, g, transB, 1) : product(g, right, 0, 1 - transB));
  const forRight = () => (transB ? product(g, left, 1, transA) : product(left, g, 1 - transA, 0));
  return [
    wanted(0) ? forLeft() : null,
    wanted(1) ? forRight() : null,
    x[2] && wanted(2) ? (beta === 1 ? g : b.mul(g, b.scalarLike(g, beta))) : null,
  ].slice(0, x.length);
};

/** `value` with its last two axes exchanged. */
function exchanged(b: GraphBuilder, value: string): string {
  const order = [...b.shape(value).keys()];
  const rank = order.length;
  return b.transpose(value, [...order.slice(0, -2), rank - 1, rank - 2]);
}

/** Y = AB: dA = dY·Bᵀ, dB = Aᵀ·dY; a vector is a matrix of one row (left) or one column (right). */
const matMul: GradientRule = ({ b, x, g, shape, wanted }) => {
  const [a, c] = x as [string, string];
  const [row, column] = [shape(a).length === 1, shape(c).length === 1];
  const unsqueezed = (value: string, axes: readonly number[]) =>
    axes.length > 0 ? b.op('Unsqueeze', [value, b.ints(axes)]) : value;
  const squeezed = (value: string, axes: readonly number[]) =>
    axes.length > 0 ? b.op('Squeeze', [value, b.ints(axes)]) : value;
  const rowAxes = row ? [-2] : [];
  const columnAxes = column ? [-1] : [];
  const left = unsqueezed(a, row ? [0] : []);
  const right = unsqueezed(c, column ? [1] : []);
  const gradient = unsqueezed(g, [...rowAxes, ...columnAxes]);
  // Gemm transposes as it reads: weights of classifiers take gigabytes, and no copy of them is made.
  const areMatrices = b.shape(gradient).length === 2 && b.shape(right).length === 2;
  const forLeft = () =>
    areMatrices ? b.op('Gemm', [gradient, right], { transB: 1 }) : b.matMul(gradient, exchanged(b, right));
  return [
    wanted(0) ? squeezed(forLeft(), rowAxes) : null,
    wanted(1) ? squeezed(b.matMul(exchanged(b, left), gradient), columnAxes) : null,
  ];
};

/** The labels of inputs and output with letters for the axes under ellipses, which line up at their ends. */
function explicitLabels({ node, x, shape }: Backward): { inputs: string[]; output: string } {
  const { inputs, output } = equationOf(node);
  const free = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const unused = free.filter((letter) => ![output, ...inputs].some((labels) => labels.includes(letter))).join('');
  const under = inputs.map((labels, index) => labelledSizes(node, labels, shape(x[index] as string)).under.length);
  const dots = unused.slice(0, Math.max(0, ...under));
  return {
    inputs: inputs.map((labels, index) => labels.replace('.', dots.slice(dots.length - (under[index] as number)))),
    output: output.replace('.', dots),
  };
}

/**
 * Each input's gradient is an Einsum too, of dy and the other inputs. Axes that only this input has, or that have size 1 in all
 * others, were summed, so its gradient is the same along them.
 */
const einsum: GradientRule = (backward) => {
  const { node, b, x, g, wanted } = backward;
  const { inputs, output } = explicitLabels(backward);
  const forInput = (own: string, at: number): string => {
    if (new Set(own).size < own.length) {
      throw new InputError({
        name: `${nodeLabel(node)}: cannot be differentiated (equation`,
        expected: 'labels that occur once per input',
        got: `"${own}")`,
      });
    }
    const others = [output, ...inputs.toSpliced(at, 1)];
    const found = [...own].filter((label) => others.some((labels) => labels.includes(label)));
    const operands = [g, ...x.toSpliced(at, 1)];
    const product = b.op('Einsum', operands, { equation: `${others.join()}->${found.join('')}` }, `input_${at}`);
    const alone = [...own].flatMap((label, axis) => (found.includes(label) ? [] : [axis]));
    const whole = alone.length > 0 ? b.op('Unsqueeze', [product, b.ints(alone)]) : product;
    const input = x[at] as string;
    return sameShape(b.types.shape(whole), b.shape(input)) ? whole : expandedLike(b, whole, input);
  };
  return inputs.map((own, index) => (wanted(index) ? forInput(own, index) : null));
};

export const matmulRules = { Einsum: einsum, Gemm: gemm, MatMul: matMul };
