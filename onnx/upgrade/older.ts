/** @file Conversions from opsets before 17. */
import { intsAttribute, numberAttribute, stringAttribute } from '../graph/attributes.js';
import { positiveAxis } from '../graph/dims.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, OPSET, outputOf, type DataType } from '../graph/graph.js';
import { typeCode } from '../files/storage.js';
import { float32Tensor, numbersOf } from '../graph/tensor.js';
import { without, withAttribute, type Conversion } from './conversion.js';

export const clip: Conversion = (node, b) => {
  const bound = (name: string) =>
    node.attributes[name] ? b.scalarLike(inputOf(node), numberAttribute(node, name)) : '';
  b.append({ ...without(node, 'min', 'max'), inputs: [inputOf(node), bound('min'), bound('max')] });
};

/** Before opset 10 the mask had the type of the data; it is dropped. */
export const dropout: Conversion = (node, b, from) => {
  const input = inputOf(node);
  const ratio = node.attributes['ratio'] ? [b.scalarLike(input, numberAttribute(node, 'ratio'))] : [];
  const outputs = from < 10 ? node.outputs.slice(0, 1) : node.outputs;
  b.append({ ...without(node, 'ratio', 'is_test'), inputs: [input, ...ratio], outputs });
};

export const pad: Conversion = (node, b, from) => {
  const name = from < 2 ? 'paddings' : 'pads';
  const input = inputOf(node);
  const value = b.scalarLike(input, numberAttribute(node, 'value', 0));
  b.append({ ...without(node, name, 'value'), inputs: [input, b.ints(intsAttribute(node, name) ?? []), value] });
};

/** Before opset 13 the axes from `axis` on were one: softmax over all of them at once. */
export const flattenedSoftmax: Conversion = (node, b) => {
  const input = inputOf(node);
  const axis = numberAttribute(node, 'axis', 1);
  const rank = b.types.shape(input)?.length;
  if (axis === -1 || (rank !== undefined && positiveAxis(axis, rank) === rank - 1)) {
    return b.append(withAttribute(node, 'axis', { kind: 'int', value: -1 }));
  }
  const output = outputOf(node);
  return b.within(output, () => {
    const flat = b.op(node.op, [b.op('Flatten', [input], { axis })], { axis: -1 });
    b.append({ ...node, op: 'Reshape', inputs: [flat, b.op('Shape', [input])], attributes: {} });
  });
};

/** Further outputs are statistics of training: with them, each batch is normalised by its own, unless `is_test` says otherwise. */
export const batchNormalization: Conversion = (node, b) => {
  if (numberAttribute(node, 'spatial', 1) !== 1) {
    throw new InputError({
      name: `${nodeLabel(node)}: attribute spatial`,
      expected: '1',
      got: `0, which opset ${OPSET} lacks`,
    });
  }
  const plain = without(node, 'is_test', 'spatial');
  const [output, ...statistics] = node.outputs as [string, ...string[]];
  const trains = numberAttribute(node, 'is_test', 0) === 0 && statistics.some((name) => name !== '');
  if (!trains) return b.append({ ...plain, outputs: [output] });
  // Later versions have two more outputs, by other definitions: what reads the old ones is refused.
  const others = ['mean', 'variance'].map((name) => b.unique(`${output}/${name}`));
  const training = withAttribute(plain, 'training_mode', { kind: 'int', value: 1 });
  return b.append({ ...training, outputs: [output, ...others] });
};

/** Upsample and the first Resize: positions scale from the corner; nearest rounds down, and up where it shrinks. */
export const upsample: Conversion = (node, b, from) => {
  const [data, input = ''] = node.inputs as [string, string?];
  const listed = node.attributes['scales'];
  const factors =
    from < 7
      ? [1, 1, numberAttribute(node, 'height_scale'), numberAttribute(node, 'width_scale')]
      : listed?.kind === 'floats' && listed.value;
  const scales = factors
    ? b.initializer(b.unique(`${node.outputs[0]}/scales`), float32Tensor(factors, [factors.length]))
    : input;
  const known = b.types.constant(scales);
  const sizes = known ? numbersOf(known) : [];
  const shrinks = sizes.some((scale) => scale < 1);
  const mode = stringAttribute(node, 'mode', 'nearest');
  if (mode === 'nearest' && shrinks && sizes.some((scale) => scale > 1)) {
    throw new InputError({
      name: `${nodeLabel(node)}: scales`,
      expected: 'none above 1 beside one below',
      got: `[${sizes.join()}]`,
    });
  }
  b.append({
    ...node,
    op: 'Resize',
    inputs: [data, '', scales],
    attributes: {
      mode: { kind: 'string', value: mode === 'bilinear' ? 'linear' : mode },
      coordinate_transformation_mode: { kind: 'string', value: 'asymmetric' },
      nearest_mode: { kind: 'string', value: shrinks ? 'ceil' : 'floor' },
    },
  });
};

/** Before opset 7 only the second operand was broadcast, from `axis` on. */
export const legacyBroadcast: Conversion = (node, b) => {
  const plain = without(node, 'axis', 'broadcast');
  if (numberAttribute(node, 'broadcast', 0) !== 1 || !node.attributes['axis']) return b.append(plain);
  const [left, right] = node.inputs as [string, string];
  const [rank, inner] = [b.types.knownShape(left, node).length, b.types.knownShape(right, node).length];
  const trailing = rank - positiveAxis(numberAttribute(node, 'axis'), rank) - inner;
  const axes = b.ints(Array.from({ length: Math.max(0, trailing) }, (_, index) => inner + index));
  const aligned = trailing > 0 ? b.op('Unsqueeze', [right, axes], {}, `${node.outputs[0]}/aligned`) : right;
  return b.append({ ...plain, inputs: [left, aligned] });
};

/** Before opset 7 a list of slopes was per channel. */
export const channelSlopes: Conversion = (node, b) => {
  const [data, slope] = node.inputs as [string, string];
  const rank = b.types.knownShape(data, node).length;
  const slopes = b.types.knownShape(slope, node);
  if (slopes.length !== 1 || slopes[0] === 1 || rank <= 2) return b.append(node);
  const axes = b.ints(Array.from({ length: rank - 2 }, (_, index) => index + 1));
  return b.append({ ...node, inputs: [data, b.op('Unsqueeze', [slope, axes], {}, `${node.outputs[0]}/slopes`)] });
};

const typeNames: Record<string, DataType> = {
  FLOAT: 'float32',
  DOUBLE: 'float64',
  FLOAT16: 'float16',
  INT8: 'int8',
  UINT8: 'uint8',
  INT16: 'int16',
  UINT16: 'uint16',
  INT32: 'int32',
  UINT32: 'uint32',
  INT64: 'int64',
  UINT64: 'uint64',
  BOOL: 'bool',
  STRING: 'string',
};

export const castByName: Conversion = (node, b) => {
  const name = stringAttribute(node, 'to', '').toUpperCase();
  const type = Object.hasOwn(typeNames, name) ? typeNames[name] : undefined;
  if (!type) {
    throw new InputError({
      name: `${nodeLabel(node)}: attribute to`,
      expected: `one of ${Object.keys(typeNames).join()}`,
      got: `"${name}"`,
    });
  }
  b.append(withAttribute(node, 'to', { kind: 'int', value: typeCode(type) }));
};

/** Coordinates had no half pixel before opset 16, whose default has one. */
export const wholePixels: Conversion = (node, b) =>
  b.append(withAttribute(node, 'coordinate_transformation_mode', { kind: 'string', value: 'output_half_pixel' }));

export const defaultAxis: Conversion = (node, b) =>
  b.append(node.attributes['axis'] ? node : withAttribute(node, 'axis', { kind: 'int', value: 1 }));

export const topK: Conversion = (node, b) =>
  b.append({ ...without(node, 'k'), inputs: [...node.inputs, b.ints([numberAttribute(node, 'k')])] });

export const scatter: Conversion = (node, b) => b.append({ ...node, op: 'ScatterElements' });
