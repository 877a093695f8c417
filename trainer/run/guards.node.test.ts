/** @file Guards in the training loop: a run that diverges stops at its last good checkpoint, a collapsing one is warned of. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/index.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.node.js';
import type { GanConfig } from '../settings/config.js';
import { spaceDataset } from '../data/sets/dataset.js';
import { Loader } from '../data/loader.node.js';
import type { Evaluator } from '../quality/evaluator.node.js';
import { readAbout } from '../record/about.node.js';
import { nonFiniteTensor, PATIENCE } from './guards.js';
import { checkpoints } from '../checkpoint/kept-checkpoints.node.js';
import { train } from './loop.node.js';
import { discriminatorModel, generatorModel } from '../step/tfjs/models.js';
import { configWith } from '../settings/presets.js';
import { initialState } from '../step/tfjs/state.js';
import { OnnxStep } from '../step/onnx/onnx.node.js';
import type { TrainStep } from '../step/state/step.js';

const small = { imageSize: 8, ngf: 2, ndf: 2, latentDim: 4, batchSize: 4 };
let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-guards-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

const loaderOf = (config: GanConfig) => new Loader(spaceDataset(config.imageSize), config);

describe('train(options)', () => {
  it('stops where weights are no longer finite though the losses are, with the last good checkpoint kept', async () => {
    // Pictures of 1e10 and more: the second moments of Adam overflow in the second step.
    const normalization = { mean: [0.5, 0.5, 0.5], std: [1e-10, 1e-10, 1e-10] };
    const config = configWith('space', { ...small, norm: 'none', loss: 'lsgan', lr: 1, normalization });
    const models = { generator: generatorModel(config), discriminator: discriminatorModel(config) };
    const step = await OnnxStep.create(config, models, initialState(config));
    const job = { config, run, step, loader: loaderOf(config), done: 0, steps: 9, sampleEvery: 99, checkpointEvery: 1 };
    const losses: number[] = [];
    const training = train({ ...job, progress_callback: ({ row }) => losses.push(row.lossD, row.lossG) });
    await expect(training).rejects.toThrow(
      /^step \d+: \w+\/kernel is no longer finite; the checkpoint of step \d+ is kept: try a lower `lr`$/,
    );
    await step.dispose();
    expect((await readAbout(run)).failed).toMatch(/^step \d+: \w+\/kernel is no longer finite/);
    expect(losses.every(Number.isFinite)).toBe(true);
    const kept = await checkpoints(run);
    expect(kept.length).toBe(losses.length / 2 - 1);
    for (const folder of kept) expect(nonFiniteTensor((await loadCheckpoint(folder)).state)).toBeUndefined();
  });

  it('saves what was computed where an evaluation fails', async () => {
    const config = configWith('space', small);
    const models = { generator: generatorModel(config), discriminator: discriminatorModel(config) };
    const step = await OnnxStep.create(config, models, initialState(config));
    const evaluator = { quality: () => Promise.reject(new InputError('features: not finite')) } as unknown as Evaluator;
    const job = {
      config,
      run,
      step,
      loader: loaderOf(config),
      done: 0,
      steps: 3,
      sampleEvery: 99,
      checkpointEvery: 99,
    };
    await expect(train({ ...job, evaluation: { evaluator, every: 2 } })).rejects.toThrow('features: not finite');
    await step.dispose();
    expect(await checkpoints(run)).toEqual([join(run, 'checkpoints', 'step-0000002')]);
  });

  it('warns once of pinned scores and once of pictures that are all alike', async () => {
    const config = configWith('space', small);
    const step: TrainStep = {
      description: 'made up',
      run: async () => ({ lossD: 0, lossG: 9, dReal: 1, dFakeBefore: 0, dFakeAfter: 0 }),
      sample: async (latents) => new Float32Array((latents.length / config.latentDim) * 3 * 64),
      state: async () => initialState(config),
      dispose: async () => undefined,
    };
    const warnings: string[] = [];
    const job = { config, run, step, loader: loaderOf(config), done: 0, steps: PATIENCE + 20, sampleEvery: 10 };
    await train({ ...job, checkpointEvery: 9999, warning_callback: (warning) => warnings.push(warning) });
    expect(warnings.map((warning) => warning.slice(0, 34))).toEqual([
      'step 500: the discriminator has se',
      "step 500: the generator's pictures",
    ]);
  });
});
