/** @file Activations: tfjs's names for them, as ONNX nodes, whether in an Activation layer, a layer of their own or fused. */
import { float } from '../../onnx/graph/attributes.js';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { broadcastable, onnxAxis } from './layout.js';
import type { LayerCall, LayerRule } from './rule.js';

type ActivationRule = (b: GraphBuilder, x: string) => string;

/** A rule for an activation that is one ONNX operator. */
const operator =
  (op: string): ActivationRule =>
  (b, x) =>
    b.op(op, [x]);

/** α and scale of Klambauer et al. 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const clip = (b: GraphBuilder, x: string, low: number, high: number) =>
  b.op('Clip', [x, b.scalar(low), b.scalar(high)]);

/** α·(e^min(x, 0) − 1) + max(x, 0): made of operators with gradients, and without overflow. */
const elu = (b: GraphBuilder, x: string, alpha: number): string => {
  const negative = b.sub(b.op('Exp', [b.op('Min', [x, b.scalar(0)])]), b.scalar(1));
  return b.add(alpha === 1 ? negative : b.mul(negative, b.scalar(alpha)), b.op('Relu', [x]));
};

const softmax = (b: GraphBuilder, x: string, op: string, axis = -1) =>
  b.op(op, [x], { axis: onnxAxis(axis, b.shape(x).length) });

/** 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) (Hendrycks and Gimpel 2016). */
const geluNew: ActivationRule = (b, x) => {
  const cube = b.mul(b.mul(b.mul(x, x), x), b.scalar(0.044715));
  const inner = b.op('Tanh', [b.mul(b.add(x, cube), b.scalar(Math.sqrt(2 / Math.PI)))]);
  return b.mul(b.mul(x, b.scalar(0.5)), b.add(inner, b.scalar(1)));
};

/** 0.5·x·(1 + erf(x/√2)) (Hendrycks and Gimpel 2016). */
const gelu: ActivationRule = (b, x) => {
  const error = b.op('Erf', [b.mul(x, b.scalar(Math.SQRT1_2))]);
  return b.mul(b.mul(x, b.scalar(0.5)), b.add(error, b.scalar(1)));
};

/** By tfjs's names. */
const activationRules: Readonly<Record<string, ActivationRule>> = {
  linear: (_, x) => x,
  relu: operator('Relu'),
  relu6: (b, x) => clip(b, x, 0, 6),
  elu: (b, x) => elu(b, x, 1),
  selu: (b, x) => b.mul(elu(b, x, SELU_ALPHA), b.scalar(SELU_SCALE)),
  sigmoid: operator('Sigmoid'),
  hardSigmoid: (b, x) => clip(b, b.add(b.mul(x, b.scalar(0.2)), b.scalar(0.5)), 0, 1),
  tanh: operator('Tanh'),
  softmax: (b, x) => softmax(b, x, 'Softmax'),
  logSoftmax: (b, x) => softmax(b, x, 'LogSoftmax'),
  softplus: operator('Softplus'),
  softsign: (b, x) => b.div(x, b.add(b.op('Abs', [x]), b.scalar(1))),
  swish: (b, x) => b.mul(x, b.op('Sigmoid', [x])),
  mish: (b, x) => b.mul(x, b.op('Tanh', [b.op('Softplus', [x])])),
  gelu,
  gelu_new: geluNew,
};

/** The value after the layer's `activation` option. @throws InputError for an activation that is not in the table */
export function activated({ b, options }: LayerCall, value: string): string {
  const name = options.string('activation', 'linear');
  const rule = Object.hasOwn(activationRules, name) ? activationRules[name] : undefined;
  if (!rule) throw options.unsupported('activation', `one of ${Object.keys(activationRules).join(', ')}`);
  return rule(b, value);
}

/** Layers that are activations. */
export const activationLayers = {
  Activation: (call) => activated(call, call.inputs[0]),
  ELU: ({ b, inputs: [x] }) => elu(b, x, 1),
  LeakyReLU: ({ b, inputs: [x], options }) => b.op('LeakyRelu', [x], { alpha: float(options.number('alpha')) }),
  PReLU: ({ b, layer, inputs: [x], weight }) => {
    const shape = layer.weights[0]?.shape as number[];
    return b.op('PRelu', [x, broadcastable(b, weight('alpha') as string, [1, ...shape])]);
  },
  ReLU: ({ b, inputs: [x], options }) =>
    options.has('maxValue') ? clip(b, x, 0, options.number('maxValue')) : b.op('Relu', [x]),
  Softmax: ({ b, inputs: [x], options }) => softmax(b, x, 'Softmax', options.number('axis', -1)),
  ThresholdedReLU: ({ b, inputs: [x], options }) =>
    b.op('Where', [b.op('Greater', [x, b.scalar(options.number('theta'))]), x, b.scalar(0)]),
} satisfies Record<string, LayerRule>;
