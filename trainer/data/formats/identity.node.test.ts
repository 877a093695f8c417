/** @file What tells data sets apart: on one machine for the cache, and on any for resumed runs. */
import { mkdir, open, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { base, folderOf, idxFile } from '../data.test.helper.js';
import { isSameIdentity } from './identity.node.js';
import { openDataset } from './table.node.js';

const opened = (folder: string, options = {}) => openDataset(folder, { imageSize: 8, ...options });
const identityOf = async (files: Parameters<typeof folderOf>[0]) => (await opened(await folderOf(files))).identity?.();

/** 130 pictures, of which every third is read for the identity. */
const many = (place: (number: number) => string) =>
  Object.fromEntries(Array.from({ length: 130 }, (_, i) => [place(100 + i), 'not decoded']));
const lines = (value: (number: number) => string) =>
  Array.from({ length: 130 }, (_, i) => `${i + 1} ${value(100 + i)}\n`).join('');

const cub = {
  ...many((number) => `images/001.Auk/${number}.png`),
  'images.txt': lines((number) => `001.Auk/${number}.png`),
  'classes.txt': '1 001.Auk\n2 002.Emu\n',
  'image_class_labels.txt': lines((number) => `${1 + (number % 2)}`),
  'bounding_boxes.txt': lines(() => '1 1 2 2'),
  'train_test_split.txt': lines((number) => `${number % 2}`),
};

describe('identity()', () => {
  it('is the same for a copy, and for other classes, boxes or splits another one', async () => {
    const expected = await identityOf(cub);
    expect(await identityOf(cub)).toBe(expected);
    const changes = {
      'classes.txt': '2 002.Emu\n1 001.Auk\n',
      'image_class_labels.txt': lines((number) => `${2 - (number % 2)}`),
      'bounding_boxes.txt': lines(() => '2 2 1 1'),
      'train_test_split.txt': lines((number) => `${1 - (number % 2)}`),
    };
    const others = Object.entries(changes).map(([name, text]) => identityOf({ ...cub, [name]: text }));
    expect(new Set([expected, ...(await Promise.all(others))]).size).toBe(5);
    const digits = (first: number) => ({
      'train-images-idx3-ubyte': idxFile([2, 1, 1], [0, 1]),
      'train-labels-idx1-ubyte': idxFile([2], [first, 1 - first]),
    });
    expect(await identityOf(digits(0))).not.toBe(await identityOf(digits(1)));
  });

  it('is another one where a large file differs at its start, in its middle or at its end', async () => {
    const folder = await folderOf({ 'a.png': 'a' });
    const file = await open(join(folder, 'a.png'), 'r+');
    const size = 2 ** 28 + 100;
    await file.truncate(size);
    const identities = [await (await opened(folder)).identity?.()];
    for (const place of [0, size / 2, size - 1]) {
      await file.write('b', place);
      identities.push(await (await opened(folder)).identity?.());
    }
    await file.close();
    expect(new Set(identities).size).toBe(4);
    // As an earlier version stored it, by which none of them differ.
    const [earlier = ''] = identities[0]?.split('+') ?? [];
    expect(identities.every((now) => isSameIdentity(earlier, now))).toBe(true);
  });

  it('without lists is that of earlier versions', async () => {
    expect(await identityOf({ 'a.png': 'a' })).toBe('23521fe2d6e9d89812ba1050b46250f7144715bf2f9eac0da615bf1c678b6d6b');
  });
});

describe('isSameIdentity(saved, now)', () => {
  it.each([
    ['files', 'files', true],
    ['files', 'files+lists', true],
    ['files+lists', 'files+lists', true],
    ['files+lists', 'files+lists+parts', true],
    ['files+lists+parts', 'files+lists+others', false],
    ['files+lists', 'files+others', false],
    ['others', 'files+lists', false],
    ['files+lists', 'files', false],
    ['space', undefined, false],
  ])('of %s and %s is %s', (saved, now, same) => {
    expect(isSameIdentity(saved, now)).toBe(same);
  });
});

describe('fingerprint()', () => {
  const fingerprintOf = async (folder: string) => (await opened(folder)).fingerprint?.();
  /** A folder of a file of the same name, size and time. */
  const write = async (folder: string, text: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '0.png'), text);
    await utimes(join(folder, '0.png'), 1, 1);
    return folder;
  };

  it('differs between folders whose files have the same names, sizes and times', async () => {
    const [one, other] = [await write(join(base, 'one'), 'a'), await write(join(base, 'other'), 'b')];
    const before = await fingerprintOf(one);
    expect(await fingerprintOf(one)).toBe(before);
    expect(await fingerprintOf(other)).not.toBe(before);
    await rm(one, { recursive: true });
    await rename(other, one);
    expect(await fingerprintOf(one)).not.toBe(before);
  });
});
