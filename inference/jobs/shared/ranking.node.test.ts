/** @file Discriminators of other sizes than the generator's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { float32Tensor, GraphBuilder, modelOfGraph, saveModel } from '../../../onnx/index.js';
import type { Assumption } from '../../graphs/assumption.js';
import { Generator } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { loadDiscriminator } from './ranking.node.js';

let folder: string;
let generator: Generator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-sizes-'));
  await saveModel(join(folder, 'generator.onnx'), toyGenerator({ size: 8 }));
  generator = await Generator.load(join(folder, 'generator.onnx'), { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** The size of a discriminator's input, its score of a picture, and what is told of it. */
async function scored(size: number | undefined) {
  const path = join(folder, `discriminator-${size}.onnx`);
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['batch', 3, size ?? 'H', size ?? 'W']);
  const kernel = float32Tensor(
    Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
    [1, 3, 4, 4],
  );
  const patches = b.op('Conv', [image, b.initializer('kernel', kernel)], { strides: [2, 2] });
  b.output(b.op('Flatten', [b.op('GlobalAveragePool', [b.op('Relu', [patches])])]), 'logit');
  await saveModel(path, modelOfGraph(b.graph));
  const told: Assumption[] = [];
  const context = { model: join(folder, 'generator.onnx'), generator };
  await using discriminator = await loadDiscriminator(path, { ...context, assumed: (all) => told.push(...all) });
  const [score] = await discriminator.score(await generator.sample([3]));
  const { height, width } = discriminator.input.picture;
  const of = (about: string) => told.find((each) => each.about === about);
  return { sizes: [height, width], score, picture: of('picture'), resizing: of('resizing') };
}

test('loadDiscriminator(named, context) gives one that leaves the size open pictures as the generator makes them', async () => {
  const [open, fixed] = [await scored(undefined), await scored(8)];
  expect(open.sizes).toEqual([8, 8]);
  expect(open.score).toEqual(fixed.score);
  expect(open.picture).toMatchObject({ taken: '"image", RGB, 8×8, NCHW', because: "as the generator's pictures" });
});

test('loadDiscriminator(named, context) tells the size that another one fixes, and how pictures are resized', async () => {
  const { sizes, picture, resizing } = await scored(16);
  expect(sizes).toEqual([16, 16]);
  expect(picture?.because).toBe('as the model fixes it');
  expect(resizing).toMatchObject({ because: "as the generator's pictures" });
});
