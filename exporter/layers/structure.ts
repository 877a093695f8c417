/** @file Dense layers, layers that change only the form of a value, and layers that merge several. */
import { InputError } from '../../onnx/errors.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { activated } from './activations.js';
import { fromTfjsOrder, inTfjsOrder, onnxAxis, type LayerCall, type LayerRule } from './rule.js';

/** Dense works on the last axis, which for pictures is the channels. */
const dense: LayerRule = (call) => {
  const { b, inputs, weight } = call;
  const [x] = inputs;
  const kernel = weight('kernel') as string;
  const bias = weight('bias');
  const [batch = 1, ...sizes] = b.shape(x);
  if (sizes.length === 1) {
    return activated(call, bias ? b.op('Gemm', [x, kernel, bias]) : b.matMul(x, kernel));
  }
  const isPicture = sizes.length === 3;
  const positions = (isPicture ? sizes.slice(1) : sizes.slice(0, -1)) as number[];
  const channels = (isPicture ? sizes[0] : sizes.at(-1)) as number;
  const rows = b.reshape(inTfjsOrder(b, x), [batch, ...positions, channels]);
  const product = b.matMul(rows, kernel);
  const units = b.shape(product).at(-1) as number;
  return activated(call, fromTfjsOrder(b, bias ? b.add(product, bias) : product, [...positions, units]));
};

const flatten: LayerRule = ({ b, inputs: [x] }) =>
  b.shape(x).length === 2 ? x : b.op('Flatten', [inTfjsOrder(b, x)], { axis: 1 });

const reshape: LayerRule = ({ b, inputs: [x], options }) => {
  const elements = elementCount(b.shape(x).slice(1) as number[]);
  return fromTfjsOrder(b, inTfjsOrder(b, x), options.sizes('targetShape', elements));
};

/** A rule for an element-wise merge. */
const merge =
  (combined: (call: LayerCall) => string): LayerRule =>
  (call) => {
    const ranks = new Set(call.inputs.map((value) => call.b.shape(value).length));
    if (ranks.size === 1) return combined(call);
    const label = `${call.layer.getClassName()} layer "${call.layer.name}"`;
    throw new InputError({ name: label, expected: 'inputs of one rank', got: `ranks ${[...ranks].join(' and ')}` });
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
