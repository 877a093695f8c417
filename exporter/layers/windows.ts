/** @file Windows of convolutions and pools: tfjs's `same` and `valid` padding as explicit pads, for any number of axes. */
import { samePadding } from '../../onnx/shapes/windows.js';
import type { LayerCall, LayerOptions } from './rule.js';

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
 * Attributes of a Conv or pool window; `same` gives ⌈size / stride⌉ windows.
 * @param x the value that the window moves over, with its channels at axis 1
 */
export function windowAttributes(call: LayerCall, x: string, kernelOption: string, dilations?: readonly number[]) {
  const { options } = call;
  const sizes = positionsOf(call, x);
  const kernel = options.perAxis(kernelOption, sizes.length);
  const strides = options.perAxis('strides', sizes.length, 1);
  const pads = sizes.map((size, axis) => {
    const reach = (dilations?.[axis] ?? 1) * ((kernel[axis] as number) - 1) + 1;
    return isSame(options) ? samePadding(size, strides[axis] as number, reach) : 0;
  });
  return { kernel_shape: kernel, strides, pads: splitPads(pads) };
}
