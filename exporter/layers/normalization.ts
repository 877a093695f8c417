/** @file Batch normalisation in both its forms, and the layers that add noise in training only. */
import { float } from '../../onnx/graph/attributes.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import type { LayerCall, LayerRule } from './rule.js';

const batchNormalization: LayerRule = (call) => {
  const { b, inputs, options, training } = call;
  const rank = b.shape(inputs[0]).length;
  const axis = options.number('axis', -1);
  if ((rank !== 2 && rank !== 4) || (axis !== -1 && axis !== rank - 1)) {
    throw options.unsupported('axis', 'the last axis of a value of rank 2 or 4');
  }
  return training ? withBatchStatistics(call) : withRunningStatistics(call);
};

function withRunningStatistics(call: LayerCall): string {
  const { b, inputs, options, weight } = call;
  const channels = b.shape(inputs[0])[1] as number;
  const constant = (value: number, name: string) =>
    b.op('Constant', [], { value: float32Tensor(new Float32Array(channels).fill(value), [channels]) }, name);
  const scale = weight('gamma') ?? constant(1, 'ones');
  const shift = weight('beta') ?? constant(0, 'zeros');
  const statistics = [weight('moving_mean') as string, weight('moving_variance') as string];
  const epsilon = float(options.number('epsilon'));
  return b.op('BatchNormalization', [inputs[0], scale, shift, ...statistics], { epsilon });
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
} satisfies Record<string, LayerRule>;
