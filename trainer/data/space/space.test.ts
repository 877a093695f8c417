/** @file The built-in pictures: the same bytes everywhere, one object each, the same picture at every size. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { resizedPicture } from '../../../inference/pictures/resize.js';
import { SPACE_PICTURES, spaceDataset } from '../sets/dataset.js';
import { spacePicture } from './space.js';
import { cosine, falloff, sine } from './paint.js';

const hash = ({ data }: Picture) => createHash('sha256').update(data).digest('hex').slice(0, 16);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Mean brightness, 0…255, of the pixels whose distance from the middle, in half widths, is accepted. */
const brightness = ({ width, data }: Picture, accepts: (distance: number) => boolean) =>
  mean(
    [...data].filter((_, i) => {
      const pixel = Math.floor(i / 3);
      const [x, y] = [pixel % width, Math.floor(pixel / width)].map((at) => (2 * (at + 0.5)) / width - 1);
      return accepts(Math.hypot(x ?? 0, y ?? 0));
    }),
  );
const pictures = (size: number) => Array.from({ length: 64 }, (_, index) => spacePicture(size, 0, index));

describe('spacePicture(size, seed, index)', () => {
  it('is an RGB picture of that size', () => {
    const { width, height, channels, data } = spacePicture(24, 0, 0);
    expect([width, height, channels, data.length]).toEqual([24, 24, 3, 24 * 24 * 3]);
  });

  it('gives the same bytes on every machine', () => {
    const digest = createHash('sha256');
    for (const picture of pictures(64)) digest.update(picture.data);
    expect(digest.digest('hex').slice(0, 16)).toBe('ac48fe30a415e970');
    expect(hash(spacePicture(64, 3, 5))).toBe(hash(spacePicture(64, 3, 5)));
  });

  it('differs from index to index and from seed to seed', () => {
    const all = [0, 1, 2].flatMap((seed) => Array.from({ length: 200 }, (_, i) => hash(spacePicture(16, seed, i))));
    expect(new Set(all).size).toBe(600);
  });

  it('shows the same at every size', () => {
    const differences = [64, 32, 16].map((size) =>
      mean(
        pictures(size).map((picture, index) => {
          const fine = spacePicture(128, 0, index);
          const { data } = resizedPicture(fine, { width: size, height: size, channels: 3, resize: 'squash' });
          return mean([...data].map((value, i) => Math.abs(value - (picture.data[i] ?? 0))));
        }),
      ),
    );
    // Of 255. Different pictures are about 27 apart.
    expect(Math.max(...differences)).toBeLessThan(6);
  });

  it.each([32, 64])('has something bright in the middle of a black sky at %i pixels', (size) => {
    for (const picture of pictures(size)) {
      expect(brightness(picture, (distance) => distance < 0.5)).toBeGreaterThan(16);
      expect(brightness(picture, (distance) => distance > 1.2)).toBeLessThan(12);
    }
  });
});

describe('spaceDataset(imageSize)', () => {
  it('is 2048 pictures of that size', async () => {
    const dataset = spaceDataset(32);
    expect(dataset.length).toBe(SPACE_PICTURES);
    expect(await dataset.picture(7)).toEqual(spacePicture(32, 0, 7));
  });
});

describe('cosine(turns), sine(turns) and falloff(x)', () => {
  it('are close to what they stand in for', () => {
    for (let i = -40; i <= 40; i++) {
      const turns = i / 13;
      expect(Math.abs(cosine(turns) - Math.cos(2 * Math.PI * turns))).toBeLessThan(3e-5);
      expect(Math.abs(sine(turns) - Math.sin(2 * Math.PI * turns))).toBeLessThan(3e-5);
      expect(Math.abs(falloff(Math.abs(turns)) - Math.exp(-Math.abs(turns)))).toBeLessThan(0.05);
    }
  });
});
