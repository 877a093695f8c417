/** @file Odd folders of pictures: a batch of each. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { folderOf, loaderConfig } from './data.test.helper.js';
import { openDataset } from './formats/table.node.js';
import { Loader } from './loader.node.js';

const grey = (level: number, width = 6, height = 4) =>
  sharp({ create: { width, height, channels: 3, background: { r: level, g: level, b: level } } });

async function batchIn(folder: string): Promise<number[]> {
  const dataset = await openDataset(folder, { imageSize: 8 });
  return [...(await new Loader(dataset, loaderConfig).batch(0))];
}

const batchOf = async (files: Parameters<typeof folderOf>[0]) => batchIn(await folderOf(files));

describe('a batch', () => {
  it.each([
    ['1-bit', 255, () => grey(255).toColourspace('b-w').png({ palette: true, colours: 2 }).toBuffer()],
    ['palette', 60, () => grey(60).png({ palette: true }).toBuffer()],
    ['16-bit', 60, () => grey(60).toColourspace('rgb16').png().toBuffer()],
    ['grey with alpha', 60, () => grey(60).ensureAlpha().toColourspace('b-w').png().toBuffer()],
  ] as const)('of one %s picture repeats it', async (_, level, file) => {
    const batch = await batchOf({ '1.png': await file() });
    expect(batch).toHaveLength(4 * 64);
    for (const value of batch) expect(Math.abs(value - level)).toBeLessThanOrEqual(1);
  });

  it('of mixed sizes has all of them', async () => {
    const sizes = [
      [1, 1],
      [300, 2],
      [2, 300],
      [64, 64],
    ] as const;
    const files = sizes.map(([width, height], at) =>
      grey(50 * (at + 1), width, height)
        .png()
        .toBuffer(),
    );
    const [a, b, c, d] = await Promise.all(files);
    const batch = await batchOf({ 'a.png': a!, 'b.png': b!, 'c.png': c!, 'd.png': d! });
    const found = [0, 64, 128, 192].map((at) => Math.round(batch[at] ?? -1)).toSorted((x, y) => x - y);
    expect(found).toEqual([50, 100, 150, 200]);
  });

  it('of an empty folder, or of broken pictures alone, is refused', async () => {
    const empty = await folderOf({});
    await expect(batchIn(empty)).rejects.toThrow(
      new InputError({
        name: empty,
        expected:
          'CUB-200-2011 (images.txt, classes.txt, …), or IDX files as of MNIST (train-images-idx3-ubyte[.gz], …), ' +
          "or CIFAR's binary files (data_batch_1.bin, batches.meta.txt, …), " +
          'or pictures (.avif, .bmp, .gif, .jfif, .jpeg, .jpg, .png, .tif, .tiff, .webp), ' +
          'or NumPy arrays (.npy, .npz), or Parquet files as of Hugging Face (.parquet)',
        got: 'no file',
      }),
    );
    const pickles = await folderOf({ 'batches.meta': 'x', data_batch_1: 'x' });
    await expect(batchIn(pickles)).rejects.toThrow(
      "got 2 other files (batches.meta: CIFAR's Python version, which could run code; its binary version is read)",
    );
    await expect(batchIn(await folderOf({ 'train-00001.tfrecord-00000-of-00001': 'x' }))).rejects.toThrow(
      'got 1 other file (train-00001.tfrecord-00000-of-00001: records of TensorFlow)',
    );
    const broken = await folderOf({ '1.png': 'broken', '2.jpg': '' });
    await expect(batchIn(broken)).rejects.toThrow(
      // Whichever is read first.
      /^2 pictures of \S+: expected at least one that can be decoded; got none \((1\.png: expected a picture; got a file that is not one|2\.jpg: expected a picture; got an empty file)\)$/,
    );
  });
});
