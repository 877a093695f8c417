/** @file Projecting pictures into the latent space of small networks. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { copiedGraph } from '../../../onnx/build/build.js';
import { GraphBuilder, modelFromBytes, modelOfGraph, upgradedModel } from '../../../onnx/index.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { normalLatents } from '../latents.js';
import { createSession } from '../../runtime/session.node.js';
import { projectionGraph, type FeatureLoss } from './graph.js';
import { projected, type ProjectionOptions } from './projection.node.js';

const tiny = async (role: string) =>
  upgradedModel(
    modelFromBytes(await readFile(fileURLToPath(new URL(`../../../../fixtures/tiny/${role}.onnx`, import.meta.url)))),
  );
const plain = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const options: ProjectionOptions = { steps: 150, restarts: 4, seed: 0, learningRate: 0.1 };

/** The picture of a latent, [C, H, W]. */
async function pictureOf(model: ReturnType<typeof toyGenerator>, latent: Float32Array): Promise<Float32Array> {
  const session = await createSession(model);
  const { Tensor } = await import('onnxruntime-node');
  const [name = '', output = ''] = [session.inputNames[0], session.outputNames[0]];
  const result = (await session.run({ [name]: new Tensor('float32', latent, [1, latent.length]) }))[output];
  await session.release();
  return result?.data as Float32Array;
}

const meanSquare = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0) / a.length;

describe('projected(generator, target, options)', () => {
  it('comes back to the latent of a picture that an invertible generator made', async () => {
    const model = toyGenerator({ latentDim: 16 });
    const latent = normalLatents([7], 16);
    const target = await pictureOf(model, latent);
    const losses: number[] = [];
    const found = await projected(model.graph, target, {
      ...options,
      onStep: (_, loss) => losses.push(Math.min(...loss)),
    });
    expect(losses).toHaveLength(151);
    expect(losses[0]).toBeGreaterThan(0.1);
    expect(found.loss).toBeLessThan(1e-4);
    expect(meanSquare(found.latent, latent)).toBeLessThan(1e-3);
    expect(meanSquare(found.picture, await pictureOf(model, found.latent))).toBeLessThan(1e-10);
    expect(found.loss).toBeCloseTo(meanSquare(found.picture, target), 6);
  });

  it('comes near a picture of a trained generator, also with the features of its discriminator', async () => {
    const [generator, discriminator] = [await tiny('generator'), await tiny('discriminator')];
    const target = await pictureOf(generator, normalLatents([1237], 128));
    const start: number[] = [];
    const pixels = await projected(generator.graph, target, { ...options, onStep: (_, loss) => start.push(...loss) });
    expect(pixels.loss).toBeLessThan(0.1 * Math.min(...start.slice(0, 4)));
    const features: FeatureLoss = { graph: discriminator.graph, weight: 0.1, from: plain, to: plain };
    const both = await projected(generator.graph, target, { ...options, features });
    expect(meanSquare(both.picture, target)).toBeLessThan(0.02);
  });

  it('gives the same result for the same seed, another for another', async () => {
    const model = toyGenerator({ latentDim: 16 });
    const target = await pictureOf(model, normalLatents([7], 16));
    const few = { ...options, steps: 5 };
    const [one, same, other] = [
      await projected(model.graph, target, few),
      await projected(model.graph, target, few),
      await projected(model.graph, target, { ...few, seed: 1 }),
    ];
    expect(same).toEqual(one);
    expect(other.latent).not.toEqual(one.latent);
  });

  it('stops when the signal aborts', async () => {
    const stop = new AbortController();
    const model = toyGenerator({ latentDim: 16 });
    const onStep = (step: number) => step === 3 && stop.abort();
    const running = projected(model.graph, new Float32Array(192), { ...options, signal: stop.signal, onStep });
    await expect(running).rejects.toThrow(/abort/i);
  });
});

describe('projectionGraph(generator, restarts, features)', () => {
  it('weighs the mean relative difference of features, zero where the pictures are the same', async () => {
    const [generator, discriminator] = [await tiny('generator'), await tiny('discriminator')];
    const { Tensor } = await import('onnxruntime-node');
    const latents = normalLatents([1, 2], 128);
    const target = await pictureOf(generator, normalLatents([1], 128));
    const lossesWith = async (features?: FeatureLoss) => {
      const session = await createSession(modelOfGraph(projectionGraph(generator.graph, 2, features).graph));
      const state = (data: Float32Array) => new Tensor('float32', data, [2, 128]);
      const { losses } = await session.run({
        latent: state(latents),
        'latent:m': state(new Float32Array(256)),
        'latent:v': state(new Float32Array(256)),
        target: new Tensor('float32', target, [1, 3, 32, 32]),
        step_size: new Tensor('float32', Float32Array.of(0.1), []),
        correction: new Tensor('float32', Float32Array.of(1), []),
      });
      await session.release();
      return losses?.data as Float32Array;
    };
    const features = (weight: number): FeatureLoss => ({ graph: discriminator.graph, weight, from: plain, to: plain });
    const [pixels, one, two] = [await lossesWith(), await lossesWith(features(1)), await lossesWith(features(2))];
    expect(Math.max(...[pixels, one, two].map((losses) => losses[0] as number))).toBeLessThan(1e-9);
    const [p, a, b] = [pixels, one, two].map((losses) => losses[1] as number) as [number, number, number];
    expect(a - p).toBeGreaterThan(0.05);
    expect(b - p).toBeCloseTo(2 * (a - p), 4);
    // A discriminator that takes 0…1 sees the same picture through the other normalisation.
    const shifted = await lossesWith({ ...features(1), from: plain, to: { mean: [0, 0, 0], std: [1, 1, 1] } });
    expect(Math.abs((shifted[1] as number) - a)).toBeGreaterThan(1e-3);
  });

  it('refuses pictures in bytes', () => {
    const b = new GraphBuilder(copiedGraph(toyGenerator().graph));
    const bytes = b.op('Cast', ['image'], { to: 2 });
    b.graph.outputs = [];
    b.output(bytes, 'pictures');
    expect(() => projectionGraph(b.graph, 2)).toThrow(/^generator: expected float32 pictures, .* got uint8$/);
  });

  it('refuses a batch that the generator does not have', () => {
    expect(() => projectionGraph(toyGenerator({ batch: 3 }).graph, 4)).toThrow(/^restarts: expected 3, .* got 4$/);
  });
});
