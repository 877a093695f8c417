import { describe, expect, it } from 'vitest';
import { Tensor } from 'onnxruntime-node';
import { Random } from '../../inference/numeric/random.js';
import { createSession } from '../../inference/runtime/session.node.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { loweredModel, type WeightRequest } from './table.js';
import { withRandomWeights } from '../parity.test.helper.js';
import { tf, tfl } from '../tf.js';
import { weightName } from './weights.js';

/** A batch norm layer's outputs and statistics in training form, from tfjs and from the lowered graph. */
async function inTraining(inputShape: number[], batch: number, offset: number) {
  const layer = tfl.layers.batchNormalization({ name: 'norm', inputShape, momentum: 0.9, epsilon: 1e-5 });
  const model = withRandomWeights(tfl.sequential({ layers: [layer] }));
  const dims = [batch, ...(inputShape.length === 3 ? [2, 0, 1].map((axis) => inputShape[axis] as number) : inputShape)];
  const random = new Random(3);
  const x = Float32Array.from({ length: elementCount(dims) }, () => offset + random.normal());

  const input = tf.tensor(x, dims);
  const nhwc = dims.length === 4 ? tf.transpose(input, [0, 2, 3, 1]) : input;
  const { mean, variance } = tf.moments(nhwc, dims.length === 4 ? [0, 1, 2] : [0]);
  const output = layer.apply(nhwc, { training: true }) as tf.Tensor;
  const nchw = dims.length === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output;

  const b = new GraphBuilder(emptyGraph('test'));
  b.input('x', 'float32', dims);
  const requests: WeightRequest[] = [];
  const lowered = loweredModel(
    b,
    model,
    'x',
    (request) => {
      requests.push(request);
      return b.input(request.name, 'float32', request.shape);
    },
    { training: true },
  );
  const [statistics] = lowered.statistics;
  if (!statistics) throw new Error('no statistics');
  b.output(lowered.output, 'y');
  b.output(statistics.mean, 'mean');
  b.output(statistics.variance, 'variance');
  const feeds = new Map(model.weights.map((weight) => [weightName(weight), weight.read().dataSync<'float32'>()]));
  const session = await createSession(modelOfGraph(b.graph));
  const results = await session.run({
    x: new Tensor('float32', x, dims),
    ...Object.fromEntries(
      requests.map(({ name, shape }) => [name, new Tensor('float32', feeds.get(name) as Float32Array, shape)]),
    ),
  });
  await session.release();
  const ours = (name: string) => Array.from(results[name]?.data as Float32Array);
  return {
    statistics,
    requests,
    expected: { y: nchw.dataSync(), mean: mean.dataSync(), variance: variance.dataSync() },
    actual: { y: ours('y'), mean: ours('mean'), variance: ours('variance') },
  };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((max, value, i) => Math.max(max, Math.abs(value - (b[i] as number))), a.length - b.length);

describe('loweredModel(b, model, …) in training form', () => {
  it.each([
    ['pictures', [5, 3, 4], 3],
    ['vectors', [6], 7],
  ])('normalises %s with the batch statistics, as tfjs does', async (_, inputShape, batch) => {
    const { expected, actual } = await inTraining(inputShape, batch, 0.5);
    expect(largest(expected.y, actual.y)).toBeLessThan(1e-5);
    expect(largest(expected.mean, actual.mean)).toBeLessThan(1e-6);
    expect(largest(expected.variance, actual.variance)).toBeLessThan(1e-6);
  });

  it('says how the running statistics are to be updated', async () => {
    const { statistics, requests } = await inTraining([5, 3, 4], 2, 0);
    expect(statistics).toMatchObject({
      layer: 'norm',
      count: 2 * 5 * 3,
      momentum: 0.9,
      movingMean: 'norm/moving_mean',
      movingVariance: 'norm/moving_variance',
    });
    const trainable = requests.filter((request) => request.trainable).map(({ name }) => name);
    expect(trainable).toEqual(['norm/gamma', 'norm/beta']);
    expect(requests.map(({ name }) => name)).toContain('norm/moving_variance');
  });

  it('keeps its digits where the mean is a thousand times the deviation', async () => {
    const { actual } = await inTraining([8, 8, 1], 4, 1000);
    // 256 standard normal numbers; E[x²] − μ² in float32 would be off by 0.06 and more.
    const random = new Random(3);
    const x = Array.from({ length: 256 }, () => Math.fround(1000 + random.normal()));
    const mean = x.reduce((sum, value) => sum + value, 0) / 256;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 256;
    expect(actual.variance[0]).toBeCloseTo(variance, 4);
  });
});
