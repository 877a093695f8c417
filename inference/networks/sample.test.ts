/** @file Sampling in batches, with a stand-in for the generator. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { samplePictures, type GeneratorRunner, type SampleProgress } from './sample.js';

/** A generator of 1×2 pictures that shows its two latent numbers, and the batch sizes it was run with. */
function echo(): { runner: GeneratorRunner; batches: number[] } {
  const batches: number[] = [];
  const run = (latents: Float32Array) => {
    batches.push(latents.length / 2);
    return Promise.resolve(latents.slice());
  };
  return { runner: { latentDim: 2, channels: 1, height: 1, width: 2, run }, batches };
}
const latents = Float32Array.from({ length: 14 }, (_, i) => (2 * i) / 255 - 1);
const options = { batchSize: 3, range: 'tanh' } as const;

describe('samplePictures(runner, latents, options)', () => {
  it('gives one picture per latent, in order, in batches, the last one smaller', async () => {
    const { runner, batches } = echo();
    const pictures = await samplePictures(runner, latents, options);
    expect(batches).toEqual([3, 3, 1]);
    expect(pictures.map((picture) => [...picture.data])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
      [12, 13],
    ]);
  });

  it('gives the same pictures whatever the batch size, and none for none', async () => {
    const all = await samplePictures(echo().runner, latents, { ...options, batchSize: 100 });
    expect(await samplePictures(echo().runner, latents, { ...options, batchSize: 1 })).toEqual(all);
    expect(await samplePictures(echo().runner, new Float32Array(0), options)).toEqual([]);
  });

  it('reports progress after every batch', async () => {
    const seen: SampleProgress[] = [];
    await samplePictures(echo().runner, latents, { ...options, progress_callback: (progress) => seen.push(progress) });
    expect(seen.map(({ loaded, total }) => [loaded, total])).toEqual([
      [3, 7],
      [6, 7],
      [7, 7],
    ]);
    expect(seen.at(-1)).toEqual({ status: 'progress', loaded: 7, total: 7, progress: 100 });
  });

  it('stops when aborted, with the reason given; batches on their way are the last', async () => {
    const { runner, batches } = echo();
    const controller = new AbortController();
    const stop = new Error('enough');
    const progress_callback = () => controller.abort(stop);
    const { signal } = controller;
    const sampling = samplePictures(runner, latents, { ...options, batchSize: 1, signal, progress_callback });
    await expect(sampling).rejects.toBe(stop);
    expect(batches).toEqual([1, 1, 1]);
  });

  it('refuses wrong sizes, from the caller and from the generator', async () => {
    const { runner } = echo();
    await expect(samplePictures(runner, latents.slice(1), options)).rejects.toThrow(InputError);
    await expect(samplePictures(runner, latents, { ...options, batchSize: 0 })).rejects.toThrow(/^batchSize/);
    const short: GeneratorRunner = { ...runner, run: () => Promise.resolve(new Float32Array(2)) };
    await expect(samplePictures(short, latents, options)).rejects.toThrow(/^generator: expected 3 pictures/);
  });
});
