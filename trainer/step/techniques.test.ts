/** @file Both training steps do with losses, norms, augmentation, averages and schedules what PyTorch does. */
import { describe, expect, it } from 'vitest';
import { golden, relativeError, type Golden } from '../../fixtures/golden.js';
import { tf } from '../../exporter/tf.js';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { GanConfig } from '../settings/config.js';
import { discriminatorModel } from './tfjs/models.js';
import { configWith } from '../settings/presets.js';
import { normalizedWeights } from './state/spectral.js';
import { withState } from './tfjs/state.js';
import { expectResults, goldenBatch, goldenState, implementations } from './golden.test.helper.js';
import { oneHotRows } from './state/labels.js';
import { rateFactor } from './state/schedule.js';
import type { NetworkState } from './state/step.js';

interface TechniquesInfo extends Pick<GanConfig, 'head' | 'loss' | 'norm' | 'normD' | 'diffaugment' | 'ema' | 'lr'> {
  smoothing: number;
  spectral: boolean;
  warmup: boolean;
  d_steps: number;
  decay: GanConfig['lrDecay'];
  fresh: boolean;
  steps: number;
  batch: number;
  latent: number;
  r1?: number;
  r2?: number;
  every?: number;
  gp?: number;
  clip?: number;
  arch?: 'resnet';
  bias?: boolean;
  size?: number;
  classes?: number;
  held_out?: number;
}

const names = [
  'techniques-hinge',
  'techniques-lsgan',
  'techniques-smooth',
  'techniques-r1',
  'techniques-r1-augmented',
  'techniques-wgan-gp',
  'techniques-wgan',
  'techniques-rasgan',
  'techniques-rahinge',
  'techniques-ralsgan',
  'techniques-conditional',
  'techniques-conditional-gp',
  'techniques-conditional-ra',
  'techniques-held-out',
  'techniques-held-out-hinge',
  'techniques-resnet',
  'techniques-resnet-r1',
  'techniques-resnet-conditional',
];

describe.each(names)('%s', (name) => {
  const file = golden<TechniquesInfo>(name);
  const config = configOf(file.info);

  it.each(implementations)('%s agrees with PyTorch', async (_, created) => {
    const step = await created(config, goldenState(file, config, 'before'));
    for (let index = 0; index < file.info.steps; index++) {
      const data = (key: string) => file.tensor(`step${index}/${key}`).data;
      const found = await step.run({
        ...goldenBatch(file, index),
        ...(config.diffaugment.length > 0 && {
          augmentation: { real: data('augment_real'), fake: data('augment_fake'), again: data('augment_again') },
        }),
        ...(config.conditional && { labels: oneHotRows(data('labels'), config.classNames.length) }),
        ...(config.heldOut > 0 && {
          heldOut: {
            pictures: data('held_out'),
            ...(config.diffaugment.length > 0 && { augmentation: data('augment_held_out') }),
            ...(config.conditional && { labels: oneHotRows(data('held_out_labels'), config.classNames.length) }),
          },
        }),
        ...(config.gp > 0 && { interpolation: data('interpolation') }),
        rateFactor: rateFactor(config, index, file.info.steps),
      });
      expectResults(file, index, found);
      if (config.heldOut > 0) {
        const logits = [found.logitReal, found.logitHeldOut, found.logitFake];
        expect(relativeError(logits as number[], data('mean_logits'))).toBeLessThan(1e-4);
      }
    }
    const found = await step.state();
    await step.dispose();
    const expected = goldenState(file, config, 'after');
    for (const network of ['generator', 'discriminator'] as const) {
      for (const part of ['weights', 'ema', 'spectral'] as const) {
        expectClose(found[network][part], expected[network][part]);
      }
    }
  });

  it('evaluates its discriminator as PyTorch does, by normalised kernels', () => {
    const { weights, spectral = new Map() } = goldenState(file, config, 'after').discriminator;
    const model = withState(discriminatorModel(config), { weights: normalizedWeights(weights, spectral) });
    const { data, shape } = file.tensor('evaluated/picture');
    const found = tf.tidy(() => {
      const picture = tf.transpose(tf.tensor(data, shape), [0, 2, 3, 1]);
      const inputs = config.conditional ? [picture, firstLabels(file, config, shape[0] as number)] : picture;
      // The probability's logit: the golden numbers are small enough for it to be exact.
      const probability = model.predict(inputs) as Tensor;
      return tf.log(tf.div(probability, tf.sub(1, probability))).dataSync();
    });
    model.dispose();
    expect(relativeError(found, file.tensor('evaluated/logit').data)).toBeLessThan(1e-4);
  });
});

/** One-hot labels of the last step's first pictures. */
function firstLabels({ info, tensor }: Golden<TechniquesInfo>, { classNames }: GanConfig, count: number): Tensor {
  const classes = tensor(`step${info.steps - 1}/labels`).data.slice(0, count);
  return tf.tensor2d(oneHotRows(classes, classNames.length), [count, classNames.length]);
}

function expectClose(found: NetworkState['ema'], expected: NetworkState['ema']): void {
  expect([...(found?.keys() ?? [])].toSorted()).toEqual([...(expected?.keys() ?? [])].toSorted());
  for (const [key, { data }] of expected ?? []) {
    expect(relativeError(found?.get(key)?.data ?? [], data), key).toBeLessThan(1e-4);
  }
}

function configOf(info: TechniquesInfo): GanConfig {
  const { head, loss, norm, normD, diffaugment, ema, lr } = info;
  return configWith('cub200', {
    ...(info.arch === 'resnet'
      ? { arch: info.arch, imageSize: info.size ?? 32, ngf: 1, ndf: 1, convBias: info.bias ?? false }
      : { imageSize: 16, ngf: 4, ndf: 4 }),
    latentDim: info.latent,
    batchSize: info.batch,
    head,
    loss,
    norm,
    normD,
    diffaugment,
    ema,
    lr,
    labelSmoothing: info.smoothing,
    spectralNorm: info.spectral,
    emaWarmup: info.warmup,
    dSteps: info.d_steps,
    lrDecay: info.decay,
    freshLatents: info.fresh,
    r1: info.r1 ?? 0,
    r2: info.r2 ?? 0,
    ...((info.r1 || info.r2) && { r1Every: info.every ?? 1 }),
    ...(info.held_out && { heldOut: 0.1 }),
    ...(info.gp && { gp: info.gp }),
    ...(info.classes && {
      conditional: true,
      classNames: Array.from({ length: info.classes }, (_, at) => `class ${at}`),
    }),
    ...(info.clip && { clip: info.clip }),
  });
}
