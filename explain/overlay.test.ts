import { describe, expect, test } from 'vitest';
import type { Picture } from '../inference/pictures.js';
import { heatmapPicture, overlaidPicture } from './overlay.js';

describe('heatmapPicture(map, h, w)', () => {
  test('colours each value in its place', () => {
    const picture = heatmapPicture(Float32Array.of(0, 1, 0.5, 0.25, 0.75, 0), 2, 3);
    expect(picture).toMatchObject({ width: 3, height: 2, channels: 3 });
    // entries 0, 255, 127 / 63, 191, 0
    const expected = [0, 0, 128, 128, 0, 0, 126, 255, 130, 0, 124, 255, 255, 128, 0, 0, 0, 128];
    expect([...picture.data]).toEqual(expected);
  });

  test('refuses what is no map of 0…1', () => {
    expect(() => heatmapPicture(Float32Array.of(0, 1.5), 1, 2)).toThrow('map: expected values in 0…1; got 1.5');
    expect(() => heatmapPicture(Float32Array.of(0, Number.NaN), 1, 2)).toThrow('map: expected values in 0…1; got NaN');
    expect(() => heatmapPicture(Float32Array.of(0, 1), 2, 2)).toThrow('map: expected 2×2 values; got 2');
  });
});

// Worked out with numpy 2.4 and OpenCV 5.0 by the lines of pytorch-grad-cam's show_cam_on_image (use_rgb=True).
const PICTURE: Picture = {
  width: 4,
  height: 3,
  channels: 3,
  data: Uint8Array.from([
    248, 194, 190, 207, 147, 26, 237, 21, 245, 211, 239, 45, 5, 157, 159, 60, 54, 236, 109, 46, 199, 82, 32, 205, 36, 7,
    134, 222, 57, 146, 8, 149, 14, 15, 22, 10,
  ]),
};
const MAP = Float32Array.from([
  1.0, 0.47905129194259644, 0.1597389131784439, 0.7345771789550781, 0.11367201805114746, 0.39122819900512695,
  0.5167402029037476, 0.4306280314922333, 0.5867985486984253, 0.7378377914428711, 0.956267237663269, 0.0,
]);

describe('overlaidPicture(picture, map, options)', () => {
  test('is half heat, half picture, divided by its maximum', () => {
    // Pixel 0: heat (128, 0, 0), picture (0, 100, 200): sums 128, 100, 200. Pixel 1: heat (0, 0, 128), picture (0, 0, 0).
    const picture: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 100, 200, 0, 0, 0) };
    const overlaid = overlaidPicture(picture, Float32Array.of(1, 0));
    const exact = [128, 100, 200, 0, 0, 128].map((sum) => (sum / 200) * 255);
    expect([...overlaid.data]).toEqual(exact.map(Math.trunc));
  });

  test('gives the bytes of show_cam_on_image for α = 0.5', () => {
    const expected = [
      191, 98, 96, 159, 205, 89, 120, 27, 255, 237, 195, 22, 2, 80, 203, 37, 157, 243, 128, 153, 159, 69, 146, 207, 127,
      133, 89, 243, 100, 74, 93, 75, 7, 7, 11, 70,
    ];
    expect([...overlaidPicture(PICTURE, MAP).data]).toEqual(expected);
  });

  test('gives the bytes of show_cam_on_image for α = 0.3', () => {
    const expected = [
      165, 58, 57, 137, 225, 114, 71, 29, 255, 244, 174, 13, 1, 47, 218, 28, 197, 243, 133, 194, 141, 63, 190, 205, 162,
      182, 70, 248, 116, 44, 127, 45, 4, 4, 6, 93,
    ];
    expect([...overlaidPicture(PICTURE, MAP, { alpha: 0.3 }).data]).toEqual(expected);
  });

  test('takes grey pictures', () => {
    const grey: Picture = { width: 2, height: 1, channels: 1, data: Uint8Array.of(127, 0) };
    const overlaid = overlaidPicture(grey, Float32Array.of(1, 0));
    expect([...overlaid.data]).toEqual([255, 127, 127, 0, 0, 128]);
  });

  test('a black picture with no heat mixed in stays black', () => {
    const black: Picture = { width: 1, height: 1, channels: 1, data: Uint8Array.of(0) };
    expect([...overlaidPicture(black, Float32Array.of(1), { alpha: 1 }).data]).toEqual([0, 0, 0]);
  });

  test('refuses a map of another size and an α outside 0…1', () => {
    expect(() => overlaidPicture(PICTURE, Float32Array.of(1))).toThrow('map: expected 3×4 values; got 1');
    expect(() => overlaidPicture(PICTURE, MAP, { alpha: 50 })).toThrow('alpha: expected a number in 0…1; got 50');
  });
});
