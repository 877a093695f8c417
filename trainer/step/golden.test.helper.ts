/** @file States of the golden training files, from PyTorch's names and layouts, and what is compared with them. */
import type { LayersModel } from '../../exporter/tfjs-model.js';
import { expect } from 'vitest';
import type { Golden } from '../../fixtures/golden.js';
import { tfjsLayout, weightName, type WeightLayout } from '../../exporter/layers/weights.js';
import { elementCount } from '../../onnx/graph/graph.js';
import type { GanConfig } from '../settings/config.js';
import { discriminatorModel, generatorModel } from './tfjs/models.js';
import { spectralVectors } from './state/spectral.js';
import { OnnxStep } from './onnx/onnx.node.js';
import type { NetworkState, StateTensor, StepBatch, StepResult, TrainState, TrainStep } from './state/step.js';
import { TfjsStep } from './tfjs/step.js';

/** Both training steps: a name, and how to make one that starts from a state. */
export const implementations: [string, (config: GanConfig, state: TrainState) => Promise<TrainStep>][] = [
  ['OnnxStep', (config, state) => OnnxStep.create(config, models(config), state)],
  ['TfjsStep', async (config, state) => new TfjsStep(config, models(config), state)],
];

const models = (config: GanConfig) => ({
  generator: generatorModel(config),
  discriminator: discriminatorModel(config),
});

const pytorchNames: Record<string, string> = {
  kernel: 'weight',
  kernel_u: 'weight_u',
  kernel_v: 'weight_v',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** The networks' state in a golden file, `before` or `after` the training. */
export function goldenState(file: Golden<unknown>, config: GanConfig, when: string): TrainState {
  const { generator: g, discriminator: d } = models(config);
  const weights = (model: LayersModel, network: string): Map<string, StateTensor> =>
    new Map(
      model.weights.map((weight) => {
        const tensor = { name: weightName(weight), shape: weight.shape as number[] };
        return [tensor.name, goldenTensor(file, `${when}/${network}`, tensor, config)];
      }),
    );
  const state = (model: LayersModel, network: string): NetworkState => ({
    weights: weights(model, network),
    m: new Map(),
    v: new Map(),
  });
  const [generator, discriminator] = [state(g, 'generator'), state(d, 'discriminator')];
  if (config.ema > 0) generator.ema = weights(g, 'ema');
  if (config.spectralNorm) {
    discriminator.spectral = new Map(
      spectralVectors(d).map((tensor) => [tensor.name, goldenTensor(file, `${when}/discriminator`, tensor, config)]),
    );
  }
  return { step: 0, generator, discriminator };
}

/** What a step of a golden file is fed. */
export function goldenBatch(file: Golden<unknown>, step: number): StepBatch {
  const data = (key: string) => file.tensor(`step${step}/${key}`).data;
  return { real: data('real'), latents: data('latents'), generatorLatents: data('generator_latents') };
}

/** Refuses results of a step that are not those of the golden file. */
export function expectResults(file: Golden<unknown>, step: number, found: StepResult): void {
  const values = [found.lossD, found.lossG, found.dReal, found.dFakeBefore, found.dFakeAfter];
  const expected = file.tensor(`step${step}/results`).data;
  values.forEach((value, at) =>
    expect(Math.abs(value - (expected[at] as number)), `result ${at} of step ${step}`).toBeLessThan(1e-5),
  );
}

/** One tensor in tfjs layout. PyTorch's layouts are ONNX's; its dense head reads [C, H, W], ours [H, W, C]. */
function goldenTensor(
  file: Golden<unknown>,
  network: string,
  { name, shape }: { name: string; shape: number[] },
  config: GanConfig,
): StateTensor {
  const [layer, kind] = name.slice(2).split('/') as [string, string];
  const module = /^(head_conv|logit|psi)$/.test(layer)
    ? 'head'
    : layer.replace(/^label_(embedding|map)$/, 'label_table');
  const { data } = file.tensor(`${network}/${module}.${pytorchNames[kind]}`);
  if (data.length !== elementCount(shape)) throw new Error(`${name}: ${data.length} numbers for [${shape}]`);
  if (shape.length === 4) {
    const layout: WeightLayout = name.startsWith('g_') && config.arch === 'dcgan' ? 'conv-transpose' : 'conv';
    return { shape, data: tfjsLayout(data, shape, layout) };
  }
  if (module === 'label_projection' && shape.length === 2) return { shape, data: transposed(data, shape) };
  if (module === 'dense') return { shape, data: denseToMaps(data, shape.at(-1) as number, kind) };
  if (module !== 'head' || shape.length !== 2 || config.arch === 'resnet') return { shape, data };
  const channels = config.ndf * 2;
  const ordered = data.map((_, at) => data[(at % channels) * 16 + Math.floor(at / channels)] as number);
  return { shape, data: ordered };
}

/** PyTorch's [C·16, Z], or its biases, of a dense layer whose outputs are 4×4 maps, as tfjs's [Z, 16·C]. */
function denseToMaps(data: Float32Array, outputs: number, kind: string): Float32Array {
  const [channels, inputs] = [outputs / 16, kind === 'bias' ? 1 : data.length / outputs];
  return data.map((_, at) => {
    const [input, output] = [Math.floor(at / outputs), at % outputs];
    const row = (output % channels) * 16 + Math.floor(output / channels);
    return data[row * inputs + input] as number;
  });
}

/** PyTorch's [out, in] as tfjs's [in, out]. @param shape tfjs's */
function transposed(data: Float32Array, [inputs = 1, outputs = 1]: readonly number[]): Float32Array {
  return data.map((_, at) => data[(at % outputs) * inputs + Math.floor(at / outputs)] as number);
}
