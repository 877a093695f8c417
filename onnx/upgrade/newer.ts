/** @file Conversions from opsets after 17. */
import { intsAttribute, numberAttribute, stringAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { positiveAxis } from '../graph/dims.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, OPSET, outputOf, type Attribute, type Node } from '../graph/graph.js';
import { typeCode } from '../files/storage.js';
import { float32Tensor, numbersOf } from '../graph/tensor.js';
import { withExplicitPads } from '../shapes/windows.js';
import { antialiasedResize } from '../expand/resize-antialiased.js';
import { wrappedPad } from '../expand/pad-and-crop.js';
import { gridSample as expandedGridSample } from '../expand/sampling/grid-sample.js';
import {
  constantInts,
  dropping,
  expanding,
  noCounterpart,
  without,
  withAttribute,
  type Conversion,
} from './conversion.js';

/** Operators that came after opset 17 and are not converted. */
export const newerOperators = [
  'BitCast',
  'BitwiseAnd',
  'BitwiseNot',
  'BitwiseOr',
  'BitwiseXor',
  'CumProd',
  'ImageDecoder',
  'RegexFullMatch',
  'RotaryEmbedding',
  'StringConcat',
  'StringSplit',
  'TensorScatter',
];

export const refused: Conversion = (node, _b, from) => {
  throw new InputError(`${nodeLabel(node)}: operator ${node.op} of opset ${from} has no counterpart in opset ${OPSET}`);
};

/** Without the named attributes where they have their default; refuses other values. */
export const refusing =
  (defaults: Record<string, number>): Conversion =>
  (node, b) => {
    for (const [name, usual] of Object.entries(defaults)) {
      const value = intsAttributeOrNumber(node, name, usual);
      if (value.some((item) => item !== usual)) throw noCounterpart(node, name);
    }
    b.append(without(node, ...Object.keys(defaults)));
  };

/** Opset 19 added dilations to AveragePool, and allows windows that leave elements over. */
export const averagePool: Conversion = (node, b, from) =>
  refusing({ dilations: 1 })(withExplicitPads(node, b.types), b, from);

function intsAttributeOrNumber(node: Node, name: string, usual: number): readonly number[] {
  return node.attributes[name]?.kind === 'ints'
    ? (intsAttribute(node, name) ?? [])
    : [numberAttribute(node, name, usual)];
}

/** Opset 18 added axes to Pad, opset 19 the mode wrap. */
export const pad: Conversion = (node, b, from) => {
  if (stringAttribute(node, 'mode', 'constant') === 'wrap') return expanding(wrappedPad)(node, b, from);
  const [data, pads, value = '', axes] = node.inputs as [string, string, string?, string?];
  if (!axes) return b.append({ ...node, inputs: node.inputs.slice(0, 3) });
  const rank = b.types.knownShape(data, node).length;
  const [at, some] = [constantInts(b, node, axes), constantInts(b, node, pads)];
  if (some.length !== 2 * at.length) {
    throw new InputError({
      name: nodeLabel(node),
      expected: `${2 * at.length} pads for ${at.length} axes`,
      got: some.length,
    });
  }
  const all = Array.from({ length: 2 * rank }, () => 0);
  at.forEach((axis, index) => {
    all[positiveAxis(axis, rank)] = some[index] as number;
    all[positiveAxis(axis, rank) + rank] = some[index + at.length] as number;
  });
  return b.append({ ...node, inputs: [data, b.ints(all), value] });
};

/** Opset 18 added axes and antialias to Resize. Its other new attributes have no counterpart. */
export const resize: Conversion = (node, b, from) => {
  const isSmooth =
    numberAttribute(node, 'antialias', 0) === 1 && stringAttribute(node, 'mode', 'nearest') !== 'nearest';
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw noCounterpart(node, 'keep_aspect_ratio_policy');
  const positions = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  if (positions === 'half_pixel_symmetric') throw noCounterpart(node, `coordinate_transformation_mode ${positions}`);
  const axes = intsAttribute(node, 'axes');
  const plain = without(node, 'antialias', 'keep_aspect_ratio_policy', 'axes');
  const append = (all: Node) => (isSmooth ? expanding(antialiasedResize)(all, b, from) : b.append(all));
  if (!axes) return append(plain);
  if (positions === 'tf_crop_and_resize') throw noCounterpart(node, 'axes');
  const [data, , scales = '', sizes = ''] = node.inputs as [string, string?, string?, string?];
  const rank = b.types.knownShape(data, node).length;
  const places = axes.map((axis) => positiveAxis(axis, rank));
  return b.within(outputOf(node), () => {
    const inputs = sizes
      ? [data, '', '', allSizes(b, data, sizes, places, rank)]
      : [data, '', allScales(b, node, scales, places, rank)];
    append({ ...plain, inputs });
  });
};

/** The sizes of all axes: as given, or as in the data. */
function allSizes(b: GraphBuilder, data: string, sizes: string, places: readonly number[], rank: number): string {
  const own = b.op('Shape', [data]);
  const parts = Array.from({ length: rank }, (_, axis) => {
    const at = places.indexOf(axis);
    return b.op('Gather', at < 0 ? [own, b.ints([axis])] : [sizes, b.ints([at])]);
  });
  return b.op('Concat', parts, { axis: 0 });
}

function allScales(b: GraphBuilder, node: Node, scales: string, places: readonly number[], rank: number): string {
  const known = b.types.constant(scales);
  if (!known) throw new InputError(`${nodeLabel(node)}: "${scales}" must be constant`);
  const factors = numbersOf(known);
  const all = Array.from({ length: rank }, (_, axis) => factors[places.indexOf(axis)] ?? 1);
  return b.initializer(b.unique('scales'), float32Tensor(all, [rank]));
}

/** What reductions over no axes do to each element; the others are the identity. */
const overNoAxes = new Map([
  ['ReduceL1', 'Abs'],
  ['ReduceL2', 'Abs'],
  ['ReduceLogSum', 'Log'],
]);

/** From opset 18 on reductions take their axes as an input. */
export const axesToAttribute: Conversion = (node, b) => {
  const [data, axes] = node.inputs as [string, string?];
  const value = axes ? constantInts(b, node, axes) : [];
  const plain = { ...without(node, 'noop_with_empty_axes'), inputs: [data] };
  if (value.length > 0) return b.append(withAttribute(plain, 'axes', { kind: 'ints', value }));
  if (numberAttribute(node, 'noop_with_empty_axes', 0) === 0) return b.append(plain);
  if (node.op === 'ReduceSumSquare') return b.append({ ...plain, op: 'Mul', inputs: [data, data], attributes: {} });
  return b.append({ ...plain, op: overNoAxes.get(node.op) ?? 'Identity', attributes: {} });
};

/** Opset 18 names the number of parts, the last of which may be smaller. */
export const countedSplit: Conversion = (node, b) => {
  if (!node.attributes['num_outputs']) return b.append(node);
  const shape = b.types.knownShape(inputOf(node), node);
  const size = shape[positiveAxis(numberAttribute(node, 'axis', 0), shape.length)];
  const count = node.outputs.length;
  if (typeof size !== 'number') throw new InputError(`${nodeLabel(node)}: splitting needs a fixed size; got "${size}"`);
  const part = Math.ceil(size / count);
  const sizes = Array.from({ length: count }, (_, index) => Math.max(0, Math.min(part, size - index * part)));
  return b.append({ ...without(node, 'num_outputs'), inputs: [inputOf(node), b.ints(sizes)] });
};

/** With the type written out, the second operand no longer counts as an input to differentiate. */
export const castLike: Conversion = (node, b, from) => {
  const type = b.types.get(inputOf(node, 1))?.type;
  if (!type || type === 'other') return dropping('saturate', 'round_mode')(node, b, from);
  const to: Attribute = { kind: 'int', value: typeCode(type) };
  return b.append({ ...node, op: 'Cast', inputs: [inputOf(node)], attributes: { to } });
};

/** The modes of opset 20 by their names before. */
const sampleModes = new Map([
  ['linear', 'bilinear'],
  ['cubic', 'bicubic'],
]);

/** Opset 20 renamed the modes and added volumes. */
export const gridSample: Conversion = (node, b, from) => {
  const mode = stringAttribute(node, 'mode', 'linear');
  const value = sampleModes.get(mode) ?? mode;
  const renamed = withAttribute(node, 'mode', { kind: 'string', value });
  if (b.types.shape(inputOf(node))?.length === 5) return expanding(expandedGridSample)(renamed, b, from);
  return b.append(renamed);
};
