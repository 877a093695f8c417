/** @file For tests: layers models written to disk as tfjs saves them, and small networks of several architectures. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { withRandomWeights } from '../parity.test.helper.js';
import { tf, tfl } from '../tf.js';

const { layers } = tfl;
type Value = tfl.SymbolicTensor;

/** What a test may change in a saved model. */
export type SavedJson = { modelTopology: unknown; weightsManifest: { paths: string[]; weights: object[] }[] };

/** Saves a model as model.json and so many shards, changed as told. @returns the path of model.json */
export async function savedModel(
  folder: string,
  model: LayersModel,
  {
    shards = 1,
    quantize = false,
    change,
  }: { shards?: number; quantize?: boolean; change?: (json: SavedJson) => void } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs = [], weightData = new ArrayBuffer(0) }) => {
      const stored = quantize ? halved(weightSpecs, weightData) : { weights: weightSpecs, data: joined(weightData) };
      const step = Math.ceil(stored.data.length / shards);
      const paths = Array.from({ length: shards }, (_, index) => `group1-shard${index + 1}of${shards}.bin`);
      for (const [index, path] of paths.entries()) {
        await writeFile(join(folder, path), stored.data.subarray(index * step, (index + 1) * step));
      }
      const json = { format: 'layers-model', modelTopology, weightsManifest: [{ paths, weights: stored.weights }] };
      change?.(json);
      await writeFile(join(folder, 'model.json'), JSON.stringify(json));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    }),
  );
  return join(folder, 'model.json');
}

const joined = (data: ArrayBuffer | ArrayBuffer[]) =>
  new Uint8Array(Buffer.concat([data].flat().map((part) => new Uint8Array(part))));

/** Weights as bytes with a scale and a smallest value, as the converter's `--quantize_uint8` writes them. */
function halved(specs: readonly { name: string; shape: number[] }[], data: ArrayBuffer | ArrayBuffer[]) {
  const numbers = new Float32Array(joined(data).buffer);
  const bytes = new Uint8Array(numbers.length);
  let at = 0;
  const weights = specs.map(({ name, shape }) => {
    const own = numbers.subarray(at, at + shape.reduce((a, b) => a * b, 1));
    const min = Math.min(...own);
    const scale = (Math.max(...own) - min) / 255 || 1;
    own.forEach((value, index) => (bytes[at + index] = Math.round((value - min) / scale)));
    at += own.length;
    return { name, shape, dtype: 'float32', quantization: { dtype: 'uint8', min, scale } };
  });
  return { weights, data: bytes };
}

const applied = (layer: { apply(x: Value | Value[]): unknown }, x: Value | Value[]) => layer.apply(x) as Value;

/** Rescaling, depthwise convolutions, a residual branch, one slope per channel. */
export function mobileNet(shape: (number | null)[] = [16, 16, 3]): LayersModel {
  const photo = tfl.input({ shape, name: 'photo' });
  let x = applied(layers.rescaling({ scale: 1 / 127.5, offset: -1 }), photo);
  x = applied(layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', useBias: false }), x);
  x = applied(layers.batchNormalization({ scale: false }), x);
  const before = applied(layers.reLU({ maxValue: 6 }), x);
  x = applied(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }), before);
  x = applied(layers.prelu({ sharedAxes: [1, 2] }), x);
  x = applied(layers.add(), [x, before]);
  x = applied(layers.globalAveragePooling2d({}), x);
  const outputs = applied(layers.dense({ units: 5, activation: 'softmax', name: 'classes' }), x);
  return withRandomWeights(tfl.model({ inputs: photo, outputs, name: 'mobile' }));
}

/** Skips with concatenation, and two outputs. */
export function uNet(): LayersModel {
  const input = tfl.input({ shape: [8, 8, 3], name: 'scan' });
  const a = applied(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'gelu' }), input);
  const b = applied(layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same' }), a);
  const up = applied(layers.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 2, padding: 'same' }), b);
  const both = applied(layers.concatenate(), [up, a]);
  const mask = applied(layers.conv2d({ filters: 2, kernelSize: 1, activation: 'softmax', name: 'mask' }), both);
  const aux = applied(layers.globalMaxPooling2d({ name: 'aux' }), b);
  return withRandomWeights(tfl.model({ inputs: input, outputs: [mask, aux], name: 'unet' }));
}

/** Patches, attention of one head, a wrapper over the tokens. */
export function visionTransformer(): LayersModel {
  const input = tfl.input({ shape: [8, 8, 3], name: 'image' });
  const patches = applied(layers.conv2d({ filters: 6, kernelSize: 2, strides: 2 }), input);
  const tokens = applied(layers.reshape({ targetShape: [16, 6] }), patches);
  const normal = applied(layers.layerNormalization({ epsilon: 1e-6 }), tokens);
  const [q, k, v] = ['q', 'k', 'v'].map((name) => applied(layers.dense({ units: 6, name }), normal)) as [
    Value,
    Value,
    Value,
  ];
  const weights = applied(layers.softmax({ axis: -1 }), applied(layers.dot({ axes: [2, 2] }), [q, k]));
  const mixed = applied(layers.add(), [tokens, applied(layers.dot({ axes: [2, 1] }), [weights, v])]);
  const inner = layers.dense({ units: 4, activation: 'gelu', name: 'inner' });
  const hidden = applied(layers.timeDistributed({ layer: inner, name: 'steps' }), mixed);
  const outputs = applied(
    layers.dense({ units: 3, name: 'scores' }),
    applied(layers.globalAveragePooling1d({}), hidden),
  );
  return withRandomWeights(tfl.model({ inputs: input, outputs, name: 'vit' }));
}

/** A generator with a label, whose pictures are 0…1. */
export function conditionalGenerator(): LayersModel {
  const latent = tfl.input({ shape: [6], name: 'latent' });
  const label = tfl.input({ shape: [1], name: 'label', dtype: 'int32' });
  const row = applied(layers.flatten(), applied(layers.embedding({ inputDim: 4, outputDim: 6 }), label));
  const mixed = applied(layers.multiply(), [latent, row]);
  const small = applied(layers.reshape({ targetShape: [4, 4, 2] }), applied(layers.dense({ units: 32 }), mixed));
  const outputs = applied(
    layers.conv2dTranspose({
      filters: 3,
      kernelSize: 4,
      strides: 2,
      padding: 'same',
      activation: 'sigmoid',
      name: 'picture',
    }),
    small,
  );
  return withRandomWeights(tfl.model({ inputs: [latent, label], outputs, name: 'conditional' }));
}

/** Two pictures through the same nested model, with channels first. */
export function siamese(): LayersModel {
  const dataFormat = 'channelsFirst';
  const encoder = tfl.sequential({
    name: 'encoder',
    layers: [
      layers.conv2d({
        filters: 4,
        kernelSize: 3,
        inputShape: [3, 9, 9],
        dataFormat,
        activation: 'swish',
        name: 'first',
      }),
      layers.batchNormalization({ axis: 1, name: 'norm' }),
      layers.maxPooling2d({ poolSize: 2, dataFormat }),
      layers.flatten({ dataFormat }),
    ],
  });
  const inputs = ['left', 'right'].map((name) => tfl.input({ shape: [3, 9, 9], name }));
  const outputs = applied(
    layers.dot({ axes: 1, normalize: true, name: 'likeness' }),
    inputs.map((x) => applied(encoder, x)),
  );
  return withRandomWeights(tfl.model({ inputs, outputs, name: 'siamese' }));
}

/** A network of sequences. */
export function sequenceNet(): LayersModel {
  const made = tfl.sequential({
    name: 'sound',
    layers: [
      layers.conv1d({ filters: 4, kernelSize: 3, inputShape: [20, 2], activation: 'selu' }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.globalAveragePooling1d({}),
      layers.dense({ units: 2 }),
    ],
  });
  return withRandomWeights(made);
}

/** A network of volumes. */
export function volumeNet(): LayersModel {
  const made = tfl.sequential({
    name: 'volume',
    layers: [
      layers.conv3d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 6, 1], padding: 'same', activation: 'mish' }),
      layers.averagePooling3d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  return withRandomWeights(made);
}

/** A network that reads a line of text: columns of a picture as a sequence, recurrent layers of each kind. */
export function textReader(): LayersModel {
  const zeros = { recurrentInitializer: 'zeros' } as const;
  const memory = layers.lstm({ ...zeros, units: 5, returnSequences: true, recurrentActivation: 'sigmoid' });
  const network = tfl.sequential({
    name: 'reader',
    layers: [
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [8, 12, 1] }),
      layers.maxPooling2d({ poolSize: [4, 2] }),
      layers.permute({ dims: [2, 1, 3] }),
      layers.reshape({ targetShape: [6, 8] }),
      layers.bidirectional({ layer: memory as never, mergeMode: 'concat' }),
      layers.simpleRNN({ ...zeros, units: 4, returnSequences: true }),
      layers.gru({ ...zeros, units: 4, name: 'last' }),
      layers.dense({ units: 3, activation: 'softmax', name: 'letters' }),
    ],
  });
  return withRandomWeights(network);
}

/** Models in a Sequential one, as Teachable Machine saves them. */
export function wrappedNet(shape: (number | null)[]): LayersModel {
  const trunk = mobileNet(shape);
  const head = tfl.sequential({ name: 'head', layers: [layers.dense({ units: 3, inputShape: [5], name: 'scores' })] });
  const outer = tfl.sequential({
    name: 'outer',
    layers: [tfl.sequential({ name: 'features', layers: [trunk] }), head],
  });
  return withRandomWeights(outer);
}
