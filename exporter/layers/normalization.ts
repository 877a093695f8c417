/** @file Batch normalisation in both its forms, and the layers that add noise in training only. */
import { float } from '../../onnx/graph/attributes.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { broadcastable, onnxAxis, transposed } from './layout.js';
import type { LayerCall, LayerRule } from './rule.js';

const batchNormalization: LayerRule = (call) => {
  const { b, inputs, options, training } = call;
  const [x] = inputs;
  const rank = b.shape(x).length;
  const axis = onnxAxis(options.integers('axis', -1)[0] as number, rank);
  if (axis === 1) return training ? withBatchStatistics(call) : withRunningStatistics(call, x);
  if (training) throw options.unsupported('axis', 'the channels in a training step');
  const swapped = Array.from({ length: rank }, (_, index) => (index === axis ? 1 : index === 1 ? axis : index));
  return transposed(b, withRunningStatistics(call, transposed(b, x, swapped)), swapped);
};

function withRunningStatistics(call: LayerCall, x: string): string {
  const { b, options, weight } = call;
  const channels = b.shape(x)[1] as number;
  const constant = (value: number, name: string) =>
    b.op('Constant', [], { value: float32Tensor(new Float32Array(channels).fill(value), [channels]) }, name);
  const scale = weight('gamma') ?? constant(1, 'ones');
  const shift = weight('beta') ?? constant(0, 'zeros');
  const statistics = [weight('moving_mean') as string, weight('moving_variance') as string];
  const epsilon = float(options.number('epsilon'));
  return b.op('BatchNormalization', [x, scale, shift, ...statistics], { epsilon });
}

/**
 * y = (x − μ)·γ/√(σ² + ε) + β with the batch's own μ and σ² (Ioffe and Szegedy 2015, algorithm 1), in primitives that
 * have gradients. σ² is the mean of squared deviations: E[x²] − μ² loses all digits where |μ| is large against σ.
 */
function withBatchStatistics(call: LayerCall): string {
  const { b, layer, inputs, options, weight, weightName, statistics } = call;
  const [x] = inputs;
  const [batch, channels, ...positions] = b.shape(x) as number[];
  if (typeof batch !== 'number')
    throw new Error(`batch norm "${layer.name}" in training form needs a fixed batch size`);
  const axes = positions.length > 0 ? [0, 2, 3] : [0];
  const flat = (value: string, name: string) => b.reshape(value, [channels as number], name);
  const perChannel = (value: string) => b.reshape(value, [1, channels as number, ...positions.map(() => 1)]);

  const mean = b.reduceMean(x, axes, true, 'mean');
  const centred = b.sub(x, mean, 'centred');
  const variance = b.reduceMean(b.mul(centred, centred, 'squared'), axes, true, 'variance');
  const std = b.op('Sqrt', [b.add(variance, b.scalar(options.number('epsilon')))], {}, 'std');
  const gamma = weight('gamma');
  const scale = gamma ? b.div(perChannel(gamma), std, 'scale') : b.op('Reciprocal', [std], {}, 'scale');
  const scaled = b.mul(centred, scale, 'scaled');
  const beta = weight('beta');

  weight('moving_mean');
  weight('moving_variance');
  statistics.push({
    layer: layer.name,
    mean: flat(mean, 'batch_mean'),
    variance: flat(variance, 'batch_variance'),
    count: elementCount([batch, ...positions]),
    movingMean: weightName('moving_mean'),
    movingVariance: weightName('moving_variance'),
    momentum: options.number('momentum'),
  });
  return beta ? b.add(scaled, perChannel(beta), 'shifted') : scaled;
}

/** (x − μ)·γ/√(σ² + ε) + β over the given axes (Ba et al. 2016), without the operator, which is newer than opset 13. */
const layerNormalization: LayerRule = ({ b, inputs: [x], options, weight }) => {
  const shape = b.shape(x);
  const axes = options.integers('axis', -1).map((axis) => onnxAxis(axis, shape.length));
  const count = b.scalar(1 / elementCount(axes.map((axis) => shape[axis] as number)));
  const mean = (value: string, name: string) => b.mul(b.reduceSum(value, axes), count, name);
  const centred = b.sub(x, mean(x, 'mean'), 'centred');
  const variance = mean(b.mul(centred, centred, 'squared'), 'variance');
  const std = b.op('Sqrt', [b.add(variance, b.scalar(options.number('epsilon')))], {}, 'std');
  // The axes are written in tfjs's order, and gamma has them in the order that they are given in.
  const tfjsAxes = options.integers('axis', -1).map((axis) => (axis < 0 ? axis + shape.length : axis));
  if (tfjsAxes.some((axis, index) => index > 0 && axis < (tfjsAxes[index - 1] as number))) {
    throw options.unsupported('axis', 'axes in ascending order');
  }
  const sizes = Array.from({ length: shape.length }, () => 1);
  tfjsAxes.forEach((axis) => (sizes[axis] = shape[onnxAxis(axis, shape.length)] as number));
  const [gamma, beta] = [weight('gamma'), weight('beta')].map((value) => value && broadcastable(b, value, sizes));
  const normal = b.div(centred, std, 'normal');
  const scaled = gamma ? b.mul(normal, gamma, 'scaled') : normal;
  return beta ? b.add(scaled, beta, 'shifted') : scaled;
};

/** Noise of the training phase. The training step needs reproducible passes, so random noise is refused there. */
const noise: LayerRule = ({ inputs, options, training }) => {
  const amount = ['rate', 'stddev'].find((name) => options.has(name)) ?? 'rate';
  if (training && options.number(amount, 0) > 0) throw options.unsupported(amount, '0 in a training step');
  return inputs[0];
};

/** Layers that behave differently in training. */
export const normalizationLayers = {
  AlphaDropout: noise,
  BatchNormalization: batchNormalization,
  Dropout: noise,
  GaussianDropout: noise,
  GaussianNoise: noise,
  LayerNormalization: layerNormalization,
  SpatialDropout1D: noise,
} satisfies Record<string, LayerRule>;
