/** @file Gradients of Conv and ConvTranspose: each is the other's, and both share one weight gradient. */
import { numberAttribute } from '../../../graph/attributes.js';
import { transposedWindowOf, windowOf, type Window } from '../../../shapes/windows.js';
import { spatialSizes } from '../common.js';
import type { Backward, GradientRule } from '../rule.js';
import { weightGradient } from './conv-weights.js';

/** Attributes of a Conv or ConvTranspose node with this window. */
export function windowAttributes(window: Window, group: number) {
  const { strides, dilations, padsBegin, padsEnd, kernel } = window;
  return { kernel_shape: kernel, strides, dilations, pads: [...padsBegin, ...padsEnd], group };
}

/** ∂L/∂b sums over all positions. */
const biasGradient = ({ b, g, shape, y }: Backward): string =>
  b.reduceSum(
    g,
    [...shape(y[0]).keys()].filter((axis) => axis !== 1),
    false,
    'bias',
  );

/** Conv: dx = ConvTranspose(dy, w); the rows that a stride leaves over at the end come back as output padding. */
const conv: GradientRule = (backward) => {
  const { node, b, x, y, g, shape, wanted } = backward;
  const [data, weights] = x as [string, string];
  const kernel = spatialSizes(shape(weights), node);
  const sizes = spatialSizes(shape(data), node);
  const outputs = spatialSizes(shape(y[0]), node);
  const window = windowOf(node, sizes, kernel);
  const group = numberAttribute(node, 'group', 1);
  const left = sizes.map((size, axis) => {
    const reach = (window.dilations[axis] as number) * ((kernel[axis] as number) - 1) + 1;
    const padding = (window.padsBegin[axis] as number) + (window.padsEnd[axis] as number);
    return size + padding - reach - ((outputs[axis] as number) - 1) * (window.strides[axis] as number);
  });
  const attributes = { ...windowAttributes(window, group), output_padding: left };
  return [
    wanted(0) ? b.op('ConvTranspose', [g, weights], attributes, 'input') : null,
    wanted(1) ? weightGradient(b, { input: data, output: g, sizes, outputs, window, group }) : null,
    ...(x.length > 2 ? [wanted(2) ? biasGradient(backward) : null] : []),
  ];
};

/** ConvTranspose: dx = Conv(dy, w); its weight gradient is Conv's with input and output gradient in each other's place. */
const convTranspose: GradientRule = (backward) => {
  const { node, b, x, y, g, shape, wanted } = backward;
  const [data, weights] = x as [string, string];
  const kernel = spatialSizes(shape(weights), node);
  const outputs = spatialSizes(shape(data), node);
  const window = transposedWindowOf(node, outputs, kernel);
  const group = numberAttribute(node, 'group', 1);
  const sizes = spatialSizes(shape(y[0]), node);
  return [
    wanted(0) ? b.op('Conv', [g, weights], windowAttributes(window, group), 'input') : null,
    wanted(1) ? weightGradient(b, { input: g, output: data, sizes, outputs, window, group }) : null,
    ...(x.length > 2 ? [wanted(2) ? biasGradient(backward) : null] : []),
  ];
};

export const convRules = { Conv: conv, ConvTranspose: convTranspose };
