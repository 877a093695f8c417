/** @file The tfjs step as a keeper of state: it leaks nothing, shares nothing, and goes on from where it was saved. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { tf } from '../../../exporter/tf.js';
import { Random } from '../../../inference/numeric/random.js';
import { InputError } from '../../../onnx/errors.js';
import { loadTfjsBackend } from './backends.node.js';
import type { GanConfig } from '../../settings/config.js';
import { discriminatorModel, generatorModel } from './models.js';
import { configWith } from '../../settings/presets.js';
import { initialState, withState } from './state.js';
import type { StateTensor, StepBatch, StepResult, TrainState } from '../state/step.js';
import { TfjsStep } from './step.js';

const small = { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8, batchSize: 4 };
const configs: [string, GanConfig][] = [
  ['dense head, shared latents', configWith('cub200', small)],
  ['convolutional head, fresh latents', configWith('fashion-mnist', small)],
  [
    'R1 and R2 in every second step, a relativistic loss',
    configWith('space', { ...small, imageSize: 8, r1: 5, r2: 1, r1Every: 2, loss: 'rasgan' }),
  ],
];

describe.each(configs)('TfjsStep, %s', (_, config) => {
  it('keeps as many tensors after each step and sample, and none once disposed of', async () => {
    const before = tf.memory().numTensors;
    const step = created(config);
    const counts: number[] = [];
    for (let index = 0; index < 3; index++) {
      await step.run(batchOf(config, index));
      await step.sample(normals(new Random(9), 2 * config.latentDim));
      await step.state();
      counts.push(tf.memory().numTensors);
    }
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
    await step.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on from a saved state bit for bit: four steps are two and two', async () => {
    const whole = await trained(created(config), config, [0, 1, 2, 3]);
    const half = await trained(created(config), config, [0, 1]);
    const rest = await trained(created(config, half.state), config, [2, 3]);
    expect(half.state.step).toBe(2);
    expect([...half.results, ...rest.results]).toEqual(whole.results);
    expect(rest.state).toEqual(whole.state);
  });

  it('shares no memory with the state it starts from or with those it gives', async () => {
    const start = initialState(config);
    const step = created(config, start);
    scramble(start);
    const first = await step.state();
    expect(first.generator.weights).toEqual(initialState(config).generator.weights);
    scramble(first);
    const { state } = await trained(step, config, [0]);
    expect(state).toEqual((await trained(created(config), config, [0])).state);
  });

  it('has moments for the trained weights, in the order of the model, and none for running statistics', async () => {
    const { state } = await trained(created(config), config, [0]);
    for (const network of [state.generator, state.discriminator]) {
      const learned = [...network.weights.keys()].filter((name) => !name.includes('/moving_'));
      expect([...network.m.keys()].toSorted()).toEqual(learned.toSorted());
      expect([...network.v.keys()]).toEqual([...network.m.keys()]);
      expect(learned.length).toBeLessThan(network.weights.size);
    }
    expect([...state.generator.weights.keys()]).toEqual([...initialState(config).generator.weights.keys()]);
  });

  it('is as it was after a batch that it refuses', async () => {
    const step = created(config);
    const batch = batchOf(config, 0);
    await expect(step.run({ ...batch, real: batch.real.subarray(1) })).rejects.toThrow();
    expect((await trained(step, config, [0])).state).toEqual((await trained(created(config), config, [0])).state);
  });

  it('samples [N, C, H, W] by running statistics, and changes nothing by it', async () => {
    const step = created(config);
    await step.run(batchOf(config, 0));
    const state = await step.state();
    const latents = normals(new Random(3), 2 * config.latentDim);
    const samples = await step.sample(latents);
    expect(await step.state()).toEqual(state);
    await step.dispose();
    const { imageSize: size, channels } = config;
    const model = withState(generatorModel(config), state.generator);
    const pictures = (model.predict(tf.tensor2d(latents, [2, config.latentDim])) as Tensor).dataSync();
    model.dispose();
    const expected = Float32Array.from(samples, (_value, at) => {
      const [pixel, channel, n] = [
        at % size ** 2,
        Math.floor(at / size ** 2) % channels,
        Math.floor(at / (size ** 2 * channels)),
      ];
      return pictures[(n * size ** 2 + pixel) * channels + channel] as number;
    });
    expect(samples).toEqual(expected);
    expect(samples).toHaveLength(2 * channels * size ** 2);
  });
});

describe('loadTfjsBackend(backend)', () => {
  it('takes the plain one, which is always there', async () => {
    await loadTfjsBackend('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect(created(configWith('space', small)).description).toBe('tfjs (cpu)');
  });

  it.each([
    ['tensorflow', ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu']],
    ['webgpu', ['webgpu', '@tensorflow/tfjs-backend-webgpu']],
  ] as const)('says what to install where %s is missing', async (backend, packages) => {
    // Optional peers: where a user has them, there is nothing to say.
    for (const name of packages) if (await loads(name)) return;
    const error: unknown = await loadTfjsBackend(backend).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as Error;
    expect(message).toMatch(new RegExp(`^backend: ${backend} needs .*npm install ${packages[0]}`));
    for (const name of packages) expect(message).toContain(name);
    expect(tf.getBackend()).toBe('cpu');
  });
});

const loads = (name: string) =>
  import(name).then(
    () => true,
    () => false,
  );

const created = (config: GanConfig, state: TrainState = initialState(config)) =>
  new TfjsStep(config, { generator: generatorModel(config), discriminator: discriminatorModel(config) }, state);

/** Runs the steps of these numbers, then disposes of the step. */
async function trained(step: TfjsStep, config: GanConfig, indices: readonly number[]) {
  const results: StepResult[] = [];
  for (const index of indices) results.push(await step.run(batchOf(config, index)));
  const state = await step.state();
  await step.dispose();
  return { results, state };
}

function batchOf({ batchSize, channels, imageSize, latentDim }: GanConfig, index: number): StepBatch {
  const random = new Random(index);
  const real = normals(random, batchSize * channels * imageSize ** 2).map(Math.tanh);
  const latents = normals(random, batchSize * latentDim);
  return { real, latents, generatorLatents: normals(random, batchSize * latentDim) };
}

const normals = (random: Random, count: number) => Float32Array.from({ length: count }, () => random.normal());

function scramble({ generator, discriminator }: TrainState): void {
  const tensors = [generator, discriminator].flatMap(({ weights, m, v }): StateTensor[] =>
    [weights, m, v].flatMap((map) => [...map.values()]),
  );
  for (const { data } of tensors) data.fill(NaN);
}
