/** @file Generated and real pictures compared: the same ones are close, others are not, and few give no Fréchet distance. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { normalLatents, seedsFrom } from '../../inference/latent/latents.js';
import { Random } from '../../inference/numeric/random.js';
import { emptyGraph, GraphBuilder, InputError, modelOfGraph, saveModel } from '../../onnx/index.js';
import type { Dataset } from '../data/sets/dataset.js';
import { ReadablePictures } from '../data/sets/readable.js';
import { configWith } from '../settings/presets.js';
import { Evaluator, type Sampler } from './evaluator.node.js';
import { FeatureNetwork } from './feature-network.node.js';
import { bestRow, type QualityRow } from './quality.js';

const config = configWith('space', { imageSize: 8, latentDim: 6 });

let folder: string;
let network: FeatureNetwork;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-evaluator-'));
  const b = new GraphBuilder(emptyGraph('quarters'));
  const image = b.input('image', 'float32', ['batch', 3, 8, 8]);
  const means = b.op('AveragePool', [image], { kernel_shape: [4, 4], strides: [4, 4] });
  b.output(b.op('Flatten', [means], { axis: 1 }), 'features');
  await saveModel(join(folder, 'quarters.onnx'), modelOfGraph(b.graph));
  network = await FeatureNetwork.load(join(folder, 'quarters.onnx'), {
    preparation: { normalization: { mean: [0], std: [1] } },
  });
});
afterAll(async () => {
  await network.dispose();
  await rm(folder, { recursive: true });
});

/** Pictures of random grey, of which one in a hundred is broken. */
function greys(length: number, broken = 0.01): ReadablePictures {
  const dataset: Dataset = {
    name: 'greys',
    length,
    skipped: [],
    picture: (index) => {
      const random = Random.derived(7, `${index}`);
      if (random.uniform() < broken) return Promise.reject(new InputError(`${index}: broken`));
      const data = Uint8Array.from({ length: 3 * 64 }, () => random.integer(256));
      return Promise.resolve({ width: 8, height: 8, channels: 3, data });
    },
  };
  return new ReadablePictures(dataset);
}

/** A generator of such pictures, darker by a share. */
const sampler =
  (darker: number, seen: Float32Array[] = []): Sampler =>
  (latents) => {
    seen.push(latents);
    const random = Random.derived(9, `${latents[0]}`);
    const count = (latents.length / 6) * 192;
    return Promise.resolve(Float32Array.from({ length: count }, () => 2 * (1 - darker) * random.uniform() - 1));
  };

describe('Evaluator', () => {
  it('finds pictures of the same kind close and others far away', async () => {
    const evaluator = new Evaluator(network, greys(2400), config, 2048);
    const seen: Float32Array[] = [];
    const told: number[] = [];
    const near = await evaluator.quality(10, sampler(0, seen), {
      subsets: 6,
      progress_callback: (done) => told.push(done),
    });
    expect(near).toMatchObject({ step: 10, real: 2048, generated: 2048, subsets: 6, subsetSize: 1000 });
    expect(near.features).toBe(`${join(folder, 'quarters.onnx')}:features`);
    expect(Math.max(...told)).toBe(2048);
    expect([...(seen[1] as Float32Array)]).toEqual([...normalLatents(seedsFrom(32, 32), 6)]);
    const far = await evaluator.quality(20, sampler(0.2), { subsets: 6 });
    expect(Math.abs(near.kid)).toBeLessThan(0.01 * far.kid);
    expect(near.frechet).toBeLessThan(0.001);
    // Twelve means of a tenth less.
    expect(far.frechet).toBeGreaterThan(0.1);
    expect(far.frechet).toBeLessThan(0.14);
    expect(bestRow([far, near])).toBe(near);
  });

  it('gives no Fréchet distance for fewer than 2,048 pictures of either kind, and counts the readable ones', async () => {
    const pictures = greys(60, 0.3);
    const few = await new Evaluator(network, pictures, config, 2100).quality(1, sampler(0));
    expect(few.real).toBeLessThan(60);
    expect(pictures.skipped).toHaveLength(60 - few.real);
    expect(pictures.skipped[0]).toMatch(/^\d+: broken$/);
    expect(few).toMatchObject({ generated: 2100, subsetSize: Math.floor(few.real / 2) });
    expect(few.frechet).toBeUndefined();
  });

  it('says so where no real picture can be decoded', async () => {
    const evaluating = new Evaluator(network, greys(9, 1), config, 40).quality(1, sampler(0));
    await expect(evaluating).rejects.toThrow(/: expected at least one that can be decoded; got none \(\d: broken\)$/);
  });

  it('can be interrupted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const evaluator = new Evaluator(network, greys(60), config, 40);
    await expect(evaluator.quality(1, sampler(0), { signal })).rejects.toThrow('enough');
  });

  it('wants at least two pictures', () => {
    expect(() => new Evaluator(network, greys(9), config, 1)).toThrow('samples: expected a whole number of at least 2');
  });

  it('refuses numbers of pictures of which none could be compared, before any is', () => {
    const message = 'pictures: expected at least 4 in each set; got 3 and';
    expect(() => new Evaluator(network, greys(9), config, 3)).toThrow(`${message} 3`);
    expect(() => new Evaluator(network, greys(3), config, 40)).toThrow(`${message} 40`);
  });
});

test('bestRow(rows) goes by the Fréchet distance where all have one, else by KID', () => {
  const row = (step: number, kid: number, frechet?: number) =>
    ({ step, kid, ...(frechet !== undefined && { frechet }) }) as QualityRow;
  expect(bestRow([])).toBeUndefined();
  expect(bestRow([row(1, 0.1, 9), row(2, 0.3, 4), row(3, 0.2, 4)])?.step).toBe(2);
  expect(bestRow([row(1, 0.1, 9), row(2, 0.3, 4), row(3, 0.2)])?.step).toBe(1);
});
