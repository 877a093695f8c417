/** @file Checkpoints and runs on disk: what is saved is what is loaded, and nothing half written is taken for whole. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tf, tfl } from '../../exporter/tf.js';
import { Random } from '../../inference/numeric/random.js';
import { InputError } from '../../onnx/errors.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.node.js';
import { discriminatorModel, generatorModel } from '../step/tfjs/models.js';
import { configWith } from '../settings/presets.js';
import { expectNoRun, makeRunFolder, markLatest, resolveRun } from '../../inference/runs/runs.node.js';
import { initialState, withState } from '../step/tfjs/state.js';
import type { NetworkState, TrainState } from '../step/state/step.js';

const config = configWith('space', { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8, batchSize: 6, head: 'dense' });
const names = ['generator', 'discriminator'] as const;

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-checkpoint-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

describe('saveCheckpoint(run, state, config) and loadCheckpoint(folder)', () => {
  it('bring back step, configuration, weights and moments bit for bit', async () => {
    const state = trainedState(1000);
    const weight = state.generator.weights.get('g_stage1_conv/kernel')?.data as Float32Array;
    weight.set([NaN, Infinity, -0, 1e-45]);
    const folder = await saveCheckpoint(run, state, config);
    expect(folder).toBe(join(run, 'checkpoints', 'step-0001000'));
    const loaded = await loadCheckpoint(folder);
    expect(loaded.config).toEqual(config);
    expect(loaded.state.step).toBe(1000);
    for (const name of names) {
      for (const part of ['weights', 'm', 'v'] as const) {
        expect(bits(loaded.state[name][part])).toEqual(bits(state[name][part]));
      }
    }
  });

  it('bring back the averaged generator, as a model of its own, and the vectors of spectral norm', async () => {
    const tricky = { ...config, ema: 0.999, spectralNorm: true };
    const state = initialState(tricky);
    for (const { data } of state.generator.ema?.values() ?? []) data.fill(0.25);
    const folder = await saveCheckpoint(run, state, tricky);
    const loaded = await loadCheckpoint(folder);
    expect(loaded.state).toEqual(state);
    expect([...(loaded.state.discriminator.spectral?.keys() ?? [])].slice(0, 2)).toEqual([
      'd_stage1_conv/kernel_u',
      'd_stage1_conv/kernel_v',
    ]);
    const ofGenerator = await readFile(join(folder, 'generator', 'model.json'));
    expect(await readFile(join(folder, 'generator-ema', 'model.json'))).toEqual(ofGenerator);
    for (const file of ['generator-ema/weights.bin', 'discriminator/spectral.bin']) {
      const path = join(folder, file);
      const bytes = await readFile(path);
      await truncate(path, bytes.length - 4);
      await expect(loadCheckpoint(folder)).rejects.toThrow(`${path}: expected ${bytes.length} bytes`);
      await writeFile(path, bytes);
    }
  });

  it('read a configuration that was saved before there were the newer settings', async () => {
    const folder = await saveCheckpoint(run, initialState(config), config);
    const path = join(folder, 'state.json');
    const saved = JSON.parse(await readFile(path, 'utf8'));
    for (const setting of ['norm', 'normD', 'loss', 'ema', 'dSteps', 'diffaugment']) delete saved.config[setting];
    await writeFile(path, JSON.stringify(saved));
    expect((await loadCheckpoint(folder)).config).toEqual(config);
  });

  it('bring back the state before the first step, which has no moments', async () => {
    const state = initialState(config);
    const loaded = await loadCheckpoint(await saveCheckpoint(run, state, config));
    expect(loaded.state).toEqual(state);
  });

  it('replace a checkpoint of the same step', async () => {
    await saveCheckpoint(run, trainedState(7, 1), config);
    const folder = await saveCheckpoint(run, trainedState(7, 2), config);
    expect((await loadCheckpoint(folder)).state).toEqual(trainedState(7, 2));
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-0000007']);
  });

  it('leave the earlier checkpoint and no leftovers where the state cannot be saved', async () => {
    const earlier = await saveCheckpoint(run, trainedState(7), config);
    const lacking = trainedState(8);
    lacking.discriminator.v.delete('d_logit/bias');
    await expect(saveCheckpoint(run, lacking, config)).rejects.toThrow('the state lacks d_logit/bias of shape [1]');
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-0000007']);
    expect((await loadCheckpoint(earlier)).state).toEqual(trainedState(7));
  });
});

describe('a checkpoint', () => {
  it.each(names)('holds the %s as a model that tf.loadLayersModel loads, with the same output', async (name) => {
    const state = trainedState(3);
    const folder = join(await saveCheckpoint(run, state, config), name);
    const model = withState((name === 'generator' ? generatorModel : discriminatorModel)(config), state[name]);
    // What any tfjs program does: the JSON says where the weights are.
    const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
    const loaded = await tfl.loadLayersModel({
      load: async () => ({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: new Uint8Array(await readFile(join(folder, json.weightsManifest[0].paths[0]))).buffer,
      }),
    });
    const [, ...shape] = (model.layers[0]?.batchInputShape ?? []) as number[];
    const input = tf.randomNormal([2, ...shape], 0, 1, 'float32', 3);
    const outputs = [model, loaded].map((network) => (network.predict(input) as Tensor).dataSync());
    expect(outputs[1]).toEqual(outputs[0]);
    tf.dispose(input);
    for (const network of [model, loaded]) network.dispose();
  });
});

describe('loadCheckpoint(folder) refuses', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await saveCheckpoint(run, trainedState(5), config);
  });

  it.each([
    'state.json',
    ...names.flatMap((name) =>
      ['model.json', 'weights.bin', 'adam.json', 'adam.m.bin'].map((file) => `${name}/${file}`),
    ),
  ])('a missing %s', async (file) => {
    await rm(join(folder, file));
    await expectRefusal(`${join(folder, file)}: cannot be read (ENOENT)`);
  });

  it.each(['generator/weights.bin', 'discriminator/weights.bin', 'generator/adam.m.bin', 'discriminator/adam.v.bin'])(
    'a truncated and an overlong %s',
    async (file) => {
      const path = join(folder, file);
      const bytes = await readFile(path);
      await truncate(path, bytes.length - 1);
      await expectRefusal(`${path}: expected ${bytes.length} bytes; got ${bytes.length - 1}`);
      await writeFile(path, Buffer.concat([bytes, Buffer.alloc(4)]));
      await expectRefusal(`${path}: expected at most ${bytes.length} bytes; got ${bytes.length + 4}`);
    },
  );

  it.each(['state.json', 'generator/model.json', 'discriminator/adam.json'])('a truncated %s', async (file) => {
    await truncate(join(folder, file), 10);
    await expectRefusal(`${join(folder, file)}: expected JSON`);
  });

  it.each([
    [{ format: 2 }, 'expected checkpoint format 1; got 2'],
    [{ step: -1 }, 'expected a step number; got -1'],
    [{ step: '5' }, 'expected a step number; got "5"'],
    [{ config: undefined }, 'expected an object of settings'],
    [{ config: { ...config, ngf: 0 } }, 'ngf: expected'],
  ])('a state.json with %j', async (change, message) => {
    await changeJson('state.json', (saved) => ({ ...saved, ...change }));
    await expectRefusal(message);
  });

  it('weights of another architecture', async () => {
    await changeJson('state.json', (saved) => ({ ...saved, config: { ...config, head: 'conv' } }));
    await expectRefusal('discriminator/model.json: expected weight "d_head_conv/kernel" [4,4,8,1] "float32" of the');
    await expectRefusal('got "d_logit/kernel" [128,1] "float32"');
  });

  it('a configuration of terabytes, before it builds the networks', async () => {
    const huge = { ...config, imageSize: 512, ngf: 1024, latentDim: 65_536 };
    await changeJson('state.json', (saved) => ({ ...saved, config: huge }));
    await expectRefusal('generator/weights.bin: expected at least 274877906944 bytes; got');
  });

  it.each([[[]], [{}], [null], [[{ name: { toString: 1 }, shape: { valueOf: 1 } }]], [[null]], ['x'.repeat(1e6)]])(
    'lists of moments such as %.40j after the first step',
    async (list) => {
      await changeJson('generator/adam.json', () => list);
      const error = await expectRefusal('generator/adam.json: expected ');
      expect(error.message.length).toBeLessThan(500);
    },
  );

  it.each([
    ['dtype', 'int32'],
    ['shape', [8]],
    ['name', 'other'],
  ])('a manifest with another %s', async (key, value) => {
    await changeJson('generator/model.json', (saved) => {
      const { weights } = (saved['weightsManifest'] as { weights: Record<string, unknown>[] }[])[0] as {
        weights: Record<string, unknown>[];
      };
      (weights[0] as Record<string, unknown>)[key] = value;
      return saved;
    });
    await expectRefusal('generator/model.json: expected weight "g_stage1_conv/kernel" [4,4,8,8] "float32"');
  });

  async function expectRefusal(message: string): Promise<Error> {
    const error = await loadCheckpoint(folder).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('\n');
    return error as Error;
  }

  async function changeJson(file: string, change: (saved: Record<string, unknown>) => unknown): Promise<void> {
    const path = join(folder, file);
    await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')))));
  }
});

describe('makeRunFolder, expectNoRun, markLatest and resolveRun', () => {
  const start = process.cwd();
  beforeEach(() => process.chdir(run));
  afterEach(() => process.chdir(start));

  it('find the latest run, by link', async () => {
    await expect(resolveRun()).rejects.toThrow(InputError);
    const [first, second] = [await madeRun('runs/a'), await madeRun('elsewhere/b')];
    await markLatest(first);
    expect(await resolveRun()).toBe(first);
    await markLatest(second);
    expect(await resolveRun()).toBe(second);
    expect(await resolveRun(first)).toBe(first);
    expect(await readdir('runs')).toEqual(['a', 'latest']);
  });

  it('find the latest run where links cannot be made, by a file that holds its path', async () => {
    const made = await madeRun('runs/a');
    await writeFile('runs/latest', 'a');
    expect(await resolveRun()).toBe(made);
  });

  it('refuse a link to a run that is gone, and a folder that is none', async () => {
    await mkdir('runs/empty', { recursive: true });
    await symlink('gone', 'runs/latest');
    await expect(resolveRun()).rejects.toThrow('no run found');
    await expect(resolveRun('runs/empty')).rejects.toThrow('runs/empty: expected the folder of a run');
  });

  it('name a new run after date and preset, and never reuse a run', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => makeRunFolder('space')));
    expect(made[0]).toMatch(/^runs[/\\]\d{4}-\d\d-\d\d-\d{6}-space(-\d)?$/);
    expect(new Set(made).size).toBe(4);
    await expect(expectNoRun(await madeRun('runs/a'))).rejects.toThrow(
      'out: expected a folder without a run (`resume` goes on with that one); got runs/a',
    );
  });

  async function madeRun(path: string): Promise<string> {
    await expectNoRun(path);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'config.json'), '{}');
    return path;
  }
});

/** A state as after some steps: random weights, and moments for the trained ones. */
function trainedState(step: number, seed = step): TrainState {
  const state = initialState(config);
  for (const name of names) {
    const model = (name === 'generator' ? generatorModel : discriminatorModel)(config);
    const random = Random.derived(seed, name);
    const filled = (shape: number[], size: number) => ({
      shape,
      data: Float32Array.from({ length: size }, () => random.uniform()),
    });
    for (const weight of model.trainableWeights) {
      const key = weight.originalName;
      const { shape, data } = state[name].weights.get(key) as { shape: number[]; data: Float32Array };
      state[name].weights.set(key, filled(shape, data.length));
      state[name].m.set(key, filled([...shape], data.length));
      state[name].v.set(key, filled([...shape], data.length));
    }
    model.dispose();
  }
  return { ...state, step };
}

const bits = (tensors: NetworkState['weights']) =>
  [...tensors].map(([name, { shape, data }]) => [
    name,
    shape,
    new Uint32Array(data.buffer, data.byteOffset, data.length),
  ]);
