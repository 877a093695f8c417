/** @file The residual networks are those of the published code. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { tf, tfl } from '../../../../exporter/tf.js';
import { tfjsLayout, weightName } from '../../../../exporter/layers/weights.js';
import { golden, relativeError } from '../../../../fixtures/golden.js';
import { elementCount } from '../../../../onnx/graph/graph.js';
import { configWith } from '../../../settings/presets.js';
import { discriminatorModel, generatorModel } from '../models.js';

interface Info {
  latent: number;
  sizes: number[];
  /** Parameters of the networks at full width, 64, by size. */
  counts: Record<string, { generator: number; discriminator: number }>;
}

const file = golden<Info>('residual-networks');
const zero = { initialWeights: false };
type Model = ReturnType<typeof generatorModel>;

const parameters = (model: Model) =>
  model.trainableWeights.reduce((sum, { shape }) => sum + elementCount(shape as number[]), 0);

describe.each(file.info.sizes)('residual networks for %d pixels', (imageSize) => {
  it('have the parameters of the published ones', () => {
    const config = configWith('space', { arch: 'resnet', imageSize, ngf: 64, ndf: 64, latentDim: 128 });
    for (const [network, built] of [
      ['generator', generatorModel],
      ['discriminator', discriminatorModel],
    ] as const) {
      const model = built(config, zero);
      expect(parameters(model), network).toBe(file.info.counts[imageSize]?.[network]);
      model.dispose();
    }
  });
});

describe.each([32, 64])('residual networks for %d pixels, in inference form', (imageSize) => {
  const { latent: latentDim } = file.info;
  const config = configWith('space', { arch: 'resnet', imageSize, channels: 1, ngf: 1, ndf: 1, latentDim });

  it.each([
    ['generator', generatorModel],
    ['discriminator', discriminatorModel],
  ] as const)('give what PyTorch gives: %s', (network, built) => {
    const model = withTestWeights(built(config, zero));
    const { data, shape } = file.tensor(`${imageSize}/${network}/input`);
    const last = model.getLayer(network === 'generator' ? 'g_output_tanh' : 'd_logit');
    const found = tf.tidy(() => {
      const input = tf.tensor(data, shape);
      const seen = network === 'generator' ? input : tf.transpose(input, [0, 2, 3, 1]);
      // Of one channel, both orders of the axes are the same.
      const output = tfl.model({ inputs: model.inputs, outputs: last.output as SymbolicTensor }).predict(seen);
      return (output as Tensor).dataSync();
    });
    model.dispose();
    expect(relativeError(found, file.tensor(`${imageSize}/${network}/output`).data)).toBeLessThan(1e-4);
  });
});

/** Weights that both sides compute: sin(0.7·i + the sum of the characters of its name) with a factor, i counting in PyTorch's order. */
function withTestWeights(model: Model): Model {
  for (const layer of model.layers) {
    const values = layer.weights.map((weight) => {
      const shape = weight.shape as number[];
      return tf.tensor(testWeight(layer.name, weightName(weight).split('/')[1] ?? '', shape), shape);
    });
    layer.setWeights(values);
    tf.dispose(values);
  }
  return model;
}

/** What PyTorch calls a weight. */
function torchName(layer: string, kind: string): string {
  const module = layer === 'd_logit' ? 'head' : layer.slice(2);
  return `${module}.${kind === 'kernel' || kind === 'gamma' ? 'weight' : 'bias'}`;
}

function testWeight(layer: string, kind: string, shape: number[]): Float32Array {
  const scale = kind === 'kernel' ? 1 / Math.sqrt(elementCount(shape.slice(0, -1))) : 0.2;
  const count = elementCount(shape);
  if (kind === 'moving_mean') return new Float32Array(count);
  if (kind === 'moving_variance') return new Float32Array(count).fill(1);
  const start = [...torchName(layer, kind)].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const wave = Float32Array.from({ length: count }, (_, i) => scale * Math.sin(0.7 * i + start));
  if (kind === 'gamma') return wave.map((value) => 1 + value);
  if (shape.length === 4) return tfjsLayout(wave, shape, 'conv');
  if (layer !== 'g_dense') return wave;
  // PyTorch's rows [C·16, Z] are of channels, then positions; ours [Z, 16·C] of positions, then channels.
  const outputs = shape.at(-1) as number;
  const [channels, inputs] = [outputs / 16, count / outputs];
  return wave.map((_, at) => {
    const output = at % outputs;
    const row = (output % channels) * 16 + Math.floor(output / channels);
    return wave[row * inputs + Math.floor(at / outputs)] as number;
  });
}
