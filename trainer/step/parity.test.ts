/** @file The ONNX step and the tfjs step compute the same training, for both heads and every option of the seeds. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../inference/numeric/random.js';
import { drawnAugmentation } from './state/augmentation.js';
import type { GanConfig } from '../settings/config.js';
import { discriminatorModel, generatorModel } from './tfjs/models.js';
import { configWith } from '../settings/presets.js';
import { drawnLabels } from './state/labels.js';
import { initialState } from './tfjs/state.js';
import { OnnxStep } from './onnx/onnx.node.js';
import type { NetworkState, StateTensor, StepBatch, StepResult, TrainState, TrainStep } from './state/step.js';
import { TfjsStep } from './tfjs/step.js';

const STEPS = 4;
const small = { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8, batchSize: 6, lr: 2e-4 };

const configs: Record<string, GanConfig> = {
  'dense head': configWith('cub200', { ...small, head: 'dense' }),
  'convolutional head': configWith('cub200', { ...small, head: 'conv' }),
  'fresh latents, batch norm in the first stage': configWith('space', small),
  'halved loss, ε 0.8': configWith('pokemon', small),
  'biases, two learning rates, one channel': configWith('fashion-mnist', small),
  'no batch norm, label smoothing, averaged generator': configWith('cub200', {
    ...small,
    norm: 'none',
    labelSmoothing: 0.1,
    ema: 0.9,
  }),
  'hinge loss, spectral norm, two updates of D': configWith('cub200', {
    ...small,
    imageSize: 8,
    loss: 'hinge',
    spectralNorm: true,
    normD: 'none',
    dSteps: 2,
  }),
  'least squares, DiffAugment, fresh latents': configWith('space', {
    ...small,
    loss: 'lsgan',
    diffaugment: ['color', 'translation', 'cutout'],
  }),
  'R1 and R2 in every third step, batch norm, fresh latents': configWith('space', {
    ...small,
    imageSize: 8,
    r1: 5,
    r2: 1,
    r1Every: 3,
  }),
  'labels, hinge loss, spectral norm, DiffAugment, R1, two updates of D, averaged generator': configWith('cub200', {
    ...small,
    imageSize: 8,
    conditional: true,
    classNames: ['a', 'b', 'c'],
    loss: 'hinge',
    spectralNorm: true,
    diffaugment: ['color', 'translation'],
    r1: 5,
    r1Every: 2,
    dSteps: 2,
    ema: 0.9,
  }),
  'residual networks, hinge loss, spectral norm, averaged generator': configWith('space', {
    ...small,
    arch: 'resnet',
    imageSize: 32,
    channels: 1,
    ngf: 1,
    ndf: 1,
    batchSize: 2,
    convBias: false,
    loss: 'hinge',
    spectralNorm: true,
    ema: 0.9,
  }),
  'adaptive DiffAugment, R1, two updates of D': configWith('cub200', {
    ...small,
    imageSize: 8,
    ada: true,
    adaSignal: 'sign',
    r1: 5,
    dSteps: 2,
  }),
  'adaptive DiffAugment by held-out pictures, labels, spectral norm beside batch norm, two updates of D': configWith(
    'space',
    {
      ...small,
      imageSize: 8,
      ada: true,
      conditional: true,
      classNames: ['a', 'b', 'c'],
      spectralNorm: true,
      dSteps: 2,
    },
  ),
  'held-out pictures beside a Wasserstein loss with R1': configWith('cub200', {
    ...small,
    imageSize: 8,
    loss: 'wgan',
    clip: 0.05,
    r1: 5,
    r1Every: 2,
    heldOut: 0.2,
  }),
  'everything at once, one channel': configWith('fashion-mnist', {
    ...small,
    imageSize: 8,
    batchSize: 4,
    labelSmoothing: 0.1,
    spectralNorm: true,
    diffaugment: ['cutout', 'translation', 'color'],
    dSteps: 2,
    ema: 0.99,
    emaWarmup: false,
  }),
};

describe.each(Object.entries(configs))('OnnxStep and TfjsStep, %s', (_, config) => {
  it(`agree on losses, scores and all weights over ${STEPS} steps`, async () => {
    const state = initialState(config);
    const onnx = await trained(await OnnxStep.create(config, models(config), state), config);
    const tfjs = await trained(new TfjsStep(config, models(config), state), config);
    onnx.results.forEach((result, index) => {
      expect(Object.keys(result)).toEqual(Object.keys(tfjs.results[index] as StepResult));
      expect('signReal' in result).toBe(config.ada && config.adaSignal === 'sign');
      expect('logitHeldOut' in result).toBe(config.heldOut > 0);
      for (const key of Object.keys(result) as (keyof StepResult)[]) {
        expect(
          Math.abs((result[key] as number) - (tfjs.results[index]?.[key] as number)),
          `${key} of step ${index + 1}`,
        ).toBeLessThan(1e-5);
      }
    });
    for (const network of ['generator', 'discriminator'] as const) {
      expectSameState(onnx.state[network], tfjs.state[network], config.lr);
    }
    expect(
      Math.max(...onnx.samples.map((value, index) => Math.abs(value - (tfjs.samples[index] as number)))),
    ).toBeLessThan(1e-4);
  });

  it('goes on from a state bit for bit', async () => {
    const state = initialState(config);
    const whole = await trained(await OnnxStep.create(config, models(config), state), config);
    const half = await trained(await OnnxStep.create(config, models(config), state), config, 0, 2);
    const rest = await trained(await OnnxStep.create(config, models(config), half.state), config, 2, STEPS);
    expect([...half.results, ...rest.results]).toEqual(whole.results);
    expect(rest.state).toEqual(whole.state);
  });
});

const models = (config: GanConfig) => ({
  generator: generatorModel(config),
  discriminator: discriminatorModel(config),
});

async function trained(step: TrainStep, config: GanConfig, from = 0, to = STEPS) {
  const results: StepResult[] = [];
  for (let index = from; index < to; index++) results.push(await step.run(batchOf(config, index)));
  const latents = normals(new Random(5), 2 * config.latentDim);
  const samples = await step.sample(latents, drawnLabels(config, latents));
  const state: TrainState = await step.state();
  await step.dispose();
  return { results, state, samples };
}

function batchOf(config: GanConfig, index: number): StepBatch {
  const { batchSize, channels, imageSize, latentDim, dSteps } = config;
  const random = new Random(index);
  const real = normals(random, dSteps * batchSize * channels * imageSize * imageSize).map(Math.tanh);
  const latents = normals(random, dSteps * batchSize * latentDim);
  const heldOut = new Random(100 + index);
  const picture = channels * imageSize * imageSize;
  const numbers = (count: number) => drawnAugmentation(random, count, imageSize, config.ada ? 0.5 : undefined);
  return {
    real,
    latents,
    ...(config.conditional && { labels: drawnLabels(config, latents) as Float32Array }),
    generatorLatents: normals(random, batchSize * latentDim),
    augmentation: { real: numbers(dSteps * batchSize), fake: numbers(dSteps * batchSize), again: numbers(batchSize) },
    ...(config.heldOut > 0 && {
      heldOut: {
        pictures: normals(heldOut, batchSize * picture).map(Math.tanh),
        ...(config.conditional && { labels: drawnLabels(config, normals(heldOut, batchSize * latentDim)) }),
        augmentation: drawnAugmentation(heldOut, batchSize, imageSize, config.ada ? 0.5 : undefined),
      },
    }),
    rateFactor: 1 - index / STEPS,
  };
}

it.each([
  ['OnnxStep', OnnxStep.create],
  ['TfjsStep', async (...given: ConstructorParameters<typeof TfjsStep>) => new TfjsStep(...given)],
])('%s learns nothing of held-out pictures, and leaves its state alone', async (_, created) => {
  const config = configWith('space', { ...small, imageSize: 8, spectralNorm: true, dSteps: 2, heldOut: 0.5 });
  const without = { ...config, heldOut: 0 };
  const [judged, alone] = [
    await trained(await created(config, models(config), initialState(config)), config),
    await trained(await created(without, models(without), initialState(without)), without),
  ];
  expect(judged.state).toEqual(alone.state);
  judged.results.forEach(({ logitReal, logitHeldOut, logitFake, ...result }, index) => {
    expect(result).toEqual(alone.results[index]);
    for (const logit of [logitReal, logitHeldOut, logitFake]) expect(Math.abs(logit as number)).toBeLessThan(100);
    expect(logitHeldOut).not.toBe(logitReal);
  });
});

it('judges held-out pictures with the same weights, vectors and changes as those that it is trained on', async () => {
  const config = configWith('space', { ...small, imageSize: 8, ada: true, spectralNorm: true });
  const step = await OnnxStep.create(config, models(config), initialState(config));
  for (let index = 0; index < STEPS; index++) {
    const batch = batchOf(config, index);
    const { logitReal, logitHeldOut } = await step.run({
      ...batch,
      heldOut: { pictures: batch.real, augmentation: batch.augmentation?.real as Float32Array },
    });
    expect(logitHeldOut).toBe(logitReal);
  }
  await step.dispose();
});

const normals = (random: Random, count: number) => Float32Array.from({ length: count }, () => random.normal());

/**
 * Weights differ by at most 1e-4 of the largest, except that Adam's first steps move every weight by ±lr however small
 * its gradient: where a gradient is rounding noise, its sign may differ. Such weights must be few and the gap bounded.
 * A bias before batch norm has gradient zero, so all of it is noise, and so is what it adds to the running mean: only
 * the bound holds for them.
 */
function expectSameState(found: NetworkState, expected: NetworkState, lr: number): void {
  for (const part of ['ema', 'spectral'] as const) {
    expect([...(found[part]?.keys() ?? [])].toSorted()).toEqual([...(expected[part]?.keys() ?? [])].toSorted());
    for (const [name, { data, shape }] of expected[part] ?? []) {
      const other = found[part]?.get(name) as StateTensor;
      expect(other.shape).toEqual(shape);
      expect(Math.max(...data.map((value, at) => Math.abs(value - (other.data[at] as number)))), name).toBeLessThan(
        1e-4,
      );
    }
  }
  expect([...found.weights.keys()].toSorted()).toEqual([...expected.weights.keys()].toSorted());
  for (const [name, { data }] of expected.weights) {
    const other = found.weights.get(name)?.data as Float32Array;
    const scale = Math.max(...data.map(Math.abs), 1e-3);
    const gaps = data.map((value, index) => Math.abs(value - (other[index] as number)));
    const apart = gaps.filter((gap) => gap > 1e-4 * scale);
    const stage = name.slice(0, name.indexOf('_', 2));
    const biasedNorm = expected.weights.has(`${stage}_conv/bias`) && expected.weights.has(`${stage}_norm/gamma`);
    const noise = biasedNorm && /_conv\/bias$|_norm\/moving_mean$/.test(name);
    if (!noise) expect(apart.length / gaps.length, `${name}: share of weights apart`).toBeLessThanOrEqual(0.01);
    expect(Math.max(...gaps), name).toBeLessThan(2 * STEPS * lr + 1e-4 * scale);
  }
}
