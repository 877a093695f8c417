/** @file Both training steps reproduce the seeds' PyTorch loop. */
import { describe, expect, it } from 'vitest';
import { golden, relativeError, type Golden } from '../../fixtures/golden.js';
import { tfjsLayout, weightName, type WeightLayout } from '../../exporter/weights.js';
import type { GanConfig, Head } from '../config.js';
import { discriminatorModel, generatorModel } from '../models.js';
import { configWith } from '../presets.js';
import { OnnxStep } from './onnx.node.js';
import type { NetworkState, StateTensor, TrainState, TrainStep } from './step.js';
import { TfjsStep } from './tfjs.js';

interface TrainingInfo {
  head: Head;
  bias: boolean;
  firstBatchNorm: boolean;
  epsilon: number;
  freshLatents: boolean;
  halve: boolean;
  lr: number;
  lrD: number;
  steps: number;
  batch: number;
  latent: number;
}

const implementations = {
  OnnxStep: (config: GanConfig, state: TrainState): Promise<TrainStep> =>
    OnnxStep.create(config, models(config), state),
  TfjsStep: async (config: GanConfig, state: TrainState): Promise<TrainStep> =>
    new TfjsStep(config, models(config), state),
};

describe.each(['training-dense', 'training-conv', 'training-pokemon', 'training-fashion'])('%s', (name) => {
  it.each(Object.keys(implementations) as (keyof typeof implementations)[])('%s agrees with PyTorch', async (kind) => {
    const file = golden<TrainingInfo>(name);
    const config = configOf(file.info);
    const step = await implementations[kind](config, stateFrom(file, config, 'before'));
    for (let index = 0; index < file.info.steps; index++) {
      const data = (key: string) => file.tensor(`step${index}/${key}`).data;
      const found = await step.run({
        real: data('real'),
        latents: data('latents'),
        generatorLatents: data('generator_latents'),
      });
      const values = [found.lossD, found.lossG, found.dReal, found.dFakeBefore, found.dFakeAfter];
      values.forEach((value, at) =>
        expect(Math.abs(value - (data('results')[at] as number)), `result ${at} of step ${index}`).toBeLessThan(1e-5),
      );
    }
    const { generator, discriminator } = await step.state();
    await step.dispose();
    const expected = stateFrom(file, config, 'after');
    for (const [found, wanted] of [
      [generator, expected.generator],
      [discriminator, expected.discriminator],
    ] as const) {
      for (const [key, { data }] of wanted.weights) {
        // A bias before batch norm has gradient zero: Adam moves it by rounding noise, and the running mean with it.
        const stage = key.slice(0, key.indexOf('_', 2));
        if (file.info.bias && wanted.weights.has(`${stage}_norm/gamma`) && /_conv\/bias$|moving_mean$/.test(key))
          continue;
        expect(relativeError(found.weights.get(key)?.data as Float32Array, data), key).toBeLessThan(1e-4);
      }
    }
  });
});

const models = (config: GanConfig) => ({
  generator: generatorModel(config),
  discriminator: discriminatorModel(config),
});

function configOf(info: TrainingInfo): GanConfig {
  return {
    ...configWith('space', {
      imageSize: 16,
      ngf: 4,
      ndf: 4,
      latentDim: info.latent,
      batchSize: info.batch,
      head: info.head,
    }),
    convBias: info.bias,
    firstBatchNorm: info.firstBatchNorm,
    batchNormEpsilon: info.epsilon,
    freshLatents: info.freshLatents,
    halveDiscriminatorLoss: info.halve,
    lr: info.lr,
    lrD: info.lrD,
  };
}

const pytorchNames: Record<string, string> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

function stateFrom(file: Golden<TrainingInfo>, config: GanConfig, when: string): TrainState {
  const network = (kind: 'generator' | 'discriminator'): NetworkState => {
    const model = models(config)[kind];
    const weights = model.weights.map((weight): [string, StateTensor] => {
      const name = weightName(weight);
      const [layer, kindOfWeight] = name.slice(2).split('/') as [string, string];
      const module = /^(head_conv|logit)$/.test(layer) ? 'head' : layer;
      const { data } = file.tensor(`${when}/${kind}/${module}.${pytorchNames[kindOfWeight]}`);
      const shape = weight.shape as number[];
      return [name, { shape, data: inTfjsOrder(data, shape, module, kindOfWeight, kind, config) }];
    });
    return { weights: new Map(weights), m: new Map(), v: new Map() };
  };
  return { step: 0, generator: network('generator'), discriminator: network('discriminator') };
}

/** PyTorch's layouts are ONNX's; its dense head reads [C, H, W], ours [H, W, C]. */
function inTfjsOrder(
  data: Float32Array,
  shape: number[],
  module: string,
  weight: string,
  kind: string,
  config: GanConfig,
): Float32Array {
  if (shape.length === 4)
    return tfjsLayout(data, shape, (kind === 'generator' ? 'conv-transpose' : 'conv') satisfies WeightLayout);
  if (module !== 'head' || weight !== 'kernel') return data;
  const channels = config.ndf * 2;
  return Float32Array.from(data, (_, at) => data[(at % channels) * 16 + Math.floor(at / channels)] as number);
}
