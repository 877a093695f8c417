import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Tensor, GraphBuilder, InputError, modelOfGraph, saveModel, type Model } from '../../onnx/index.js';
import { Generator } from './generator.js';
import { toyGenerator, type ToyOptions } from './generator.test.helper.js';
import { normalLatents, seedsFrom } from '../latent/latents.js';
import { metadataEntries, type GanMetadata } from './metadata.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-generator-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function loaded(model: Model): Promise<Generator> {
  const path = join(folder, 'generator.onnx');
  await saveModel(path, model);
  return Generator.load(path, { device: 'cpu' });
}

async function picturesOf(options: ToyOptions, latents: Float32Array) {
  const generator = await loaded(toyGenerator(options));
  const pictures = await generator.pictures(latents);
  await generator.dispose();
  return pictures;
}

const latents = normalLatents(seedsFrom(0, 5), 16);
const metadata: GanMetadata = {
  role: 'generator',
  preset: 'space',
  seed: 1,
  step: 2,
  latentDim: 16,
  latentDistribution: 'normal',
  normalization: { mean: [0.5, 0.4, 0.3], std: [0.5, 0.25, 0.125] },
  resize: 'crop',
  outputRange: 'normalization',
  channels: 3,
  height: 8,
  width: 8,
  logits: [],
  probabilities: [],
};

describe('Generator.load(path)', () => {
  it('reads the sizes of latents and pictures from the model', async () => {
    const generator = await loaded(toyGenerator({ latentDim: 7, channels: 1, size: 4 }));
    const { latentDim, channels, height, width, range } = generator;
    expect({ latentDim, channels, height, width, range }).toEqual({
      latentDim: 7,
      channels: 1,
      height: 4,
      width: 4,
      range: 'tanh',
    });
    await generator.dispose();
  });

  it('makes the same pictures of latents [N, Z, 1, 1], and of a file with a fixed batch, as of [N, Z]', async () => {
    const pictures = await picturesOf({}, latents);
    expect(pictures).toHaveLength(5);
    expect(await picturesOf({ maps: true }, latents)).toEqual(pictures);
    expect(await picturesOf({ batch: 3 }, latents)).toEqual(pictures);
  });

  it('inverts the normalisation that the metadata state', async () => {
    const generator = await loaded(toyGenerator({ metadata: metadataEntries(metadata) }));
    const numbers = await generator.run(latents.slice(0, 16));
    const [picture] = await generator.pictures(latents.slice(0, 16));
    await generator.dispose();
    expect(generator.metadata).toEqual(metadata);
    const blue = 255 * ((numbers[2 * 64 + 9] as number) * 0.125 + 0.3);
    expect(Math.abs((picture?.data[3 * 9 + 2] as number) - blue)).toBeLessThanOrEqual(0.5);
  });

  it('keeps a picture the same, bit for bit, whatever is sampled beside it', async () => {
    const many = await picturesOf({}, normalLatents(seedsFrom(0, 64), 16));
    const few = await picturesOf({}, normalLatents([5, 2], 16));
    expect(few).toEqual([many[5], many[2]]);
  });

  it('refuses batch normalization in training mode, and makes the pictures of other mixers one by one', async () => {
    const mixed = (ending: (b: GraphBuilder, rows: string) => string, batch: number | string = 'batch') => {
      const b = new GraphBuilder();
      const rows = b.input('z', 'float32', [batch, 12]);
      b.output(b.reshape(b.op('Tanh', [ending(b, rows)]), [batch, 3, 2, 2]), 'image');
      return modelOfGraph(b.graph);
    };
    const training = (b: GraphBuilder, rows: string) => {
      const ones = b.initializer('ones', float32Tensor(new Float32Array(12).fill(1), [12]));
      return b.ops('BatchNormalization', [rows, ones, ones, ones, ones], 3, { training_mode: 1 }, 'bn')[0] as string;
    };
    for (const batch of ['batch', 4])
      await expect(loaded(mixed(training, batch))).rejects.toThrow(
        /expected a generator that was exported in evaluation mode .*; got .*"bn" in training mode/,
      );
    const average = (b: GraphBuilder, rows: string) => b.add(rows, b.reduceMean(rows, [0], true, 'over_batch'));
    const told = async (batch: number | string) => {
      await using generator = await loaded(mixed(average, batch));
      return generator.assumptions.find(({ about }) => about === 'batch')?.taken;
    };
    expect(await told('batch')).toBe('pictures are made one by one');
    expect(await told(4)).toBe('pictures are made 4 at a time, and depend on those beside them');
    expect(await told(1)).toBeUndefined();
  });

  it('refuses models that are no generators, naming what they take', async () => {
    const discriminator = metadataEntries({ ...metadata, role: 'discriminator' });
    await expect(loaded(toyGenerator({ metadata: discriminator }))).rejects.toThrow(
      /expected a generator; got a discr/,
    );
    const b = new GraphBuilder();
    b.output(b.op('Relu', [b.input('x', 'float32', ['batch', 3, 8, 8])]), 'y');
    await expect(loaded(modelOfGraph(b.graph))).rejects.toThrow(/a float input.*got x float32 \[batch, 3, 8, 8\]/);
    const flat = new GraphBuilder();
    flat.output(flat.op('Relu', [flat.input('z', 'float32', ['batch', 4])]), 'y');
    await expect(loaded(modelOfGraph(flat.graph))).rejects.toThrow(/expected pictures .* got \[1, 4\]/);
    const unknown = new GraphBuilder();
    unknown.append({
      op: 'Nonsense',
      domain: '',
      name: 'n',
      inputs: [unknown.input('z', 'float32', ['batch', 4])],
      outputs: ['y'],
      attributes: {},
    });
    unknown.graph.outputs.push({ name: 'y', value: { type: 'float32', shape: ['batch', 3, 8, 8] } });
    const failure = await loaded(modelOfGraph(unknown.graph)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputError);
    expect((failure as Error).message).toMatch(/ONNX Runtime cannot load the network .*Nonsense/);
  });

  it('stops when the signal aborts, and reports progress until then', async () => {
    const generator = await loaded(toyGenerator());
    const stop = new AbortController();
    const done: number[] = [];
    const sampling = generator.pictures(new Float32Array(200 * generator.latentDim), {
      signal: stop.signal,
      progress_callback: ({ loaded: count }) => {
        done.push(count);
        if (done.length === 2) stop.abort();
      },
    });
    await expect(sampling).rejects.toThrow(/abort/i);
    await generator.dispose();
    expect(done).toEqual([64, 128]);
  });
});
