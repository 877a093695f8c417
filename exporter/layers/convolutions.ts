/** @file Convolutions of one, two and three axes, with kernels in ONNX layout, bias and activation. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import { activated } from './activations.js';
import { isSame, positionsOf, splitPads, windowed, withChannelsFirst } from './layout.js';
import type { LayerRule } from './rule.js';

const withoutAbsent = (...inputs: (string | undefined)[]) => inputs.filter((input) => input !== undefined);

const conv: LayerRule = (call) =>
  activated(
    call,
    withChannelsFirst(call, (x) => {
      const dilations = call.options.perAxis('dilationRate', positionsOf(call, x).length, 1);
      const { value, attributes } = windowed(call, x, 'kernelSize', dilations);
      const inputs = withoutAbsent(value, call.weight('kernel', 'conv'), call.weight('bias'));
      return call.b.op('Conv', inputs, { ...attributes, dilations });
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
      // What is missing stands at the end; tfjs has half of it before where it pads volumes, as if the kernel had zeros around it.
      const isCentred = axes === 3 && isSame(options) && missing.some((size) => size > 0);
      const attributes = {
        kernel_shape: isCentred ? kernel.map((size, axis) => size + (missing[axis] as number)) : kernel,
        strides,
        pads,
        ...(!isCentred && missing.some((size) => size > 0) && { output_padding: missing }),
      };
      const weights = call.weight('kernel', 'conv-transpose') as string;
      const inputs = withoutAbsent(x, isCentred ? enlarged(b, weights, missing) : weights, call.weight('bias'));
      return b.op('ConvTranspose', inputs, attributes);
    }),
  );
};

/** A kernel [in, out, …] with so many zeros around each axis of positions, an odd one before it. */
function enlarged(b: GraphBuilder, kernel: string, zeros: readonly number[]): string {
  const before = zeros.map((count) => Math.ceil(count / 2));
  const after = zeros.map((count) => Math.floor(count / 2));
  return b.op('Pad', [kernel, b.ints([0, 0, ...before, 0, 0, ...after])]);
}

const depthwiseConv2d: LayerRule = (call) => {
  const { b, options } = call;
  const dilations = options.perAxis('dilationRate', 2, 1);
  // tfjs 4.22 leaves out the dilation that the layer was given, so what was meant cannot be told.
  if (dilations.some((rate) => rate !== 1)) throw options.unsupported('dilationRate', '1, as tfjs computes no other');
  return activated(
    call,
    withChannelsFirst(call, (x) => {
      const { value, attributes } = windowed(call, x, 'kernelSize');
      const inputs = withoutAbsent(value, call.weight('depthwise_kernel', 'depthwise'), call.weight('bias'));
      return b.op('Conv', inputs, { ...attributes, group: b.shape(x)[1] as number });
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
      const { value, attributes } = windowed(call, x, 'kernelSize', dilations);
      const depthwise = withoutAbsent(value, call.weight('depthwise_kernel', 'depthwise'));
      const window = { ...attributes, dilations, group: b.shape(x)[1] as number };
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
