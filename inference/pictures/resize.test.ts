/** @file Resizing, against numbers from Pillow 13's `Image.resize(size, Image.BILINEAR)`. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import type { Picture } from './pictures.js';
import { enlargedPicture, resizedPicture } from './resize.js';

const grey = (width: number, height: number, values: number[] | Uint8Array): Picture => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from(values),
});
const picture = grey(5, 3, [0, 60, 120, 180, 255, 10, 200, 30, 90, 7, 255, 0, 255, 0, 128]);
const resized = (source: Picture, width: number, height: number, resize: 'crop' | 'squash' | 'pad') => [
  ...resizedPicture(source, { width, height, channels: 1, resize }).data,
];

describe('resizedPicture(picture, input)', () => {
  it.each([
    [3, 2, [50, 105, 156, 125, 119, 62]],
    [
      8,
      5,
      [
        0, 26, 64, 101, 139, 176, 222, 255, 4, 53, 114, 94, 103, 140, 150, 156, 10, 93, 189, 83, 49, 86, 43, 7, 157,
        123, 85, 138, 125, 44, 60, 80, 255, 143, 16, 175, 175, 16, 72, 128,
      ],
    ],
    [2, 6, [60, 185, 69, 153, 87, 88, 107, 66, 128, 88, 139, 99]],
  ])('squash to %i×%i is what Pillow gives, within one level', (width, height, expected) => {
    const found = resized(picture, width, height, 'squash');
    expect(found).toHaveLength(expected.length);
    expect(Math.max(...found.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN))))).toBeLessThanOrEqual(1);
  });

  it('crop resizes the shorter side and cuts the centre out, rounding as torchvision does', () => {
    // 5×3 → 3×2 → the left 2×2, since Python rounds ½ to 0.
    expect(resized(picture, 2, 2, 'crop')).toEqual([50, 105, 125, 119]);
    const wide = grey(9, 3, [...Array(27).keys()]);
    expect(resized(wide, 3, 3, 'crop')).toEqual([3, 4, 5, 12, 13, 14, 21, 22, 23]);
    const tall = grey(3, 9, [...Array(27).keys()]);
    expect(resized(tall, 3, 3, 'crop')).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17]);
  });

  it('pad keeps the whole picture in the middle of black', () => {
    expect(resized(grey(4, 2, Array<number>(8).fill(9)), 4, 4, 'pad')).toEqual([
      0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0,
    ]);
  });

  it('keeps constant pictures constant, and the middle of symmetric ones in the middle', () => {
    for (const resize of ['crop', 'squash'] as const) {
      for (const [width, height] of [
        [7, 7],
        [64, 64],
        [3, 100],
      ] as const) {
        const levels = new Set(resized(grey(37, 23, Array<number>(37 * 23).fill(201)), width, height, resize));
        expect([...levels]).toEqual([201]);
      }
    }
    const enlarged = resized(grey(4, 1, [0, 60, 60, 0]), 8, 1, 'squash');
    expect(enlarged).toEqual(enlarged.toReversed());
    expect(enlarged).toEqual([0, 15, 45, 60, 60, 45, 15, 0]);
  });

  it('converts channels and returns a picture of the right size as it is', () => {
    const rgb = resizedPicture(picture, { width: 5, height: 3, channels: 3, resize: 'crop' });
    expect(rgb.data.slice(0, 6)).toEqual(Uint8Array.of(0, 0, 0, 60, 60, 60));
    expect(resizedPicture(picture, { width: 5, height: 3, channels: 1, resize: 'crop' })).toBe(picture);
    const colours: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 9, 255, 100, 9) };
    const wider = resizedPicture(colours, { width: 4, height: 1, channels: 3, resize: 'squash' });
    expect([...wider.data]).toEqual([255, 0, 9, 255, 25, 9, 255, 75, 9, 255, 100, 9]);
  });

  it('covers a square with a strip of a million pixels without enlarging all of it', () => {
    for (const [width, height] of [
      [1_000_000, 1],
      [1, 1_000_000],
    ] as const) {
      const strip = grey(width, height, new Uint8Array(1_000_000).fill(7));
      expect(new Set(resized(strip, 64, 64, 'crop'))).toEqual(new Set([7]));
      expect(new Set(resized(strip, 64, 64, 'squash'))).toEqual(new Set([7]));
    }
  });

  it('refuses impossible sizes', () => {
    for (const width of [0, -1, 1.5, 1e6, Number.NaN]) {
      expect(() => resizedPicture(picture, { width, height: 4, channels: 1, resize: 'crop' })).toThrow(InputError);
    }
  });
});

describe('enlargedPicture(picture, factor, kernel)', () => {
  it('repeats each pixel, of all channels', () => {
    const rgb: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const row = [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6];
    expect(enlargedPicture(rgb, 2)).toEqual({ width: 4, height: 2, channels: 3, data: Uint8Array.of(...row, ...row) });
    expect(enlargedPicture(picture, 1)).toEqual(picture);
  });

  it('lanczos gives what Pillow gives, within one level, also where it overshoots', () => {
    const steep = grey(5, 3, [0, 60, 255, 10, 90, 200, 30, 120, 255, 0, 7, 77, 177, 33, 233]);
    // np.array(Image.fromarray(steep).resize((15, 9), Image.LANCZOS)) of Pillow 13.0
    const expected = [
      0, 0, 0, 0, 67, 178, 255, 255, 193, 54, 0, 0, 47, 115, 144, 0, 0, 0, 11, 60, 151, 235, 255, 197, 90, 10, 7, 48,
      90, 114, 80, 69, 50, 34, 48, 106, 177, 215, 204, 150, 93, 59, 48, 47, 62, 180, 154, 113, 64, 34, 50, 103, 161,
      209, 223, 197, 128, 55, 0, 6, 232, 200, 149, 84, 30, 18, 54, 120, 200, 255, 255, 177, 78, 0, 0, 180, 158, 122, 77,
      43, 41, 74, 122, 173, 205, 208, 168, 115, 72, 77, 80, 75, 64, 56, 62, 92, 130, 151, 145, 121, 112, 124, 146, 164,
      179, 0, 7, 17, 37, 77, 133, 178, 177, 125, 55, 33, 86, 167, 233, 255, 0, 0, 0, 26, 86, 158, 207, 192, 112, 15, 0,
      63, 180, 255, 255,
    ];
    const { data } = enlargedPicture(steep, 3, 'lanczos');
    expect(data).toHaveLength(expected.length);
    expect(Math.max(...data.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN))))).toBeLessThanOrEqual(1);
  });

  it('refuses other factors', () => {
    for (const factor of [0, 1.5, 65, Number.NaN]) expect(() => enlargedPicture(picture, factor)).toThrow(InputError);
  });
});
