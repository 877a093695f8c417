/** @file What changed in operators between opsets: one conversion to opset 17 per operator and side. */
import { intsAttribute, numberAttribute, stringAttribute } from './attributes.js';
import type { GraphBuilder } from './build.js';
import { positiveAxis } from './dims.js';
import { InputError } from './errors.js';
import { nodeLabel, OPSET, type Attribute, type Node } from './graph.js';
import { typeCode } from './storage.js';
import { float32Tensor } from './tensor.js';

/** Newest ai.onnx opset that is read. */
export const NEWEST_OPSET = 26;

/** Appends a node of opset `from` to a graph of opset 17, as one or more nodes that compute the same. */
export type Conversion = (node: Node, b: GraphBuilder, from: number) => void;

/** Operators that came after opset 17 and are not converted. */
export const newerOperators = new Set([
  'AffineGrid',
  'Attention',
  'BitCast',
  'BitwiseAnd',
  'BitwiseNot',
  'BitwiseOr',
  'BitwiseXor',
  'CenterCropPad',
  'Col2Im',
  'CumProd',
  'GroupNormalization',
  'ImageDecoder',
  'OptionalGetElement',
  'OptionalHasElement',
  'RMSNormalization',
  'RegexFullMatch',
  'RotaryEmbedding',
  'StringConcat',
  'StringSplit',
  'Swish',
  'TensorScatter',
]);

/** The node without some attributes. */
export function without(node: Node, ...names: string[]): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !names.includes(name));
  return { ...node, attributes: Object.fromEntries(kept) };
}

const withAttribute = (node: Node, name: string, attribute: Attribute): Node => ({
  ...node,
  attributes: { ...node.attributes, [name]: attribute },
});

/** The node with lists of ints moved from attributes to inputs, in order; absent ones stay absent. */
const attributesToInputs =
  (...names: string[]): Conversion =>
  (node, b) => {
    const lists = names.map((name) => intsAttribute(node, name));
    const inputs = lists.map((list) => (list ? b.ints(list) : ''));
    while (inputs.at(-1) === '') inputs.pop();
    b.append({ ...without(node, ...names), inputs: [...node.inputs, ...inputs] });
  };

const dropping =
  (...names: string[]): Conversion =>
  (node, b) =>
    b.append(without(node, ...names));

const clip: Conversion = (node, b) => {
  const bound = (name: string) =>
    node.attributes[name] ? b.scalarLike(node.inputs[0] as string, numberAttribute(node, name)) : '';
  b.append({
    ...without(node, 'min', 'max', 'consumed_inputs'),
    inputs: [node.inputs[0] as string, bound('min'), bound('max')],
  });
};

/** Outputs beyond the first are statistics of training, or a mask: they stay only where the dialect has them. */
const dropout: Conversion = (node, b) => b.append(without(node, 'ratio', 'is_test', 'consumed_inputs'));

const pad: Conversion = (node, b, from) => {
  const name = from < 2 ? 'paddings' : 'pads';
  const value = b.scalarLike(node.inputs[0] as string, numberAttribute(node, 'value', 0));
  b.append({
    ...without(node, name, 'value'),
    inputs: [node.inputs[0] as string, b.ints(intsAttribute(node, name) ?? []), value],
  });
};

/** Opset 18 lets Pad name its axes. */
const padAxes: Conversion = (node, b) => {
  const [data, pads, value = '', axes] = node.inputs as [string, string, string?, string?];
  if (!axes) return b.append(node);
  const rank = b.types.knownShape(data, node).length;
  const [at, some] = [constantInts(b, node, axes), constantInts(b, node, pads)];
  const all = Array.from({ length: 2 * rank }, () => 0);
  at.forEach((axis, index) => {
    all[positiveAxis(axis, rank)] = some[index] as number;
    all[positiveAxis(axis, rank) + rank] = some[index + at.length] as number;
  });
  return b.append({ ...node, inputs: [data, b.ints(all), value] });
};

/** Before opset 13 the axes from `axis` on were one: softmax over all of them at once. */
const flattenedSoftmax: Conversion = (node, b) => {
  const input = node.inputs[0] as string;
  const axis = numberAttribute(node, 'axis', 1);
  const rank = b.types.shape(input)?.length;
  if (rank !== undefined && positiveAxis(axis, rank) === rank - 1) {
    return b.append(withAttribute(node, 'axis', { kind: 'int', value: -1 }));
  }
  const output = node.outputs[0] as string;
  return b.within(output, () => {
    const flat = b.op(node.op, [b.op('Flatten', [input], { axis })], { axis: -1 });
    b.append({ ...node, op: 'Reshape', inputs: [flat, b.op('Shape', [input])], attributes: {} });
  });
};

const batchNormalization: Conversion = (node, b) => {
  if (numberAttribute(node, 'spatial', 1) !== 1) {
    throw new InputError(`${nodeLabel(node)}: attribute spatial: expected 1; got 0, which opset ${OPSET} lacks`);
  }
  b.append({ ...without(node, 'is_test', 'spatial', 'consumed_inputs'), outputs: node.outputs.slice(0, 1) });
};

/** Upsample and the first Resize: positions scale from the corner, nearest rounds down. */
const upsample: Conversion = (node, b) => {
  const listed = node.attributes['scales'];
  const [data, input] = node.inputs as [string, string?];
  const scales =
    listed?.kind === 'floats'
      ? b.initializer(`${node.outputs[0]}/scales`, float32Tensor(listed.value, [listed.value.length]))
      : input;
  const mode = stringAttribute(node, 'mode', 'nearest');
  b.append({
    ...node,
    op: 'Resize',
    inputs: [data, '', scales as string],
    attributes: {
      mode: { kind: 'string', value: mode === 'bilinear' ? 'linear' : mode },
      coordinate_transformation_mode: { kind: 'string', value: 'asymmetric' },
      nearest_mode: { kind: 'string', value: 'floor' },
    },
  });
};

const newResize: Conversion = (node, b) => {
  const refused =
    ['axes', 'keep_aspect_ratio_policy'].find((name) => node.attributes[name]) ??
    (numberAttribute(node, 'antialias', 0) === 1 ? 'antialias' : undefined);
  const stretch = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') === 'stretch';
  if (refused && !(refused === 'keep_aspect_ratio_policy' && stretch)) {
    throw new InputError(`${nodeLabel(node)}: attribute ${refused} has no counterpart in opset ${OPSET}`);
  }
  b.append(without(node, 'antialias', 'keep_aspect_ratio_policy'));
};

/** Before opset 7 only the second operand was broadcast, from `axis` on. */
const legacyBroadcast: Conversion = (node, b) => {
  const plain = without(node, 'axis', 'broadcast', 'consumed_inputs');
  if (numberAttribute(node, 'broadcast', 0) !== 1 || !node.attributes['axis']) return b.append(plain);
  const [left, right] = node.inputs as [string, string];
  const [rank, inner] = [b.types.knownShape(left, node).length, b.types.knownShape(right, node).length];
  const trailing = rank - positiveAxis(numberAttribute(node, 'axis'), rank) - inner;
  const axes = b.ints(Array.from({ length: trailing }, (_, index) => inner + index));
  const aligned = trailing > 0 ? b.op('Unsqueeze', [right, axes], {}, `${node.outputs[0]}/aligned`) : right;
  return b.append({ ...plain, inputs: [left, aligned] });
};

const castByName: Conversion = (node, b) => {
  const name = stringAttribute(node, 'to', 'FLOAT').toLowerCase();
  const type = { float: 'float32', double: 'float64' }[name] ?? name;
  b.append(withAttribute(node, 'to', { kind: 'int', value: typeCode(type as 'float32') }));
};

const defaultAxis: Conversion = (node, b) =>
  b.append(node.attributes['axis'] ? node : withAttribute(node, 'axis', { kind: 'int', value: 1 }));

/** From opset 18 on reductions take their axes as an input. */
const axesToAttribute: Conversion = (node, b) => {
  const [data, axes] = node.inputs as [string, string?];
  if (!axes) {
    const nothing = numberAttribute(node, 'noop_with_empty_axes', 0) === 1;
    return b.append(nothing ? { ...node, op: 'Identity', attributes: {} } : without(node, 'noop_with_empty_axes'));
  }
  const value = constantInts(b, node, axes);
  return b.append({
    ...withAttribute(without(node, 'noop_with_empty_axes'), 'axes', { kind: 'ints', value }),
    inputs: [data],
  });
};

/** Opset 18 names the number of parts, the last of which may be smaller. */
const countedSplit: Conversion = (node, b) => {
  if (!node.attributes['num_outputs']) return b.append(node);
  const shape = b.types.knownShape(node.inputs[0] as string, node);
  const size = shape[positiveAxis(numberAttribute(node, 'axis', 0), shape.length)];
  const count = numberAttribute(node, 'num_outputs');
  if (typeof size !== 'number') throw new InputError(`${nodeLabel(node)}: splitting needs a fixed size; got "${size}"`);
  const part = Math.ceil(size / count);
  const sizes = Array.from({ length: count }, (_, index) => Math.min(part, size - index * part));
  return b.append({ ...without(node, 'num_outputs'), inputs: [node.inputs[0] as string, b.ints(sizes)] });
};

const averagePool: Conversion = (node, b) => {
  if (intsAttribute(node, 'dilations')?.some((dilation) => dilation !== 1)) {
    throw new InputError(`${nodeLabel(node)}: attribute dilations has no counterpart in opset ${OPSET}`);
  }
  b.append(without(node, 'dilations'));
};

/** With the type written out, the second operand no longer counts as an input to differentiate. */
const castLike: Conversion = (node, b) => {
  const type = b.types.get(node.inputs[1] as string)?.type;
  if (!type) return b.append(node);
  const to: Attribute = { kind: 'int', value: typeCode(type) };
  return b.append({ ...node, op: 'Cast', inputs: [node.inputs[0] as string], attributes: { to } });
};

/** gelu(x) = x/2·(1 + erf(x/√2)), or with tanh(√(2/π)(x + 0.044715x³)) for erf. */
const gelu: Conversion = (node, b) => {
  const x = node.inputs[0] as string;
  const output = node.outputs[0] as string;
  b.within(output, () => {
    const times = (value: string, factor: number) => b.mul(value, b.scalarLike(x, factor));
    const cubic = () => b.add(x, times(b.mul(x, b.mul(x, x)), 0.044715));
    const approximate = stringAttribute(node, 'approximate', 'none') === 'tanh';
    const curve = approximate
      ? b.op('Tanh', [times(cubic(), Math.sqrt(2 / Math.PI))])
      : b.op('Erf', [times(x, Math.SQRT1_2)]);
    const share = b.add(curve, b.scalarLike(x, 1));
    b.append({ ...node, op: 'Mul', inputs: [times(x, 0.5), share], attributes: {} });
  });
};

/** mish(x) = x·tanh(softplus(x)) */
const mish: Conversion = (node, b) => {
  const x = node.inputs[0] as string;
  const factor = b.within(node.outputs[0] as string, () => b.op('Tanh', [b.op('Softplus', [x])]));
  b.append({ ...node, op: 'Mul', inputs: [x, factor], attributes: {} });
};

function constantInts(b: GraphBuilder, node: Node, name: string): readonly number[] {
  const values = b.types.integers(name);
  if (!values) throw new InputError(`${nodeLabel(node)}: "${name}" must be constant`);
  return values;
}

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];
const legacyOperators = ['Add', 'And', 'Div', 'Equal', 'Greater', 'Less', 'Mul', 'Or', 'Pow', 'Sub', 'Xor'];

/** By operator: first and last opset whose form needs the conversion. */
export const conversions: Record<string, [first: number, last: number, convert: Conversion]> = {
  AveragePool: [19, NEWEST_OPSET, averagePool],
  BatchNormalization: [1, 13, batchNormalization],
  Cast: [1, 5, castByName],
  CastLike: [15, NEWEST_OPSET, castLike],
  Clip: [1, 10, clip],
  Concat: [1, 3, defaultAxis],
  Dropout: [1, 11, dropout],
  Gelu: [20, NEWEST_OPSET, gelu],
  Gemm: [1, 6, dropping('broadcast')],
  LogSoftmax: [1, 12, flattenedSoftmax],
  Mish: [18, NEWEST_OPSET, mish],
  Pad: [1, NEWEST_OPSET, (node, b, from) => (from < 11 ? pad : padAxes)(node, b, from)],
  ReduceSum: [1, 12, attributesToInputs('axes')],
  Reshape: [1, 4, attributesToInputs('shape')],
  Resize: [10, NEWEST_OPSET, (node, b, from) => (from === 10 ? upsample : newResize)(node, b, from)],
  Slice: [1, 9, attributesToInputs('starts', 'ends', 'axes')],
  Softmax: [1, 12, flattenedSoftmax],
  Split: [1, NEWEST_OPSET, (node, b, from) => (from < 13 ? attributesToInputs('split') : countedSplit)(node, b, from)],
  Squeeze: [1, 12, attributesToInputs('axes')],
  Unsqueeze: [1, 12, attributesToInputs('axes')],
  Upsample: [7, 9, upsample],
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, [18, NEWEST_OPSET, axesToAttribute]])),
  ...Object.fromEntries(legacyOperators.map((name) => [name, [1, 6, legacyBroadcast]])),
};
