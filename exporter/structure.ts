/** @file Dense layers, layers that change only the form of a value, and layers that merge several. */
import { InputError } from '../onnx/errors.js';
import { activated } from './activations.js';
import { fromTfjsOrder, inTfjsOrder, onnxAxis, type LayerCall, type LayerRule } from './rule.js';

/** Dense works on the last axis, which for pictures is the channels. */
const dense: LayerRule = (call) => {
  const { b, inputs, outputShape, weight } = call;
  const [x] = inputs;
  const kernel = weight('kernel') as string;
  const bias = weight('bias');
  const [batch = 1, ...sizes] = b.shape(x);
  if (sizes.length === 1) {
    return activated(call, bias ? b.op('Gemm', [x, kernel, bias]) : b.matMul(x, kernel));
  }
  const positions = outputShape.slice(0, -1);
  const channels = (sizes.length === 3 ? sizes[0] : sizes.at(-1)) as number;
  const rows = b.reshape(inTfjsOrder(b, x), [batch, ...positions, channels]);
  const product = b.matMul(rows, kernel);
  return activated(call, fromTfjsOrder(b, bias ? b.add(product, bias) : product, outputShape));
};

const flatten: LayerRule = ({ b, inputs: [x] }) =>
  b.shape(x).length === 2 ? x : b.op('Flatten', [inTfjsOrder(b, x)], { axis: 1 });

const reshape: LayerRule = ({ b, inputs: [x], outputShape }) => fromTfjsOrder(b, inTfjsOrder(b, x), outputShape);

/** A rule for an element-wise merge. */
const merge =
  (combined: (call: LayerCall) => string): LayerRule =>
  (call) => {
    const ranks = new Set(call.inputs.map((value) => call.b.shape(value).length));
    if (ranks.size === 1) return combined(call);
    const label = `${call.layer.getClassName()} layer "${call.layer.name}"`;
    throw new InputError(`${label}: expected inputs of one rank; got ranks ${[...ranks].join(' and ')}`);
  };

const chained = (op: string) =>
  merge(({ b, inputs: [first, ...rest] }) => rest.reduce((sum, value) => b.op(op, [sum, value]), first));

const concatenate: LayerRule = ({ b, inputs, options }) =>
  b.op('Concat', inputs, { axis: onnxAxis(options.number('axis', -1), b.shape(inputs[0]).length) });

const average = merge((call) => {
  const { b, inputs } = call;
  return b.mul(chained('Add')(call), b.scalar(1 / inputs.length));
});

/** Layers that connect others. */
export const structureLayers = {
  Add: chained('Add'),
  Average: average,
  Concatenate: concatenate,
  Dense: dense,
  Flatten: flatten,
  Maximum: merge(({ b, inputs }) => b.op('Max', inputs)),
  Minimum: merge(({ b, inputs }) => b.op('Min', inputs)),
  Multiply: chained('Mul'),
  Reshape: reshape,
} satisfies Record<string, LayerRule>;
