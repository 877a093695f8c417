/** @file The classifier's update is PyTorch's, and what it learns can be told from the file it becomes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import { golden, relativeError } from '../../fixtures/golden.js';
import { tfjsLayout } from '../../exporter/layers/weights.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { statedPreparation } from '../../inference/networks/preprocessing.js';
import { Random } from '../../inference/numeric/random.js';
import { InputError, modelFromBytes } from '../../onnx/index.js';
import type { Dataset } from '../data/sets/dataset.js';
import { FeatureNetwork } from '../quality/feature-network.node.js';
import { networkStateOf, withState } from '../step/tfjs/state.js';
import { classifierModel } from '../step/tfjs/classifier.js';
import { ClassifierStep } from './step.node.js';
import { trainFeatures, type FeatureTraining } from './train.node.js';

const { info, tensor } = golden<{ labels: number[]; losses: number[]; rates: number[] }>('classifier');

const pytorchNames: Readonly<Record<string, string>> = {
  kernel: 'weight',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** One of our weights from PyTorch's names and layouts. */
function goldenWeight(when: string, name: string, shape: readonly number[]): Float32Array {
  const [layer = '', kind = ''] = name.split('/');
  const { data } = tensor(`${when}/${layer}.${pytorchNames[kind] ?? kind}`);
  if (shape.length === 4) return tfjsLayout(data, shape, 'conv');
  const [inputs = 0, outputs = 0] = shape;
  return shape.length === 1
    ? data
    : data.map((_, at) => data[(at % outputs) * inputs + Math.floor(at / outputs)] as number);
}

it('three updates are those of PyTorch', async () => {
  const model = classifierModel({ imageSize: 16, classes: 3, width: 2, seed: 0 });
  const state = networkStateOf(model);
  for (const [name, value] of state.weights) value.data = goldenWeight('before', name, value.shape);
  const step = await ClassifierStep.create(withState(model, state), 4, {});
  for (const [index, rate] of info.rates.entries()) {
    const loss = await step.run({ pictures: tensor('pictures').data, labels: info.labels }, rate);
    expect(Math.abs(loss - (info.losses[index] as number))).toBeLessThan(1e-5);
  }
  const { weights } = step.state();
  expect(weights.size).toBe(12);
  for (const [name, { shape, data }] of weights) {
    expect(relativeError(data, goldenWeight('after', name, shape)), name).toBeLessThan(1e-4);
  }
  await step.dispose();
  model.dispose();
});

/** Stripes that lie or stand, in random colours: a picture's class is its direction. */
function stripes(length: number, broken: number[] = []): Dataset {
  const directions = Uint16Array.from({ length }, (_, index) => index % 2);
  return {
    name: 'stripes',
    length,
    labels: { classes: ['lying', 'standing'], indices: directions },
    skipped: [],
    picture(index): Promise<Picture> {
      if (broken.includes(index)) return Promise.reject(new InputError(`${index}: broken`));
      const random = Random.derived(1, `${index}`);
      const colours = [0, 1].map(() => [0, 1, 2].map(() => random.integer(256)));
      const phase = random.integer(4);
      const data = Uint8Array.from({ length: 3 * 16 * 16 }, (_, at) => {
        const [x, y] = [Math.floor(at / 3) % 16, Math.floor(at / 48)];
        const line = directions[index] === 0 ? y : x;
        return colours[Math.floor((line + phase) / 2) % 2]?.[at % 3] as number;
      });
      return Promise.resolve({ width: 16, height: 16, channels: 3, data });
    },
  };
}

const training: Omit<FeatureTraining, 'dataset'> = {
  imageSize: 16,
  width: 8,
  epochs: 6,
  batchSize: 16,
  lr: 0.01,
  heldOut: 0.25,
  seed: 0,
};

it('learns to tell classes apart, and becomes a file of logits and features', async () => {
  const seen = { reading: 0, training: 0 };
  const found = await trainFeatures({
    ...training,
    dataset: stripes(200, [3, 50]),
    progress_callback: ({ phase }) => seen[phase]++,
  });
  expect(found).toMatchObject({ classes: ['lying', 'standing'], features: 16, trained: 148, heldOut: 50 });
  expect(found.skipped).toEqual(['3: broken', '50: broken']);
  expect(found.accuracy).toBeGreaterThan(0.95);
  expect(seen).toEqual({ reading: 25, training: 54 });
  const model = modelFromBytes(found.bytes);
  expect(model.graph.outputs.map(({ name }) => name)).toEqual(['logits', 'features']);
  expect(statedPreparation(model.metadata)).toEqual({ normalization: { mean: [0.5], std: [0.5] } });
  expect(model.metadata.get('names')).toBe('["lying","standing"]');

  const folder = await mkdtemp(join(tmpdir(), 'ganscope-features-'));
  await writeFile(join(folder, 'features.onnx'), found.bytes);
  const network = await FeatureNetwork.load(join(folder, 'features.onnx'));
  expect([network.size, network.name]).toEqual([16, `${join(folder, 'features.onnx')}:features`]);
  await network.dispose();
  await rm(folder, { recursive: true });
});

it('learns rotations of pictures without classes, alike by its seed, and says so in the file', async () => {
  // Brighter at the top: its direction can be told.
  const lit: Dataset = {
    ...stripes(120),
    labels: undefined,
    picture: (index) =>
      Promise.resolve({
        width: 16,
        height: 16,
        channels: 3,
        data: Uint8Array.from({ length: 768 }, (_, at) => 240 - 10 * Math.floor(at / 48) - (index % 40)),
      }),
  };
  const options = { ...training, dataset: lit, selfSupervised: 'rotations', epochs: 4 } as const;
  const found = await trainFeatures(options);
  expect(found).toMatchObject({ features: 16, trained: 90, heldOut: 30 });
  expect(found.classes).toEqual(['0 degrees', '90 degrees', '180 degrees', '270 degrees']);
  expect(found.accuracy).toBeGreaterThan(0.9);
  expect(modelFromBytes(found.bytes).metadata.get('training')).toMatch(/^self-supervised: tells rotations/);
  expect((await trainFeatures(options)).bytes).toEqual(found.bytes);
});

it('learns to recognise pictures in views without classes, alike by its seed, and says so in the file', async () => {
  const dataset = { ...stripes(120), labels: undefined };
  const options = { ...training, dataset, selfSupervised: 'views', epochs: 4 } as const;
  const found = await trainFeatures(options);
  expect(found).toMatchObject({ features: 16, trained: 90, heldOut: 30, classes: [] });
  // By chance it is about 1/31.
  expect(found.accuracy).toBeGreaterThan(0.3);
  const { graph, metadata } = modelFromBytes(found.bytes);
  expect(graph.outputs.map(({ name }) => name)).toEqual(['embedding', 'features']);
  expect(metadata.get('training')).toMatch(/^self-supervised: recognises pictures/);
  expect(metadata.has('names')).toBe(false);
  expect((await trainFeatures(options)).bytes).toEqual(found.bytes);
});

test.each([
  [{ dataset: { ...stripes(40), labels: undefined } }, 'data: expected pictures of at least two classes'],
  [{ imageSize: 40 }, 'imageSize: expected one of 16, 32, 64, 128, 256; got 40'],
  [{ heldOut: 1 }, 'heldOut: expected a number above 0 and below 1; got 1'],
  [{ batchSize: 64 }, 'batchSize: expected at most 30, the pictures to train on; got 64'],
  [{ lr: 0 }, 'lr: expected a number above 0 and at most 1; got 0'],
  [{ epochs: 1.5 }, 'epochs: expected an integer of 1…100000; got 1.5'],
  [{ selfSupervised: 'turns' as 'views' }, 'selfSupervised: expected rotations or views; got turns'],
])('refuses %j', async (changed, message) => {
  await expect(trainFeatures({ ...training, dataset: stripes(40), ...changed })).rejects.toThrow(message);
});

it('can be interrupted', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(trainFeatures({ ...training, dataset: stripes(40), signal })).rejects.toThrow('enough');
});
