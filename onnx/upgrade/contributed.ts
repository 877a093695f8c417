/** @file Expands fused operators of com.microsoft, as ONNX Runtime's optimiser writes them. */
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, outputOf, type Node } from '../graph/graph.js';
import { without, type Conversion } from './conversion.js';
import { gelu } from './expanded.js';
import { appended, replacing } from './quantized.js';

/** Attributes of an activation by its parameters, in order. */
const activationParameters: Readonly<Record<string, readonly string[]>> = {
  HardSigmoid: ['alpha', 'beta'],
  LeakyRelu: ['alpha'],
  Relu: [],
  Sigmoid: [],
  Tanh: [],
};

/** Appends the activation that a fused node ends with, or the value itself. */
function activated(b: GraphBuilder, node: Node, value: string, parameters: readonly number[]): void {
  const op = stringAttribute(node, 'activation', '');
  if (op === '') return b.append(replacing(node, 'Identity', [value]));
  if (op === 'Clip')
    return b.append(replacing(node, 'Clip', [value, ...parameters.map((bound) => b.scalarLike(value, bound))]));
  const names = Object.hasOwn(activationParameters, op) ? activationParameters[op] : undefined;
  if (!names) throw new InputError(`${nodeLabel(node)}: activation ${op} is not taken apart`);
  const attributes = names.flatMap((name, at) => {
    const given = parameters[at];
    return given === undefined ? [] : [[name, { kind: 'float', value: given }] as const];
  });
  b.append(replacing(node, op, [value], Object.fromEntries(attributes)));
}

/** act(Conv(x, w, b) + z) */
export const fusedConv: Conversion = (node, b) =>
  b.within(outputOf(node), () => {
    const plain = without(node, 'activation', 'activation_params').attributes;
    const conv = appended(b, 'Conv', node.inputs.slice(0, 3), plain);
    const sum = inputOf(node, 3) ? b.add(conv, inputOf(node, 3)) : conv;
    const parameters = node.attributes['activation_params'];
    activated(b, node, sum, parameters?.kind === 'floats' ? parameters.value : []);
  });

/** act(Gemm(a, b, c)) */
export const fusedGemm: Conversion = (node, b) =>
  b.within(outputOf(node), () => {
    const own = ['activation', 'activation_alpha', 'activation_beta', 'activation_gamma'];
    const product = appended(b, 'Gemm', node.inputs, without(node, ...own).attributes);
    const parameters = own.slice(1).flatMap((name) => (node.attributes[name] ? [numberAttribute(node, name)] : []));
    activated(b, node, product, parameters);
  });

/** α·A′B′, where ′ moves the first axis behind the batch and exchanges the last two axes, as stated for each. */
export const fusedMatMul: Conversion = (node, b) => {
  b.within(outputOf(node), () => {
    const turned = (value: string, side: 'A' | 'B') => {
      const [ends, batch] = [`trans${side}`, `transBatch${side}`].map((flag) => numberAttribute(node, flag, 0) === 1);
      if (!ends && !batch) return value;
      const axes = b.types.knownShape(value, node).map((_, axis) => axis);
      const [row = 0, column = 1] = batch ? [0, axes.length - 1] : axes.slice(-2);
      const lead = batch ? axes.slice(1, -1) : axes.slice(0, -2);
      return b.transpose(value, [...lead, ...(ends ? [column, row] : [row, column])]);
    };
    const product = b.matMul(turned(inputOf(node), 'A'), turned(inputOf(node, 1), 'B'));
    const alpha = numberAttribute(node, 'alpha', 1);
    b.append(replacing(node, 'Mul', [product, b.scalarLike(product, alpha)]));
  });
};

/** The form of Gelu that ai.onnx got in opset 20. */
const geluOf = (node: Node, b: GraphBuilder, x: string, approximate: 'none' | 'tanh'): void =>
  gelu(replacing(node, 'Gelu', [x], { approximate: { kind: 'string', value: approximate } }), b, 20);

export const contributedGelu: Conversion = (node, b) => geluOf(node, b, inputOf(node), 'none');

/** gelu(x + bias) */
export const biasGelu: Conversion = (node, b) =>
  geluOf(node, b, b.add(inputOf(node), inputOf(node, 1), `${outputOf(node)}/biased`), 'none');

/** gelu(x + bias) with tanh; the bias may be absent. */
export const fastGelu: Conversion = (node, b) => {
  const bias = inputOf(node, 1);
  geluOf(node, b, bias ? b.add(inputOf(node), bias, `${outputOf(node)}/biased`) : inputOf(node), 'tanh');
};

/** x·sigmoid(αx) */
export const quickGelu: Conversion = (node, b) =>
  b.within(outputOf(node), () => {
    const x = inputOf(node);
    const gate = b.op('Sigmoid', [b.mul(x, b.scalarLike(x, numberAttribute(node, 'alpha', 1.702)))]);
    b.append(replacing(node, 'Mul', [x, gate]));
  });

/** The first five inputs of a node; '' for those that it does not have. */
const fiveInputs = (node: Node) =>
  [0, 1, 2, 3, 4].map((at) => inputOf(node, at)) as [string, string, string, string, string];

/** LayerNormalization(x + skip + bias; gamma, beta), and the sum as the fourth output. */
export const skipLayerNormalization: Conversion = (node, b) =>
  b.within(outputOf(node), () => {
    const [x, skip, gamma, beta, bias] = fiveInputs(node);
    const sum = bias ? b.add(b.add(x, skip), bias) : b.add(x, skip);
    const epsilon = { kind: 'float' as const, value: numberAttribute(node, 'epsilon', 1e-12) };
    const inputs = beta ? [sum, gamma, beta] : [sum, gamma];
    b.append(replacing(node, 'LayerNormalization', inputs, { epsilon, axis: { kind: 'int', value: -1 } }));
    const fourth = outputOf(node, 3);
    if (fourth)
      b.append({ op: 'Identity', domain: '', name: fourth, inputs: [sum], outputs: [fourth], attributes: {} });
  });

/** A node of com.microsoft that ai.onnx has too, with the same meaning. */
export const asStandard: Conversion = (node, b) =>
  b.append({ ...replacing(node, node.op, node.inputs, node.attributes), outputs: node.outputs });

/** y = x·w with x quantised by the node itself: w in floats, and the product of floats. */
export const dynamicQuantizeMatMul: Conversion = (node, b) =>
  b.within(outputOf(node), () => {
    const [x, w, scale, zeroPoint, bias] = fiveInputs(node);
    const [q, s, z] = b.ops('DynamicQuantizeLinear', [x], 3) as [string, string, string];
    const left = b.op('DequantizeLinear', [q, s, z]);
    const right = b.op('DequantizeLinear', zeroPoint ? [w, scale, zeroPoint] : [w, scale], { axis: 1 });
    const product = b.matMul(left, right);
    b.append(bias ? replacing(node, 'Add', [product, bias]) : replacing(node, 'Identity', [product]));
  });
