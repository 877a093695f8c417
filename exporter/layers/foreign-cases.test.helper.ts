/** @file For tests: layers of other people's networks, of other ranks and layouts than ours, and what prepares pictures. */
import { kerasLayer } from '../keras-layers.js';
import { tfl } from '../tf.js';
import { identityLayers } from './identities.js';
import type { Layer } from './rule.js';

const { layers } = tfl;

/** Makes the layer that is tested, as the first of its model. */
export type LayerOf = (input: { inputShape: number[]; name: string; dataFormat?: 'channelsFirst' }) => Layer;

/** A layer type, what is special about this use of it, the shape of its input, and the layer. */
export type LayerCase = [layerClass: string, what: string, inputShape: number[], layer: LayerOf];

/** tfjs is here without the decomposition that its default, orthogonal weights, need. */
const zeros = { recurrentInitializer: 'zeros' } as const;

/** Layers of other people's networks: other ranks and layouts, and what prepares pictures. */
export const foreignCases: LayerCase[] = [
  ['PReLU', 'of pictures, one slope per channel', [3, 4, 5], (a) => layers.prelu({ ...a, sharedAxes: [1, 2] })],
  ['PReLU', 'one slope per element', [3, 4, 2], (a) => layers.prelu(a)],
  ['PReLU', 'of vectors', [5], (a) => layers.prelu(a)],
  [
    'Conv1D',
    'same, stride 2',
    [9, 3],
    (a) => layers.conv1d({ ...a, filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
  ],
  [
    'Conv1D',
    'dilated, softmax',
    [9, 3],
    (a) => layers.conv1d({ ...a, filters: 4, kernelSize: 2, dilationRate: 2, activation: 'softmax' }),
  ],
  [
    'Conv3D',
    'same, stride 2, softmax',
    [5, 6, 7, 2],
    (a) => layers.conv3d({ ...a, filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'softmax' }),
  ],
  [
    'Conv3D',
    'channels first',
    [2, 5, 6, 7],
    (a) => layers.conv3d({ ...a, filters: 3, kernelSize: [1, 2, 3], dataFormat: 'channelsFirst' }),
  ],
  [
    'Conv3DTranspose',
    'same, stride 2',
    [2, 3, 4, 3],
    (a) => layers.conv3dTranspose({ ...a, filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
  ],
  [
    'Conv3D',
    'same, kernel smaller than the stride',
    [4, 7, 8, 2],
    (a) => layers.conv3d({ ...a, filters: 3, kernelSize: [1, 1, 2], strides: [2, 3, 5], padding: 'same' }),
  ],
  [
    'Conv3DTranspose',
    'same, kernel smaller than the stride',
    [2, 3, 2, 2],
    (a) => layers.conv3dTranspose({ ...a, filters: 3, kernelSize: [1, 3, 2], strides: [2, 2, 5], padding: 'same' }),
  ],
  [
    'Conv3DTranspose',
    'valid, kernel smaller than the stride',
    [2, 3, 2, 2],
    (a) => layers.conv3dTranspose({ ...a, filters: 3, kernelSize: [1, 3, 2], strides: [2, 2, 5] }),
  ],
  [
    'Conv3DTranspose',
    'valid',
    [2, 3, 2, 3],
    (a) => layers.conv3dTranspose({ ...a, filters: 2, kernelSize: 2, strides: 2 }),
  ],
  [
    'Conv2D',
    'channels first, softmax',
    [3, 7, 5],
    (a) =>
      layers.conv2d({
        ...a,
        filters: 4,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        dataFormat: 'channelsFirst',
        activation: 'softmax',
      }),
  ],
  ['BatchNormalization', 'over another axis', [4, 3, 5], (a) => kerasLayer('BatchNormalization', { ...a, axis: 1 })],
  ['BatchNormalization', 'of sequences', [4, 5], (a) => layers.batchNormalization(a)],
  ['BatchNormalization', 'of volumes', [2, 3, 4, 5], (a) => kerasLayer('BatchNormalization', a)],
  ['LayerNormalization', 'of sequences', [4, 5], (a) => layers.layerNormalization(a)],
  ['LayerNormalization', 'of pictures', [4, 3, 5], (a) => layers.layerNormalization({ ...a, epsilon: 1e-6 })],
  ['LayerNormalization', 'over whole pictures', [4, 3, 5], (a) => layers.layerNormalization({ ...a, axis: [1, 2, 3] })],
  [
    'LayerNormalization',
    'without scale and centre',
    [4, 5],
    (a) => layers.layerNormalization({ ...a, scale: false, center: false }),
  ],
  ['SpatialDropout1D', '', [4, 5], (a) => layers.spatialDropout1d({ ...a, rate: 0.5 })],
  ['AveragePooling1D', 'same', [7, 3], (a) => layers.averagePooling1d({ ...a, poolSize: 2, padding: 'same' })],
  ['MaxPooling1D', 'stride 1', [7, 3], (a) => layers.maxPooling1d({ ...a, poolSize: 3, strides: 1 })],
  [
    'AveragePooling3D',
    '',
    [4, 5, 6, 2],
    (a) => layers.averagePooling3d({ ...a, poolSize: 2, strides: 2, padding: 'same' }),
  ],
  [
    'AveragePooling3D',
    'same, window smaller than the stride',
    [4, 6, 8, 2],
    (a) => layers.averagePooling3d({ ...a, poolSize: [1, 2, 1], strides: [2, 4, 3], padding: 'same' }),
  ],
  [
    'MaxPooling3D',
    'same, window smaller than the stride',
    [4, 6, 8, 2],
    (a) => layers.maxPooling3d({ ...a, poolSize: [1, 2, 1], strides: [2, 4, 3], padding: 'same' }),
  ],
  ['MaxPooling3D', '', [4, 5, 6, 2], (a) => layers.maxPooling3d({ ...a, poolSize: [1, 2, 3] })],
  ['GlobalAveragePooling1D', '', [7, 3], (a) => layers.globalAveragePooling1d(a)],
  ['GlobalMaxPooling1D', '', [7, 3], (a) => layers.globalMaxPooling1d(a)],
  ['Permute', 'of sequences', [3, 4], (a) => layers.permute({ ...a, dims: [2, 1] })],
  ['Permute', 'of pictures', [3, 4, 5], (a) => layers.permute({ ...a, dims: [3, 1, 2] })],
  ['RepeatVector', '', [5], (a) => layers.repeatVector({ ...a, n: 3 })],
  [
    'TimeDistributed',
    'of a dense layer',
    [4, 5],
    (a) => layers.timeDistributed({ ...a, layer: layers.dense({ name: 'inner', units: 3 }) }),
  ],
  [
    'TimeDistributed',
    'of a convolution',
    [3, 6, 5, 2],
    (a) => layers.timeDistributed({ ...a, layer: layers.conv2d({ name: 'inner', filters: 3, kernelSize: 3 }) }),
  ],
  ['SimpleRNN', 'last state', [5, 3], (a) => layers.simpleRNN({ ...a, units: 4, ...zeros })],
  [
    'SimpleRNN',
    'relu, all states, from the end, no bias',
    [5, 3],
    (a) =>
      layers.simpleRNN({
        ...a,
        units: 4,
        ...zeros,
        activation: 'relu',
        returnSequences: true,
        goBackwards: true,
        useBias: false,
      }),
  ],
  ['LSTM', 'last state', [5, 3], (a) => layers.lstm({ ...a, units: 4, ...zeros })],
  [
    'LSTM',
    'all states, sigmoid gates',
    [5, 3],
    (a) => layers.lstm({ ...a, units: 4, ...zeros, returnSequences: true, recurrentActivation: 'sigmoid' }),
  ],
  [
    'LSTM',
    'from the end, softsign',
    [5, 3],
    (a) => layers.lstm({ ...a, units: 2, ...zeros, goBackwards: true, activation: 'softsign' }),
  ],
  ['GRU', 'last state', [5, 3], (a) => layers.gru({ ...a, units: 4, ...zeros })],
  ['GRU', 'all states', [1, 3], (a) => layers.gru({ ...a, units: 4, ...zeros, returnSequences: true })],
  ...(['concat', 'sum', 'mul', 'ave'] as const).map((mergeMode): LayerCase => [
    'Bidirectional',
    `${mergeMode} of all states`,
    [5, 3],
    (a) => {
      const layer = layers.gru({ name: 'inner', units: 4, ...zeros, returnSequences: true });
      return layers.bidirectional({
        ...a,
        layer: layer as Parameters<typeof layers.bidirectional>[0]['layer'],
        mergeMode,
      });
    },
  ]),
  [
    'Bidirectional',
    'concat of last states',
    [5, 3],
    (a) => {
      const layer = layers.lstm({ name: 'inner', units: 4, ...zeros });
      return layers.bidirectional({
        ...a,
        layer: layer as Parameters<typeof layers.bidirectional>[0]['layer'],
        mergeMode: 'concat',
      });
    },
  ],
  [
    'TimeDistributed',
    'of a model',
    [3, 6, 5, 2],
    (a) => {
      const convolution = layers.conv2d({ name: 'inside', filters: 3, kernelSize: 3, inputShape: [6, 5, 2] });
      const inner = tfl.sequential({
        name: 'inner',
        layers: [convolution, layers.globalAveragePooling2d({ name: 'mean' })],
      });
      return layers.timeDistributed({ ...a, layer: inner as unknown as Layer });
    },
  ],
  ['Rescaling', 'to −1…1', [4, 3, 2], (a) => layers.rescaling({ ...a, scale: 1 / 127.5, offset: -1 })],
  ['CenterCrop', 'smaller', [9, 8, 2], (a) => layers.centerCrop({ ...a, height: 4, width: 5 })],
  ['CenterCrop', 'one column', [9, 8, 2], (a) => layers.centerCrop({ ...a, height: 9, width: 7 })],
  ['CenterCrop', 'larger', [4, 3, 2], (a) => layers.centerCrop({ ...a, height: 6, width: 5 })],
  ['Resizing', 'larger', [5, 7, 2], (a) => kerasLayer('Resizing', { ...a, height: 9, width: 8 })],
  [
    'Resizing',
    'smaller, nearest',
    [9, 8, 2],
    (a) => kerasLayer('Resizing', { ...a, height: 4, width: 5, interpolation: 'nearest' }),
  ],
  ...Object.keys(identityLayers).map((name): LayerCase => [name, '', [4, 3, 2], (a) => kerasLayer(name, a)]),
];

/**
 * tfjs 4.22 adds the bias of a separable convolution to another axis where channels are first. ONNX Runtime moves the
 * transposition behind a bilinear Resize, which it then refuses.
 */
const onlyLast = new Set(['SeparableConv2D same, stride 2', 'UpSampling2D bilinear']);
/** Layers of pictures with the option `dataFormat`. */
const withLayout = /2D(Transpose)?$|^Flatten$/;

/** The cases whose layers can have their channels first, with their channels first. */
export function channelsFirstCases(cases: readonly LayerCase[]): LayerCase[] {
  return cases
    .filter(([layerClass, what, inputShape]) => {
      return withLayout.test(layerClass) && inputShape.length === 3 && !onlyLast.has(`${layerClass} ${what}`);
    })
    .map(([layerClass, what, [height, width, channels], layer]) => [
      layerClass,
      `${what}, channels first`,
      [channels, height, width] as number[],
      (a) => layer({ ...a, dataFormat: 'channelsFirst' }),
    ]);
}
