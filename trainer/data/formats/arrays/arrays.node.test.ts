/** @file NumPy arrays of pictures: layouts, splits, classes, archives, and what is refused. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { npyBytes, npyHeader } from '../../../../inference/numeric/npy.js';
import { zipOf } from '../../archive.test.helper.js';
import { classNames, folderOf, levels } from '../../data.test.helper.js';
import { openDataset } from '../table.node.js';

const opened = (path: string, options = {}) => openDataset(path, { imageSize: 8, ...options });
const bytesOf = (dtype: '|u1' | '<i8', shape: number[], data: Uint8Array) =>
  Buffer.concat([npyHeader(dtype, shape), data]);
/** Flat pictures of these levels. */
const flat = (values: readonly number[], ...size: number[]) => {
  const each = size.reduce((product, length) => product * length, 1);
  const data = Uint8Array.from({ length: values.length * each }, (_, at) => values[Math.floor(at / each)] ?? 0);
  return bytesOf('|u1', [values.length, ...size], data);
};
const numbers = (values: readonly number[], ...more: number[]) => {
  const data = BigInt64Array.from(values, BigInt);
  return bytesOf('<i8', [values.length, ...more], new Uint8Array(data.buffer));
};
const npz = (arrays: Record<string, Uint8Array>) =>
  zipOf(Object.entries(arrays).map(([name, data], at) => ({ name: `${name}.npy`, data, store: at % 2 === 0 })));

/** An array of Python objects. */
const objects = (() => {
  const bytes = bytesOf('|u1', [1], Uint8Array.of(0));
  bytes.write(String.raw`{'descr': '|O', 'fortran_order': False, 'shape': (1,), }`, 10);
  return bytes;
})();

describe('openDataset(NumPy arrays)', () => {
  it('reads the pictures of one file, with channels last, in front or none', async () => {
    const picture = Uint8Array.from({ length: 24 }, (_, at) => at);
    const folder = await folderOf({
      'last.npy': bytesOf('|u1', [1, 2, 4, 3], picture),
      'first.npy': bytesOf('|u1', [1, 3, 2, 4], picture),
      'grey.npy': bytesOf('|u1', [1, 2, 12], picture),
    });
    const only = async (name: string) => (await opened(join(folder, name))).picture(0);
    const size = { width: 4, height: 2, channels: 3 };
    expect(await only('last.npy')).toEqual({ ...size, data: picture });
    const pixels = Array.from({ length: 8 }, (_, pixel) => [pixel, 8 + pixel, 16 + pixel]).flat();
    expect(await only('first.npy')).toEqual({ ...size, data: Uint8Array.from(pixels) });
    expect(await only('grey.npy')).toEqual({ width: 12, height: 2, channels: 1, data: picture });
  });

  it('reads splits and classes of a .npz as MedMNIST and Keras name them', async () => {
    const arrays = npz({
      test_images: flat([9], 4, 4, 3),
      test_labels: numbers([5], 1),
      train_images: flat([1, 2], 4, 4, 3),
      train_labels: numbers([7, 5], 1),
    });
    const folder = await folderOf({
      'med.npz': arrays,
      'keras.npz': npz({
        x_train: flat([1, 2], 5, 5),
        y_train: numbers([0, 1]),
        x_test: flat([3], 5, 5),
        y_test: numbers([1]),
      }),
    });
    const all = await opened(join(folder, 'med.npz'));
    expect([await levels(all), classNames(all), all.splits]).toEqual([
      [1, 2, 9],
      ['7', '5', '5'],
      ['train', 'test'],
    ]);
    expect(all.assumed?.map(({ about, taken }) => `${about} ${taken}`)).toEqual([
      'layout [N, H, W, C], pictures 4 high and 4 wide, RGB',
      'split train and test',
      'classes 2: 5, 7',
    ]);
    const train = await opened(join(folder, 'med.npz'), { split: 'train' });
    expect([await levels(train), classNames(train), train.labels?.classes]).toEqual([
      [1, 2],
      ['7', '5'],
      ['5', '7'],
    ]);
    const keras = await opened(join(folder, 'keras.npz'), { split: 'test' });
    expect([await levels(keras), classNames(keras)]).toEqual([[3], ['1']]);
    expect(keras.assumed?.[0]).toEqual({
      about: 'layout',
      taken: '[N, H, W], pictures 5 high and 5 wide, grey',
      because: 'the shape of x_test, [1, 5, 5]',
      options: [],
    });
    await expect(opened(join(folder, 'keras.npz'), { split: 'val' })).rejects.toThrow(
      'split: expected train or test, which the data has; got val',
    );
  });

  it('reads the shards of gan-sample, with the classes of all of them', async () => {
    const folder = await folderOf({
      '00000.npy': flat([1, 2], 4, 4, 1),
      '00001.npy': flat([3], 4, 4, 1),
      'labels.npy': numbers([4, 4, 8]),
      'latents.npy': npyBytes(new Float32Array(6), [3, 2]),
    });
    const dataset = await opened(folder);
    expect([await levels(dataset), classNames(dataset)]).toEqual([
      [1, 2, 3],
      ['4', '4', '8'],
    ]);
    expect(dataset.name).toBe(`3 pictures of ${folder}`);
    const [own, other] = [await dataset.identity?.(), await (await opened(folder, { split: 'all' })).identity?.()];
    expect(own).toBe(other);
    await expect(dataset.picture(3)).rejects.toThrow(RangeError);
  });

  it('takes no classes where two arrays could be them, and says so', async () => {
    const folder = await folderOf({
      'a.npz': npz({ arr_0: flat([1, 2], 4, 4, 3), a: numbers([0, 1]), b: numbers([1, 0]) }),
    });
    const dataset = await opened(join(folder, 'a.npz'));
    expect(dataset.labels).toBeUndefined();
    expect(dataset.assumed?.slice(1)).toEqual([
      { about: 'classes', taken: 'none', because: 'a and b could be the classes', options: [] },
    ]);
  });

  it('takes no classes of an array that could be those of two', async () => {
    const arrays = { x_train_a: flat([1, 2], 5, 5), x_train_b: flat([3, 4], 5, 5), y_train: numbers([0, 1]) };
    const dataset = await opened(join(await folderOf({ 'a.npz': npz(arrays) }), 'a.npz'));
    expect([await levels(dataset), dataset.labels]).toEqual([[1, 2, 3, 4], undefined]);
    expect(dataset.assumed?.at(-1)).toMatchObject({ because: 'y_train could be the classes of several arrays' });
  });

  it('reads three or four grey pictures where other arrays show that they are some', async () => {
    const dataset = await opened(await folderOf({ '0.npy': flat([1, 2, 3, 4], 5, 5), '1.npy': flat([5, 6, 7], 5, 5) }));
    expect(await levels(dataset)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('leaves out what is no picture, and says so', async () => {
    const arrays = {
      images: flat([1, 2], 5, 5),
      masks: flat([8, 9], 5, 5),
      names: objects,
      scores: npyBytes(new Float32Array(2), [2]),
    };
    const dataset = await opened(join(await folderOf({ 'a.npz': npz(arrays) }), 'a.npz'));
    expect(await levels(dataset)).toEqual([1, 2]);
    expect([dataset.name, dataset.skipped]).toEqual([expect.stringMatching(/^2 pictures of .*\(images\)$/), []]);
  });

  it.each<[string, Record<string, Uint8Array>]>([
    [
      'expected an array of pictures: bytes (uint8) of 0…255 [N, H, W, 1 or 3]',
      { x: npyBytes(new Float32Array(48), [1, 4, 4, 3]) },
    ],
    ['got x u1 [1, 4, 4, 4]', { x: flat([1], 4, 4, 4) }],
    [
      'x.npy: expected [N, H, W], or [N, H, W, C] for one picture too; got [8, 8, 3]',
      { x: flat([1, 2, 3, 4, 5, 6, 7, 8], 8, 3) },
    ],
    [
      'x.npy: expected [N, H, W], or [N, H, W, C] for one picture too; got [8, 8, 4]',
      { x: flat([1, 2, 3, 4, 5, 6, 7, 8], 8, 4) },
    ],
    [
      'a.npy: expected [N, H, W, 1] for grey pictures, or [1, 3, H, W] for one RGB picture; got [3, 8, 8]',
      { a: flat([1, 2, 3], 8, 8), b: flat([1, 2, 3], 8, 8) },
    ],
    ['or [1, 3, H, W] for one RGB picture; got [4, 8, 8]', { x: flat([1, 2, 3, 4], 8, 8) }],
    ['x.npy: expected 1 or 3 channels either in front or last; got [1, 3, 8, 3]', { x: flat([1], 3, 8, 3) }],
    [
      'expected arrays of pictures of one size, as a u1 [1, 4, 4, 3]; got b u1 [1, 5, 5, 3]',
      { a: flat([1], 4, 4, 3), b: flat([1], 5, 5, 3) },
    ],
    ['x.npy: expected 1028 bytes for |u1 [1, 30, 30, 1]', { x: flat([1], 30, 30, 1).subarray(0, 900) }],
    ['x.npy: expected a .npy file of version 1 to 3', { x: Buffer.from('broken') }],
    ['[N, H, W], row-major; got no array of numbers', { x: objects }],
  ])('refuses with “%s”', async (message, arrays) => {
    const files = Object.fromEntries(Object.entries(arrays).map(([name, data]) => [`${name}.npy`, data]));
    const error = await opened(await folderOf(files)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'InputError', message: expect.stringContaining(message) as string });
  });
});

describe('openDataset(a folder of archives)', () => {
  it('has the pictures of all of them, each as a folder', async () => {
    const archive = (...values: number[]) =>
      zipOf(values.map((value) => ({ name: `x/${value}.npy`, data: flat([value], 5, 5) })));
    const folder = await folderOf({ 'test.zip': archive(3), 'train.zip': archive(1, 2), 'readme.txt': 'x' });
    const dataset = await opened(folder);
    expect(await levels(dataset)).toEqual([1, 2, 3]);
    expect(dataset.splits).toEqual(['train', 'test']);
    const identities = [await dataset.identity?.(), await (await opened(folder)).identity?.()];
    expect(identities[0]).toBe(identities[1]);
  });
});
