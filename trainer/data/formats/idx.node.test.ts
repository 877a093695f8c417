/** @file MNIST's files: plain and gzipped, splits, classes, and what is refused. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../onnx/errors.js';
import { classNames, folderOf, idxFile, levels, sharedData } from '../data.test.helper.js';
import { openDataset } from './table.node.js';

/** n pictures of 2×3 pixels whose levels count up from `first`. */
const images = (n: number, first: number) =>
  idxFile(
    [n, 3, 2],
    Array.from({ length: 6 * n }, (_, i) => first + Math.floor(i / 6)),
  );
const labels = (...classes: number[]) => idxFile([classes.length], classes);
const opened = (folder: string, options = {}) => openDataset(folder, { imageSize: 8, ...options });
const both = {
  'raw/train-images-idx3-ubyte': images(4, 10),
  'raw/train-labels-idx1-ubyte': labels(7, 0, 7, 2),
  'raw/t10k-images-idx3-ubyte.gz': gzipSync(images(2, 50)),
  'raw/t10k-labels-idx1-ubyte.gz': gzipSync(labels(2, 9)),
};

describe('openDataset(IDX files)', () => {
  it('has the pictures of both splits, plain or gzipped, with their classes', async () => {
    const folder = await folderOf(both);
    const dataset = await opened(folder);
    expect(dataset.name).toBe(`6 pictures of ${folder} (train and test)`);
    expect(await levels(dataset)).toEqual([10, 11, 12, 13, 50, 51]);
    expect(await dataset.picture(1)).toEqual({ width: 2, height: 3, channels: 1, data: new Uint8Array(6).fill(11) });
    expect(classNames(dataset)).toEqual(['7', '0', '7', '2', '2', '9']);
  });

  it('has one split where that is asked for, or where only that is there', async () => {
    const folder = await folderOf(both);
    expect(await levels(await opened(folder, { split: 'train' }))).toEqual([10, 11, 12, 13]);
    expect(await levels(await opened(folder, { split: 'test' }))).toEqual([50, 51]);
    const file = join(folder, 'raw', 't10k-images-idx3-ubyte.gz');
    const test = await opened(file);
    expect(await levels(test)).toEqual([50, 51]);
    expect(classNames(test)).toEqual(['2', '9']);
    await expect(opened(file, { split: 'train' })).rejects.toThrow(
      'split: expected test, which the data has; got train',
    );
  });

  it('has the pictures of some classes', async () => {
    const dataset = await opened(await folderOf(both), { classes: ['2', '7'] });
    expect(await levels(dataset)).toEqual([10, 12, 13, 50]);
    expect(classNames(dataset)).toEqual(['7', '7', '2', '2']);
    await expect(opened(await folderOf(both), { classes: ['8'] })).rejects.toThrow(
      /^classes: expected names or numbers of the 4 classes, such as .; got "8"$/,
    );
  });

  it('takes the plain file of two, and does without labels', async () => {
    const folder = await folderOf({
      'train-images.idx3-ubyte': images(1, 3),
      'train-images.idx3-ubyte.gz': gzipSync(images(1, 4)),
    });
    const dataset = await opened(folder);
    expect(await levels(dataset)).toEqual([3]);
    expect(dataset.labels).toBeUndefined();
    await expect(opened(folder, { classes: ['3'] })).rejects.toThrow(
      /^classes: expected data with classes; got 1 pictures of /,
    );
  });

  const name = 'train-images-idx3-ubyte';
  it.each<[Record<string, Uint8Array>, RegExp]>([
    [{ [name]: Uint8Array.of(0, 0, 8) }, /expected an IDX file that begins with 2051; got 3 bytes$/],
    [{ [name]: labels(1, 2, 3, 4, 5, 6, 7, 8) }, /begins with 2051; got the number 2049$/],
    [{ [name]: images(2, 0).subarray(0, 20) }, /expected 28 bytes for 2×3×2; got 20$/],
    [{ [name]: idxFile([2 ** 31, 2 ** 31, 2 ** 31], []) }, /expected 9\.9\d+e\+27 bytes .*; got 16$/],
    [{ [name]: idxFile([0, 28, 28], []) }, /expected pictures; got none$/],
    [{ [`${name}.gz`]: images(1, 0) }, /expected gzip of at most 1073741824 bytes unpacked; got an error/],
    [{ [name]: images(2, 0), 'train-labels-idx1-ubyte': labels(1) }, /a label for each of the 2 pictures; got 1$/],
    [{ [name]: images(1, 0), 't10k-images-idx3-ubyte': idxFile([1, 1, 1], [5]) }, /pictures of 2×3 as in the other/],
    [{ [`a/${name}`]: images(1, 0), [`b/${name}`]: images(1, 0) }, /IDX files of one data set; got them in a\/, b\/$/],
  ])('refuses what is not in order (%#)', async (files, message) => {
    const folder = await folderOf(files);
    await expect(opened(folder)).rejects.toThrow(InputError);
    await expect(opened(folder)).rejects.toThrow(message);
  });

  it.skipIf(!existsSync(join(sharedData, 'mnist')))("reads MNIST's test pictures (skipped without them)", async () => {
    const dataset = await opened(join(sharedData, 'mnist'));
    expect(dataset.length).toBe(10_000);
    expect(dataset.labels?.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(classNames(dataset).slice(0, 10).join('')).toBe('7210414959');
    const sevens = await opened(join(sharedData, 'mnist'), { classes: ['7'] });
    expect(sevens.length).toBe(1028);
    expect((await sevens.picture(0)).data.filter((value) => value > 0)).toHaveLength(116);
  });
});
