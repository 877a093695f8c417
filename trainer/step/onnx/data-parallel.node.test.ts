/** @file Two devices with half the batch each train as one with all of it. */
import { describe, expect, it } from 'vitest';
import { relativeError } from '../../../fixtures/golden.js';
import { InputError } from '../../../onnx/index.js';
import { stepBatch } from '../../data/batch.js';
import type { GanConfig } from '../../settings/config.js';
import { discriminatorModel, generatorModel } from '../tfjs/models.js';
import { configWith } from '../../settings/presets.js';
import { drawnLabels } from '../state/labels.js';
import { initialState } from '../tfjs/state.js';
import { Random } from '../../../inference/numeric/random.js';
import { parallelDevices } from '../../settings/devices.js';
import { OnnxStep } from './onnx.node.js';
import { DataParallelStep } from './data-parallel.node.js';
import type { StateTensor, StepBatch, StepResult, TrainState, TrainStep } from '../state/step.js';

const small = { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8, batchSize: 64 } as const;
const classes = { conditional: true, classNames: ['a', 'b', 'c'] } as const;
const two = [
  { device: 'cpu', threads: 1 },
  { device: 'cpu', threads: 1 },
] as const;

const configs: [string, GanConfig][] = [
  ['shared latents', configWith('cub200', { ...small, norm: 'none' })],
  [
    'hinge loss, spectral norm, adaptive DiffAugment, average, two updates of D, fresh latents',
    configWith('space', {
      ...small,
      batchSize: 8,
      norm: 'none',
      loss: 'hinge',
      spectralNorm: true,
      diffaugment: ['color', 'translation', 'cutout'],
      ada: true,
      ema: 0.9,
      dSteps: 2,
      lr: 2e-4,
    }),
  ],
  [
    'R1 and R2 in every second step, clipped weights',
    configWith('cub200', { ...small, batchSize: 8, norm: 'none', loss: 'wgan', clip: 0.02, r1: 5, r2: 1, r1Every: 2 }),
  ],
  [
    'wgan-gp, two updates of D, labels',
    configWith('space', { ...small, batchSize: 8, norm: 'none', loss: 'wgan-gp', dSteps: 2, ...classes }),
  ],
];

describe.each(configs)('DataParallelStep without batch norm, %s', (_, config) => {
  it('trains on two halves of a batch as OnnxStep on the whole', async () => {
    const start = initialState(config);
    const whole = await trained(await OnnxStep.create(config, models(config), start), config, [0, 1, 2]);
    const halves = await trained(await DataParallelStep.create(config, models(config), start, two), config, [0, 1, 2]);
    halves.results.forEach((result, index) => {
      const expected = Object.values(whole.results[index] as StepResult);
      expect(relativeError(Object.values(result), expected), `results of step ${index}`).toBeLessThan(1e-5);
    });
    expect(relativeError(halves.samples, whole.samples)).toBeLessThan(1e-4);
    for (const [name, { data }] of tensors(whole.state)) {
      expect(relativeError((tensors(halves.state).get(name) as StateTensor).data, data), name).toBeLessThan(1e-4);
    }
  });
});

describe('DataParallelStep', () => {
  it('goes on from a saved state bit for bit', async () => {
    const [, config] = configs[1] as [string, GanConfig];
    const step = await DataParallelStep.create(config, models(config), initialState(config), two);
    await step.run(await batchOf(config, 0));
    const saved = await step.state();
    const whole = await trained(step, config, [1]);
    const rest = await trained(await DataParallelStep.create(config, models(config), saved, two), config, [1]);
    expect(rest).toEqual(whole);
  });
});

describe('DataParallelStep with batch norm', () => {
  it('normalises each shard by itself, and keeps the running statistics of the first', async () => {
    const config = configWith('cub200', { ...small, batchSize: 8 });
    const half = { ...config, batchSize: 4 };
    const batch = await batchOf(config, 0);
    const start = initialState(config);
    const results = async (step: TrainStep, part: StepBatch) => {
      const result = await step.run(part);
      const { generator } = await step.state();
      await step.dispose();
      return { result, statistics: generator.weights.get('g_stage1_norm/moving_mean')?.data };
    };
    const single = (part: StepBatch) => OnnxStep.create(half, models(half), start).then((step) => results(step, part));
    const parts = [0, 1].map((index): StepBatch => {
      const cut = (data: Float32Array) => data.subarray((index * data.length) / 2, ((index + 1) * data.length) / 2);
      return { real: cut(batch.real), latents: cut(batch.latents), generatorLatents: cut(batch.generatorLatents) };
    });
    const [first, second] = [await single(parts[0] as StepBatch), await single(parts[1] as StepBatch)];
    const found = await results(await DataParallelStep.create(config, models(config), start, two), batch);
    expect(found.result.lossD).toBeCloseTo((first.result.lossD + second.result.lossD) / 2, 5);
    expect(found.statistics).toEqual(first.statistics);
    expect(found.statistics).not.toEqual(second.statistics);
  });
});

describe('DataParallelStep.create(config, models, state, devices)', () => {
  it('refuses a batch that cannot be divided evenly', async () => {
    const config = configWith('space', small);
    const creating = DataParallelStep.create(config, models(config), initialState(config), [...two, ...two, two[0]]);
    await expect(creating).rejects.toThrow(InputError);
    await expect(creating).rejects.toThrow('devices: expected a number of devices that divides the batch of 64; got 5');
  });
});

describe('DataParallelStep.create(config, …)', () => {
  it('refuses a loss that compares with the mean over the whole batch', async () => {
    const config = configWith('cub200', { ...small, loss: 'rasgan' });
    await expect(DataParallelStep.create(config, models(config), initialState(config), two)).rejects.toThrow(
      'loss: expected one of bce, hinge, lsgan, wgan, wgan-gp for several devices or processes, as each sees a part of the batch; got rasgan',
    );
  });
});

describe('parallelDevices(text, cores)', () => {
  it('reads CUDA devices and shards of the CPU, and nothing else', () => {
    expect(parallelDevices('0,2', 8)).toEqual([
      { device: 'cuda', deviceId: 0 },
      { device: 'cuda', deviceId: 2 },
    ]);
    expect(parallelDevices('cpu:3', 8)).toEqual(Array.from({ length: 3 }, () => ({ device: 'cpu', threads: 2 })));
    expect(parallelDevices('cpu:4', 2)?.[0]).toEqual({ device: 'cpu', threads: 1 });
    for (const text of ['', 'cpu', 'cpu:0', 'cuda:0', '0,0', '0,', '1.5', 'cpu:2,0']) {
      expect(parallelDevices(text, 8), text).toBeUndefined();
    }
  });
});

const models = (config: GanConfig) => ({
  generator: generatorModel(config),
  discriminator: discriminatorModel(config),
});

function batchOf(config: GanConfig, index: number): Promise<StepBatch> {
  const { batchSize, channels, imageSize } = config;
  const batch = async (seed: number) => {
    const random = new Random(seed);
    const numbers = { length: batchSize * channels * imageSize ** 2 };
    return Float32Array.from(numbers, () => Math.tanh(random.normal()));
  };
  const labelledBatch = async (seed: number) => ({
    pictures: await batch(seed),
    classes: Uint16Array.from({ length: batchSize }, (_, at) => (seed + at) % 3),
  });
  return stepBatch(
    config,
    {
      batchesPerEpoch: 9,
      batch,
      labelledBatch,
      heldOut: { batch: (at) => batch(at + 50), labelledBatch: (at) => labelledBatch(at + 50) },
    },
    index,
    9,
    undefined,
    config.ada ? 0.5 : undefined,
  );
}

async function trained(step: TrainStep, config: GanConfig, steps: readonly number[]) {
  const results: StepResult[] = [];
  for (const index of steps) results.push(await step.run(await batchOf(config, index)));
  const latents = new Float32Array(2 * config.latentDim).fill(0.3);
  const samples = await step.sample(latents, drawnLabels(config, latents));
  const state = await step.state();
  await step.dispose();
  return { results, samples, state };
}

/** All tensors of a state but Adam's moments, whose small values are rounding noise. */
function tensors({ generator, discriminator }: TrainState): Map<string, StateTensor> {
  const parts = [generator.weights, discriminator.weights, discriminator.spectral ?? []];
  const average = [...(generator.ema ?? [])].map(([name, tensor]) => [`ema ${name}`, tensor] as const);
  return new Map([...parts.flatMap((part) => [...part]), ...average]);
}
