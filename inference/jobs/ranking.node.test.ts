/** @file Jobs that ask the discriminator: sorted grids, histograms of scores. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Tensor, GraphBuilder, modelOfGraph, saveModel } from '../../onnx/index.js';
import { Generator } from '../generator.js';
import { toyGenerator } from '../generator.test.helper.js';
import { loadedLatents } from '../latent/files.node.js';
import { decodedPicture, encodedPng } from '../pictures.node.js';
import type { Picture } from '../pictures.js';
import { sampleJob } from '../sample-job.js';
import type { PictureRecord } from './context.node.js';
import { performedJob } from './perform.node.js';
import type { SampleRequest } from './request.js';

let folder: string;
let generator: Generator;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-ranking-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 6, size: 8 }));
  await saveModel(join(folder, 'discriminator.onnx'), brightness());
  generator = await Generator.load(model, { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Takes pictures for real that are brighter than grey; the input is normalised as for ImageNet, as nothing else is said. */
function brightness() {
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', ['batch', 3, 8, 8]);
  const mean = b.reduceMean(x, [2, 3], false);
  const ones = b.initializer('w', float32Tensor([1, 1, 1], [3, 1]));
  b.output(b.matMul(mean, ones), 'logit');
  return modelOfGraph(b.graph);
}

const brightnessOf = ({ data }: Picture) => data.reduce((sum, value) => sum + value, 0);

async function performed(request: SampleRequest) {
  const records: PictureRecord[] = [];
  const told: string[] = [];
  const context = {
    model,
    generator,
    record: (line: PictureRecord) => records.push(line),
    log: (line: string) => told.push(line),
  };
  const files = await performedJob(sampleJob(request), context);
  return { files, records, told };
}

describe('performedJob of --sort score', () => {
  it('keeps the pictures that the discriminator finds most real, in order, with their seeds, scores and latents', async () => {
    const [out, saved] = [join(folder, 'best.png'), join(folder, 'best.npy')];
    const { records } = await performed({ sort: 'score', keep: 6, count: 40, grid: '3x2', out, saveLatents: saved });
    const everything = await generator.sample(Array.from({ length: 40 }, (_, seed) => seed));
    const order = everything
      .map((_, seed) => seed)
      .toSorted((a, b) => brightnessOf(everything[b] as Picture) - brightnessOf(everything[a] as Picture));
    // Channels weigh differently, so places may swap: the best must be there, and scores fall.
    expect(records.map(({ seed }) => seed)).toContain(order[0]);
    const logits = records.map(({ logit }) => logit as number);
    expect(logits).toEqual(logits.toSorted((a, b) => b - a));
    expect(records[5]).toMatchObject({ index: 5, column: 2, row: 1, file: out });
    expect(records[0]?.['probability']).toBeCloseTo(1 / (1 + Math.exp(-(logits[0] as number))), 6);
    const [first] = await generator.pictures((await loadedLatents(saved, 6)).slice(0, 6));
    expect(first).toEqual(everything[records[0]?.seed as number]);
    const grid = await decodedPicture(out);
    expect([grid.width, grid.height]).toEqual([32, 22]);
    expect((await loadedLatents(saved, 6)).length).toBe(36);
  });

  it('writes scores under the pictures', async () => {
    const out = join(folder, 'labelled.png');
    await performed({ sort: 'score', count: 3, labels: true, out });
    expect((await decodedPicture(out)).width).toBeGreaterThan(200);
  });
});

describe('performedJob of --real', () => {
  it('plots the scores of real and generated pictures and names files that are no pictures', async () => {
    const real = join(folder, 'real');
    await mkdir(join(real, 'deep'), { recursive: true });
    const white: Picture = { width: 16, height: 16, channels: 3, data: new Uint8Array(768).fill(255) };
    for (const name of ['a.png', 'deep/b.png', 'c.png']) await writeFile(join(real, name), await encodedPng(white));
    await writeFile(join(real, 'broken.png'), 'no picture');
    await writeFile(join(real, 'notes.txt'), 'no picture');
    const out = join(folder, 'scores.png');
    const { files, records, told } = await performed({ real, count: 20, out });
    expect(files).toEqual([out]);
    expect(told[0]).toMatch(/^skipped .*broken\.png: expected a picture/);
    expect(told[1]).toMatch(/^Taken for real: 100 % of the real, \d+ % of the generated pictures$/);
    expect(records.map(({ kind }) => kind)).toEqual([...Array(3).fill('real'), ...Array(20).fill('generated')]);
    expect(records[0]).toMatchObject({ file: join(real, 'a.png') });
    expect(records[0]?.['logit']).toBeGreaterThan(1);
    const plot = await decodedPicture(out);
    const near = (colour: number[]) => {
      let found = 0;
      for (let i = 0; i < plot.data.length; i += 3)
        if (colour.every((value, c) => Math.abs(value - (plot.data[i + c] as number)) < 40)) found++;
      return found;
    };
    // Blue bars for real, orange for generated ones.
    expect(near([0x1f, 0x5f, 0xa8])).toBeGreaterThan(200);
    expect(near([0xd1, 0x60, 0x0f])).toBeGreaterThan(200);
  });

  it('says where there is nothing to compare with', async () => {
    await expect(performed({ real: join(folder, 'none') })).rejects.toThrow(/^--real: .* cannot be read \(ENOENT\)$/);
    await mkdir(join(folder, 'empty'), { recursive: true });
    await expect(performed({ real: join(folder, 'empty') })).rejects.toThrow(
      /^--real: expected a folder of pictures; .* has none$/,
    );
  });
});
