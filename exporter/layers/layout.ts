/** @file How tfjs values stand in the graph: pictures as [N, C, H, W], other ranks as in tfjs, the ways between both, and the windows that move over them. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import type { LayerCall, LayerOptions } from './rule.js';

/** The ONNX axis of a tfjs axis (negative ones count from the end) of a value of this rank. */
export function onnxAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  return rank === 4 ? ([0, 2, 3, 1][positive] ?? positive) : positive;
}

/** [N, C, H, W] and [N, H, W, C] have their elements in the same order where there is one channel or one position. */
function sameOrder(channels: unknown, height: unknown, width: unknown): boolean {
  return channels === 1 || (height === 1 && width === 1);
}

/**
 * The value with its elements in tfjs's order: pictures are transposed to [N, H, W, C], unless that would move nothing;
 * then, and for other ranks, it is the value itself. Only fit to be reshaped.
 */
export function inTfjsOrder(b: GraphBuilder, value: string): string {
  const [, channels, height, width, ...rest] = b.shape(value);
  const isPicture = width !== undefined && rest.length === 0;
  return isPicture && !sameOrder(channels, height, width) ? toTfjs(b, value) : value;
}

/** A value with its elements in tfjs's order, in the form that a value of this tfjs shape (without the batch) has here. */
export function fromTfjsOrder(b: GraphBuilder, value: string, shape: readonly number[]): string {
  const batch = b.shape(value)[0] ?? 1;
  const [height, width, channels] = shape;
  if (shape.length !== 3) return reshaped(b, value, [batch, ...shape]);
  if (sameOrder(channels, height, width)) return reshaped(b, value, [batch, channels, height, width] as number[]);
  return fromTfjs(b, reshaped(b, value, [batch, ...shape]));
}

/** The value with tfjs's axes: pictures as [N, H, W, C]. */
export function toTfjs(b: GraphBuilder, value: string): string {
  return b.shape(value).length === 4 ? transposed(b, value, [0, 2, 3, 1]) : value;
}

/** A value with tfjs's axes in the form it has here. */
export function fromTfjs(b: GraphBuilder, value: string): string {
  return b.shape(value).length === 4 ? transposed(b, value, [0, 3, 1, 2]) : value;
}

/**
 * The value with its axes in this order. Transpositions in a row become one, and none where they undo each other, so that
 * a chain of layers with another layout is not turned around between its members.
 */
export function transposed(b: GraphBuilder, value: string, order: readonly number[]): string {
  const producer = b.graph.nodes.findLast((node) => node.outputs.includes(value));
  const before = producer?.op === 'Transpose' ? producer.attributes['perm'] : undefined;
  const [source] = producer?.inputs ?? [];
  if (before?.kind === 'ints' && source !== undefined) {
    const numbers = before.value.map(Number);
    return transposed(
      b,
      source,
      order.map((axis) => numbers[axis] as number),
    );
  }
  return order.every((axis, index) => axis === index) ? value : b.transpose(value, order);
}

/**
 * What `channelsFirst` makes of the layer's input with its channels at axis 1, as ONNX's operators want it, with the axes
 * put back where tfjs has them for this rank and `dataFormat`.
 */
export function withChannelsFirst({ b, inputs, options }: LayerCall, channelsFirst: (x: string) => string): string {
  const [x] = inputs;
  const rank = b.shape(x).length;
  const format = options.string('dataFormat', 'channelsLast');
  if (format !== 'channelsLast' && format !== 'channelsFirst') {
    throw options.unsupported('dataFormat', '"channelsLast" or "channelsFirst"');
  }
  const toLast = [0, ...Array.from({ length: rank - 2 }, (_, index) => index + 2), 1];
  const toFirst = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, index) => index + 1)];
  const isFirst = format === 'channelsFirst';
  // Pictures are turned to [N, C, H, W] already, which is right for channelsLast and has to be undone for channelsFirst.
  const turned = rank === 4 ? isFirst : !isFirst;
  if (!turned) return channelsFirst(x);
  const [there, back] = rank === 4 ? [toLast, toFirst] : [toFirst, toLast];
  const result = channelsFirst(transposed(b, x, there));
  return b.shape(result).length === rank ? transposed(b, result, back) : result;
}

/** A weight whose axes are those of tfjs values without the batch, ready to be broadcast over a value of this rank. */
export function broadcastable(b: GraphBuilder, weight: string, shape: readonly number[]): string {
  return fromTfjs(b, b.reshape(weight, shape));
}

/** The value in this shape; itself if it has it already. */
function reshaped(b: GraphBuilder, value: string, shape: readonly (number | string)[]): string {
  const before = b.shape(value);
  const same = before.length === shape.length && before.every((dim, axis) => dim === shape[axis]);
  return same ? value : b.reshape(value, shape);
}

/** Whether padding is `same`. @throws InputError for anything but `same` and `valid` */
export function isSame(options: LayerOptions): boolean {
  const padding = options.string('padding', 'valid');
  if (padding !== 'same' && padding !== 'valid') throw options.unsupported('padding', '"same" or "valid"');
  return padding === 'same';
}

/** [top, left, bottom, right] of the total padding by axis; an odd one is larger at the end. */
export const splitPads = (totals: readonly number[]) => [
  ...totals.map((total) => Math.floor(total / 2)),
  ...totals.map((total) => Math.ceil(total / 2)),
];

/** The sizes of a value behind its batch and channels. @param x a value with its channels at axis 1 */
export const positionsOf = ({ b }: LayerCall, x: string) => b.shape(x).slice(2) as number[];

/**
 * The value that a Conv or pool window moves over, and the operator's attributes; `same` gives ⌈size / stride⌉ windows.
 * @param x the layer's value, with its channels at axis 1
 */
export function windowed(call: LayerCall, x: string, kernelOption: string, dilations?: readonly number[]) {
  const { b, options } = call;
  const sizes = positionsOf(call, x);
  const kernel = options.perAxis(kernelOption, sizes.length);
  const strides = options.perAxis('strides', sizes.length, 1);
  const totals = sizes.map((size, axis) => {
    const stride = strides[axis] as number;
    const reach = (dilations?.[axis] ?? 1) * ((kernel[axis] as number) - 1) + 1;
    return isSame(options) ? (Math.ceil(size / stride) - 1) * stride + reach - size : 0;
  });
  // tfjs pads volumes by less than nothing where windows do not reach the end: it leaves out positions on both sides.
  const skipped = totals.map((total) => (sizes.length === 3 ? Math.max(0, Math.ceil(-total / 2)) : 0));
  const value = skipped.some((count) => count > 0)
    ? b.op('Slice', [x, b.ints(skipped), b.ints(sizes), b.ints(sizes.map((_, axis) => axis + 2))])
    : x;
  return {
    value,
    attributes: { kernel_shape: kernel, strides, pads: splitPads(totals.map((total) => Math.max(0, total))) },
  };
}
