/** @file Convolutions of one, two and three axes, with kernels in ONNX layout, bias and activation. */
import { activated } from './activations.js';
import { isSame, positionsOf, splitPads, windowAttributes, withChannelsFirst } from './layout.js';
import type { LayerRule } from './rule.js';

const withoutAbsent = (...inputs: (string | undefined)[]) => inputs.filter((input) => input !== undefined);

const conv: LayerRule = (call) =>
  activated(
    call,
    withChannelsFirst(call, (x) => {
      const dilations = call.options.perAxis('dilationRate', positionsOf(call, x).length, 1);
      const inputs = withoutAbsent(x, call.weight('kernel', 'conv'), call.weight('bias'));
      return call.b.op('Conv', inputs, { ...windowAttributes(call, x, 'kernelSize', dilations), dilations });
    }),
  );

/** tfjs's output size is input · stride, plus kernel − stride for `valid` where that is positive. */
const convTranspose: LayerRule = (call) => {
  const { b, options } = call;
  return activated(
    call,
    withChannelsFirst(call, (x) => {
      const axes = positionsOf(call, x).length;
      const kernel = options.perAxis('kernelSize', axes);
      const strides = options.perAxis('strides', axes, 1);
      const surplus = kernel.map((size, axis) => size - (strides[axis] as number));
      const pads = splitPads(surplus.map((size) => (isSame(options) ? Math.max(0, size) : 0)));
      const missing = surplus.map((size) => Math.max(0, -size));
      const attributes = {
        kernel_shape: kernel,
        strides,
        pads,
        ...(missing.some((size) => size > 0) && { output_padding: missing }),
      };
      const inputs = withoutAbsent(x, call.weight('kernel', 'conv-transpose'), call.weight('bias'));
      return b.op('ConvTranspose', inputs, attributes);
    }),
  );
};

const depthwiseConv2d: LayerRule = (call) => {
  const { b, options } = call;
  const dilations = options.perAxis('dilationRate', 2, 1);
  // tfjs 4.22 leaves out the dilation that the layer was given, so what was meant cannot be told.
  if (dilations.some((rate) => rate !== 1)) throw options.unsupported('dilationRate', '1, as tfjs computes no other');
  return activated(
    call,
    withChannelsFirst(call, (x) => {
      const inputs = withoutAbsent(x, call.weight('depthwise_kernel', 'depthwise'), call.weight('bias'));
      const group = b.shape(x)[1] as number;
      return b.op('Conv', inputs, { ...windowAttributes(call, x, 'kernelSize'), group });
    }),
  );
};

const separableConv2d: LayerRule = (call) => {
  const { b, options } = call;
  const dilations = options.perAxis('dilationRate', 2, 1);
  // tfjs 4.22 adds the bias before it moves the channels back to the front, so to another axis than theirs.
  if (options.boolean('useBias') && options.string('dataFormat', 'channelsLast') === 'channelsFirst') {
    throw options.unsupported('dataFormat', '"channelsLast", as tfjs adds the bias to another axis');
  }
  return activated(
    call,
    withChannelsFirst(call, (x) => {
      const group = b.shape(x)[1] as number;
      const window = { ...windowAttributes(call, x, 'kernelSize', dilations), dilations, group };
      const depthwise = withoutAbsent(x, call.weight('depthwise_kernel', 'depthwise'));
      const filtered = b.op('Conv', depthwise, window, 'DepthwiseConv');
      const pointwise = withoutAbsent(filtered, call.weight('pointwise_kernel', 'conv'), call.weight('bias'));
      return b.op('Conv', pointwise, { kernel_shape: [1, 1] }, 'PointwiseConv');
    }),
  );
};

/** Layers that are convolutions. */
export const convolutionLayers = {
  Conv1D: conv,
  Conv2D: conv,
  Conv2DTranspose: convTranspose,
  Conv3D: conv,
  Conv3DTranspose: convTranspose,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
} satisfies Record<string, LayerRule>;
