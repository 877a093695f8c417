/** @file Convolutions: tfjs's `same` and `valid` padding as explicit pads, kernels in ONNX layout, bias and activation. */
import { activated } from './activations.js';
import type { LayerCall, LayerOptions, LayerRule } from './rule.js';

/** The height and width of a picture value. */
export function pictureSize({ b, inputs: [x] }: LayerCall): readonly [number, number] {
  const [, , height, width] = b.shape(x);
  return [height as number, width as number];
}

/** Whether padding is `same`. @throws InputError for anything but `same` and `valid` */
function isSame(options: LayerOptions): boolean {
  const padding = options.string('padding', 'valid');
  if (padding !== 'same' && padding !== 'valid') throw options.unsupported('padding', '"same" or "valid"');
  return padding === 'same';
}

/** [top, left, bottom, right] of the total padding by axis; an odd one is larger at the end. */
const split = (totals: readonly number[]) => [
  ...totals.map((total) => Math.floor(total / 2)),
  ...totals.map((total) => Math.ceil(total / 2)),
];

/** Attributes of a Conv or pool window; `same` gives ⌈size / stride⌉ windows. */
export function windowAttributes(call: LayerCall, kernelOption: string, dilations: readonly [number, number] = [1, 1]) {
  const { options } = call;
  const kernel = options.pair(kernelOption);
  const strides = options.pair('strides', 1);
  const pads = pictureSize(call).map((size, axis) => {
    const stride = strides[axis] as number;
    const reach = (dilations[axis] as number) * ((kernel[axis] as number) - 1) + 1;
    return isSame(options) ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size) : 0;
  });
  return { kernel_shape: kernel, strides, pads: split(pads) };
}

const withoutAbsent = (...inputs: (string | undefined)[]) => inputs.filter((input) => input !== undefined);

const conv2d: LayerRule = (call) => {
  const dilations = call.options.pair('dilationRate', 1);
  const inputs = withoutAbsent(call.inputs[0], call.weight('kernel', 'conv'), call.weight('bias'));
  const window = windowAttributes(call, 'kernelSize', dilations);
  return activated(call, call.b.op('Conv', inputs, { ...window, dilations }));
};

/** tfjs's output size is input · stride, plus kernel − stride for `valid` where that is positive. */
const conv2dTranspose: LayerRule = (call) => {
  const { b, options } = call;
  const kernel = options.pair('kernelSize');
  const strides = options.pair('strides', 1);
  const surplus = kernel.map((size, axis) => size - (strides[axis] as number));
  const pads = split(surplus.map((size) => (isSame(options) ? Math.max(0, size) : 0)));
  const missing = surplus.map((size) => Math.max(0, -size));
  const attributes = {
    kernel_shape: kernel,
    strides,
    pads,
    ...(missing.some((size) => size > 0) && { output_padding: missing }),
  };
  const inputs = withoutAbsent(call.inputs[0], call.weight('kernel', 'conv-transpose'), call.weight('bias'));
  return activated(call, b.op('ConvTranspose', inputs, attributes));
};

const depthwiseConv2d: LayerRule = (call) => {
  const { b, options } = call;
  const dilations = options.pair('dilationRate', 1);
  // tfjs 4.22 leaves out the dilation that the layer was given, so what was meant cannot be told.
  if (dilations.some((rate) => rate !== 1)) throw options.unsupported('dilationRate', '1, as tfjs computes no other');
  const inputs = withoutAbsent(call.inputs[0], call.weight('depthwise_kernel', 'depthwise'), call.weight('bias'));
  const group = b.shape(call.inputs[0])[1] as number;
  return activated(call, b.op('Conv', inputs, { ...windowAttributes(call, 'kernelSize'), group }));
};

const separableConv2d: LayerRule = (call) => {
  const { b, options } = call;
  const dilations = options.pair('dilationRate', 1);
  const group = b.shape(call.inputs[0])[1] as number;
  const window = { ...windowAttributes(call, 'kernelSize', dilations), dilations, group };
  const depthwise = withoutAbsent(call.inputs[0], call.weight('depthwise_kernel', 'depthwise'));
  const filtered = b.op('Conv', depthwise, window, 'DepthwiseConv');
  const pointwise = withoutAbsent(filtered, call.weight('pointwise_kernel', 'conv'), call.weight('bias'));
  return activated(call, b.op('Conv', pointwise, { kernel_shape: [1, 1] }, 'PointwiseConv'));
};

/** Layers that are convolutions. */
export const convolutionLayers = {
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
} satisfies Record<string, LayerRule>;
