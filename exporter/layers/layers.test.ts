import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../onnx/build/build.js';
import { loweredModel, supportedLayers } from './table.js';
import { channelsFirstCases, foreignCases, type LayerCase, type LayerOf } from './foreign-cases.test.helper.js';
import type { Layer } from './rule.js';
import { exportDifference, withRandomWeights } from '../parity.test.helper.js';
import { tfl } from '../tf.js';

const { layers } = tfl;

/** Each layer type with the options that change what it computes: class, what is special, input shape, layer. */
const cases: LayerCase[] = [
  ['Dense', 'with bias', [5], (a) => layers.dense({ ...a, units: 3 })],
  [
    'Dense',
    'without bias, fused softmax',
    [5],
    (a) => layers.dense({ ...a, units: 3, useBias: false, activation: 'softmax' }),
  ],
  ['Dense', 'on sequences', [4, 5], (a) => layers.dense({ ...a, units: 3 })],
  ['Dense', 'on pictures', [4, 3, 5], (a) => layers.dense({ ...a, units: 2, activation: 'relu' })],
  ['Dense', 'on 1×1 pictures', [1, 1, 5], (a) => layers.dense({ ...a, units: 2 })],
  ['Flatten', 'of pictures', [3, 5, 2], (a) => layers.flatten(a)],
  ['Flatten', 'of one channel', [3, 5, 1], (a) => layers.flatten(a)],
  ['Flatten', 'of 1×1 pictures', [1, 1, 6], (a) => layers.flatten(a)],
  ['Flatten', 'of sequences', [3, 5], (a) => layers.flatten(a)],
  ['Reshape', 'vector to picture', [12], (a) => layers.reshape({ ...a, targetShape: [2, 3, 2] })],
  ['Reshape', 'vector to 1×1 picture', [12], (a) => layers.reshape({ ...a, targetShape: [1, 1, 12] })],
  ['Reshape', 'picture to vector', [2, 3, 2], (a) => layers.reshape({ ...a, targetShape: [12] })],
  ['Reshape', 'picture to picture', [2, 3, 4], (a) => layers.reshape({ ...a, targetShape: [4, 3, 2] })],
  ['Reshape', 'with a free size', [2, 3, 4], (a) => layers.reshape({ ...a, targetShape: [-1, 4] })],
  ['Dropout', '', [5], (a) => layers.dropout({ ...a, rate: 0.5 })],
  ['AlphaDropout', '', [5], (a) => layers.alphaDropout({ ...a, rate: 0.5 })],
  ['GaussianDropout', '', [5], (a) => layers.gaussianDropout({ ...a, rate: 0.5 })],
  ['GaussianNoise', '', [5], (a) => layers.gaussianNoise({ ...a, stddev: 0.5 })],
  ['ELU', '', [5], (a) => layers.elu(a)],
  ['LeakyReLU', 'slope 0.2', [5], (a) => layers.leakyReLU({ ...a, alpha: 0.2 })],
  ['LeakyReLU', 'default slope', [3, 4, 2], (a) => layers.leakyReLU(a)],
  ['ReLU', '', [5], (a) => layers.reLU(a)],
  ['ReLU', 'with a maximum', [5], (a) => layers.reLU({ ...a, maxValue: 0.5 })],
  ['Softmax', '', [5], (a) => layers.softmax(a)],
  ['Softmax', 'over channels', [3, 4, 5], (a) => layers.softmax({ ...a, axis: -1 })],
  ['ThresholdedReLU', '', [5], (a) => layers.thresholdedReLU({ ...a, theta: 0.3 })],
  ['Conv2D', 'valid', [7, 6, 3], (a) => layers.conv2d({ ...a, filters: 4, kernelSize: 3 })],
  [
    'Conv2D',
    'same, odd size, stride 2',
    [7, 5, 3],
    (a) => layers.conv2d({ ...a, filters: 4, kernelSize: 4, strides: 2, padding: 'same' }),
  ],
  [
    'Conv2D',
    'same, even size, stride 2, as DCGANs have it',
    [8, 8, 3],
    (a) => layers.conv2d({ ...a, filters: 4, kernelSize: 4, strides: 2, padding: 'same', useBias: false }),
  ],
  [
    'Conv2D',
    'same, kernel smaller than the stride',
    [7, 7, 2],
    (a) => layers.conv2d({ ...a, filters: 2, kernelSize: 1, strides: 3, padding: 'same' }),
  ],
  [
    'Conv2D',
    'same, kernel smaller than the stride, even size',
    [8, 6, 2],
    (a) => layers.conv2d({ ...a, filters: 2, kernelSize: 1, strides: [3, 2], padding: 'same' }),
  ],
  [
    'Conv2D',
    'uneven kernel and strides, activation',
    [9, 8, 2],
    (a) =>
      layers.conv2d({ ...a, filters: 3, kernelSize: [2, 5], strides: [3, 1], padding: 'same', activation: 'tanh' }),
  ],
  [
    'Conv2D',
    'dilated',
    [9, 9, 2],
    (a) => layers.conv2d({ ...a, filters: 3, kernelSize: 3, dilationRate: 2, padding: 'same' }),
  ],
  [
    'Conv2DTranspose',
    'valid, from 1×1',
    [1, 1, 6],
    (a) => layers.conv2dTranspose({ ...a, filters: 4, kernelSize: 4, useBias: false }),
  ],
  [
    'Conv2DTranspose',
    'same, stride 2, as DCGANs have it',
    [4, 4, 3],
    (a) => layers.conv2dTranspose({ ...a, filters: 2, kernelSize: 4, strides: 2, padding: 'same' }),
  ],
  [
    'Conv2DTranspose',
    'same, odd kernel, stride 2',
    [3, 5, 3],
    (a) => layers.conv2dTranspose({ ...a, filters: 2, kernelSize: 5, strides: 2, padding: 'same', activation: 'relu' }),
  ],
  [
    'Conv2DTranspose',
    'same, odd surplus',
    [3, 5, 3],
    (a) => layers.conv2dTranspose({ ...a, filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
  ],
  [
    'Conv2DTranspose',
    'valid, stride 3',
    [3, 2, 3],
    (a) => layers.conv2dTranspose({ ...a, filters: 2, kernelSize: [4, 3], strides: 3 }),
  ],
  [
    'Conv2DTranspose',
    'same, kernel smaller than the stride',
    [3, 3, 2],
    (a) => layers.conv2dTranspose({ ...a, filters: 2, kernelSize: 2, strides: 3, padding: 'same' }),
  ],
  [
    'Conv2DTranspose',
    'valid, kernel smaller than the stride',
    [3, 3, 2],
    (a) => layers.conv2dTranspose({ ...a, filters: 2, kernelSize: 1, strides: 2 }),
  ],
  [
    'DepthwiseConv2D',
    'two outputs per input',
    [7, 5, 3],
    (a) => layers.depthwiseConv2d({ ...a, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2 }),
  ],
  [
    'DepthwiseConv2D',
    'valid, no bias',
    [7, 5, 3],
    (a) => layers.depthwiseConv2d({ ...a, kernelSize: 2, useBias: false, activation: 'relu6' }),
  ],
  [
    'SeparableConv2D',
    'same, stride 2',
    [7, 6, 3],
    (a) => layers.separableConv2d({ ...a, filters: 4, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2 }),
  ],
  [
    'SeparableConv2D',
    'valid, activation',
    [5, 6, 3],
    (a) => layers.separableConv2d({ ...a, filters: 4, kernelSize: 3, useBias: false, activation: 'elu' }),
  ],
  ['BatchNormalization', 'of pictures', [4, 3, 5], (a) => layers.batchNormalization({ ...a, epsilon: 0.8 })],
  ['BatchNormalization', 'of vectors', [5], (a) => layers.batchNormalization(a)],
  [
    'BatchNormalization',
    'without scale and centre',
    [4, 3, 5],
    (a) => layers.batchNormalization({ ...a, scale: false, center: false, axis: 3 }),
  ],
  ['UpSampling2D', 'nearest', [3, 4, 2], (a) => layers.upSampling2d({ ...a, size: [2, 3] })],
  [
    'UpSampling2D',
    'bilinear',
    [3, 4, 2],
    (a) => layers.upSampling2d({ ...a, size: [2, 2], interpolation: 'bilinear' }),
  ],
  [
    'ZeroPadding2D',
    'uneven',
    [3, 4, 2],
    (a) =>
      layers.zeroPadding2d({
        ...a,
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
  ],
  [
    'Cropping2D',
    'uneven',
    [6, 7, 2],
    (a) =>
      layers.cropping2D({
        ...a,
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
  ],
  ['MaxPooling2D', 'valid', [7, 6, 2], (a) => layers.maxPooling2d({ ...a, poolSize: 2 })],
  [
    'MaxPooling2D',
    'same, odd size',
    [7, 5, 2],
    (a) => layers.maxPooling2d({ ...a, poolSize: 3, strides: 2, padding: 'same' }),
  ],
  [
    'MaxPooling2D',
    'same, window smaller than the stride',
    [8, 6, 2],
    (a) => layers.maxPooling2d({ ...a, poolSize: 1, strides: [3, 2], padding: 'same' }),
  ],
  [
    'AveragePooling2D',
    'valid, overlapping',
    [7, 6, 2],
    (a) => layers.averagePooling2d({ ...a, poolSize: [3, 2], strides: [2, 1] }),
  ],
  [
    'AveragePooling2D',
    'same, odd size',
    [7, 5, 2],
    (a) => layers.averagePooling2d({ ...a, poolSize: 2, strides: 2, padding: 'same' }),
  ],
  ['GlobalAveragePooling2D', '', [3, 4, 5], (a) => layers.globalAveragePooling2d(a)],
  ['GlobalMaxPooling2D', '', [3, 4, 5], (a) => layers.globalMaxPooling2d(a)],
  ...'linear relu relu6 elu selu sigmoid hardSigmoid tanh softmax logSoftmax softplus softsign swish mish gelu gelu_new'
    .split(' ')
    .map(activationCase),
];

function activationCase(name: string): (typeof cases)[number] {
  return ['Activation', name, [3, 2, 4], (a) => layers.activation({ ...a, activation: name as 'relu' })];
}

/** Merge layers, on the pictures that two convolutions make. */
const merges: [layerClass: string, layer: () => Layer][] = [
  ['Add', () => layers.add({ name: 'merged' })],
  ['Average', () => layers.average({ name: 'merged' })],
  ['Concatenate', () => layers.concatenate({ name: 'merged' })],
  ['Maximum', () => layers.maximum({ name: 'merged' })],
  ['Minimum', () => layers.minimum({ name: 'merged' })],
  ['Multiply', () => layers.multiply({ name: 'merged' })],
];

function mergeModel(layer: Layer): LayersModel {
  const input = tfl.input({ shape: [5, 4, 2] });
  const branch = (name: string) =>
    layers.conv2d({ name, filters: 3, kernelSize: 3, padding: 'same' }).apply(input) as typeof input;
  const outputs = layer.apply([branch('left'), branch('middle'), branch('right')]) as typeof input;
  return tfl.model({ inputs: input, outputs });
}

describe('loweredModel(b, model, …) in inference form agrees with tfjs to 1e-5', () => {
  it.each([...cases, ...foreignCases, ...channelsFirstCases(cases)])(
    '%s %s, in opsets 13, 17 and 21',
    async (_, __, inputShape, layer) => {
      const model = withRandomWeights(tfl.sequential({ layers: [layer({ inputShape, name: 'tested' })] }));
      for (const opset of [13, 17, 21]) expect(await exportDifference(model, { opset })).toBeLessThan(1e-5);
    },
  );

  it.each(merges)('%s', async (_, layer) => {
    expect(await exportDifference(withRandomWeights(mergeModel(layer())))).toBeLessThan(1e-5);
  });

  it.each([
    ['Embedding', [4], () => layers.embedding({ inputDim: 8, outputDim: 5 })],
    ['Masking', [9, 2], () => layers.masking({ maskValue: 0 })],
  ] as const)('%s of zeros and positive numbers', async (_, inputShape, layer) => {
    const model = tfl.sequential({ layers: [layers.reLU({ inputShape: [...inputShape] }), layer()] });
    expect(await exportDifference(withRandomWeights(model))).toBeLessThan(1e-5);
  });

  it.each([
    [[3, 4], [4, 5], [2, 1], false],
    [[3, 4], [5, 4], 2, true],
    [[4], [4], 1, true],
    [[3, 4], [4], [2, 1], false],
    [[4], [4, 3], 1, false],
  ] as const)('Dot of [%j] and [%j] over axes %j, normalised: %s', async (left, right, axes, normalize) => {
    const input = tfl.input({ shape: [20] });
    const side = (name: string, shape: readonly number[]) => {
      const units = shape.reduce((a, b) => a * b, 1);
      const made = layers.dense({ name, units }).apply(input) as typeof input;
      return layers.reshape({ name: `${name}_shaped`, targetShape: [...shape] }).apply(made) as typeof input;
    };
    const dot = layers.dot({ name: 'dot', axes: axes as [number, number], normalize });
    const outputs = dot.apply([side('left', left), side('right', right)]) as typeof input;
    const model = withRandomWeights(tfl.model({ inputs: input, outputs }));
    expect(await exportDifference(model)).toBeLessThan(1e-5);
  });

  it('a functional model with a residual branch, a layer used twice and a nested model', async () => {
    const input = tfl.input({ shape: [6, 6, 3] });
    const shared = layers.conv2d({ name: 'shared', filters: 3, kernelSize: 3, padding: 'same', activation: 'tanh' });
    const nested = tfl.sequential({
      name: 'nested',
      layers: [
        layers.conv2d({ name: 'nested_conv', inputShape: [6, 6, 3], filters: 2, kernelSize: 2, strides: 2 }),
        layers.batchNormalization({ name: 'nested_norm' }),
      ],
    });
    const once = shared.apply(input) as typeof input;
    const twice = shared.apply(once) as typeof input;
    const sum = layers.add({ name: 'residual' }).apply([input, twice]) as typeof input;
    const pooled = layers.averagePooling2d({ name: 'pooled', poolSize: 2 }).apply(sum) as typeof input;
    const both = layers.concatenate({ name: 'both' }).apply([pooled, nested.apply(sum) as typeof input]);
    const flat = layers.flatten({ name: 'flat' }).apply(both) as typeof input;
    const outputs = layers.dense({ name: 'classes', units: 4, activation: 'softmax' }).apply(flat) as typeof input;
    const model = withRandomWeights(tfl.model({ inputs: input, outputs }));
    expect(await exportDifference(model)).toBeLessThan(1e-5);
  });

  it('has a test for every supported layer', () => {
    const tested = new Set(
      [...cases, ...foreignCases, ...merges, ['Dot'], ['Embedding'], ['Masking']].map(([layerClass]) => layerClass),
    );
    expect([...tested, 'InputLayer'].sort()).toEqual(supportedLayers);
  });
});

/** A call that lowers a model of one layer. */
function lowering(layer: LayerOf, inputShape: number[], training = false) {
  const model = tfl.sequential({ layers: [layer({ inputShape, name: 'odd_one' })] });
  const b = new GraphBuilder();
  const input = b.input('input', 'float32', [2, ...inputShape]);
  return () => loweredModel(b, model, input, ({ name }) => name, { training });
}

const dropoutInTraining = (rate: number) => lowering((a) => layers.dropout({ ...a, rate }), [3], true);

describe('loweredModel(b, model, …) refuses', () => {
  it('a layer type that is not in the table, naming it and those that are', () => {
    const recurrent = lowering(
      (a) => layers.convLstm2d({ ...a, filters: 2, kernelSize: 3, recurrentInitializer: 'zeros' }),
      [3, 6, 6, 2],
    );
    expect(recurrent).toThrow(/layer "odd_one": expected one of Activation, .*ZeroPadding2D; got ConvLSTM2D/);
  });

  it('a layer inside a nested model or a wrapper, naming the whole path', () => {
    const nested = tfl.sequential({
      name: 'encoder',
      layers: [
        layers.convLstm2d({
          name: 'memory',
          filters: 2,
          kernelSize: 3,
          recurrentInitializer: 'zeros',
          inputShape: [3, 6, 6, 2],
        }),
      ],
    });
    const outer = tfl.input({ shape: [3, 6, 6, 2] });
    const model = tfl.model({ inputs: outer, outputs: nested.apply(outer) as typeof outer });
    const b = new GraphBuilder();
    const input = b.input('input', 'float32', [2, 3, 6, 6, 2]);
    const lower = () => loweredModel(b, model, input, ({ name }) => name, { training: false });
    expect(lower).toThrow(/layer "encoder\/memory": expected one of .*; got ConvLSTM2D/);
  });

  it('batch norm over another axis than the last in a training step', () => {
    const norm = lowering((a) => layers.batchNormalization({ ...a, axis: 1 }), [3, 4, 4], true);
    expect(norm).toThrow(/BatchNormalization layer "odd_one": axis/);
  });

  it('a separable convolution with a bias and channels first, whose bias tfjs adds to another axis', () => {
    const separable = lowering(
      (a) => layers.separableConv2d({ ...a, filters: 2, kernelSize: 2, dataFormat: 'channelsFirst' }),
      [3, 4, 5],
    );
    expect(separable).toThrow(/SeparableConv2D layer "odd_one": dataFormat: expected "channelsLast", as tfjs/);
  });

  it('dropout in a training step', () => {
    expect(dropoutInTraining(0.5)).toThrow('Dropout layer "odd_one": rate: expected 0 in a training step; got 0.5');
    expect(dropoutInTraining(0)).not.toThrow();
  });
});
