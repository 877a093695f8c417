import { describe, expect, test } from 'vitest';
import type { Picture } from '../../inference/pictures/pictures.js';
import { paletteColour } from './palette.js';
import { heatmapPicture, overlaidPicture, placedHeatmap, placedOverlay } from './overlay.js';

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

  test('gives the bytes of show_cam_on_image for an image weight of 0.3', () => {
    const expected = [
      165, 58, 57, 137, 225, 114, 71, 29, 255, 244, 174, 13, 1, 47, 218, 28, 197, 243, 133, 194, 141, 63, 190, 205, 162,
      182, 70, 248, 116, 44, 127, 45, 4, 4, 6, 93,
    ];
    expect([...overlaidPicture(PICTURE, MAP, { alpha: 0.7 }).data]).toEqual(expected);
  });

  test('takes grey pictures', () => {
    const grey: Picture = { width: 2, height: 1, channels: 1, data: Uint8Array.of(127, 0) };
    const overlaid = overlaidPicture(grey, Float32Array.of(1, 0));
    expect([...overlaid.data]).toEqual([255, 127, 127, 0, 0, 128]);
  });

  test('a black picture with no heat mixed in stays black', () => {
    const black: Picture = { width: 1, height: 1, channels: 1, data: Uint8Array.of(0) };
    expect([...overlaidPicture(black, Float32Array.of(1), { alpha: 0 }).data]).toEqual([0, 0, 0]);
  });

  test('refuses a map of another size and an α outside 0…1', () => {
    expect(() => overlaidPicture(PICTURE, Float32Array.of(1))).toThrow('map: expected 3×4 values; got 1');
    expect(() => overlaidPicture(PICTURE, MAP, { alpha: 50 })).toThrow('alpha: expected a number in 0…1; got 50');
  });
});

describe("overlaidPicture(picture, map, { overlay: 'blend' })", () => {
  test('leaves the picture as it is where the map is zero, and is colour alone where it is 1', () => {
    const picture: Picture = {
      width: 3,
      height: 1,
      channels: 3,
      data: Uint8Array.of(9, 80, 200, 9, 80, 200, 9, 80, 200),
    };
    const { data } = overlaidPicture(picture, Float32Array.of(0, 1, 0.5), { overlay: 'blend' });
    expect([...data.subarray(0, 6)]).toEqual([9, 80, 200, 128, 0, 0]);
    expect([...data.subarray(6)]).toEqual(
      [126, 255, 130].map((heat, i) => Math.round((heat + (picture.data[i] ?? 0)) / 2)),
    );
  });

  test('half the weight makes colours half as opaque', () => {
    const black: Picture = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };
    const { data } = overlaidPicture(black, Float32Array.of(1), { overlay: 'blend', alpha: 0.25 });
    expect([...data]).toEqual([64, 0, 0]);
  });

  test('a signed map is as opaque as it is far from zero', () => {
    const grey: Picture = { width: 3, height: 1, channels: 1, data: new Uint8Array(3).fill(100) };
    const style = { overlay: 'blend', palette: 'diverging' } as const;
    const { data } = overlaidPicture(grey, Float32Array.of(-1, 0, 1), style);
    expect([...data]).toEqual([5, 48, 97, 100, 100, 100, 103, 0, 31]);
  });
});

describe("overlaidPicture(picture, map, { overlay: 'contours' })", () => {
  /** Columns of a row that differ from the grey of the picture. */
  const drawn = (values: readonly number[], palette: 'jet' | 'diverging' = 'jet') => {
    const width = values.length;
    const grey: Picture = { width, height: 1, channels: 1, data: new Uint8Array(width).fill(99) };
    const { data } = overlaidPicture(grey, Float32Array.from(values), { overlay: 'contours', palette });
    const pixels = values.map((_, x) => [...data.subarray(3 * x, 3 * x + 3)]);
    return pixels.flatMap((pixel, x) => (pixel.every((level) => level === 99) ? [] : [[x, pixel] as const]));
  };

  test('draws lines where the map crosses 0.25, 0.5 and 0.75, and nothing else', () => {
    const lines = drawn([0, 0.1, 0.3, 0.4, 0.6, 0.7, 0.8, 1, 1]);
    expect(lines).toEqual([
      [1, paletteColour('jet', 0.25)],
      [3, paletteColour('jet', 0.5)],
      [5, paletteColour('jet', 0.75)],
    ]);
  });

  test('has lines on both sides of 0 for signed maps, and none in a flat one', () => {
    const lines = drawn([-0.9, -0.1, 0, 0.1, 0.9], 'diverging');
    expect(lines).toEqual([
      [0, paletteColour('diverging', -0.75)],
      [3, paletteColour('diverging', 0.75)],
    ]);
    expect(drawn([0.5, 0.5, 0.5])).toEqual([]);
  });
});

describe('placedHeatmap and placedOverlay', () => {
  const map = { left: 1, top: 1, width: 2, height: 1, data: Float32Array.of(0, 1) };

  test('lay the map on its part; the rest is light grey, or the picture as it was', () => {
    const heatmap = placedHeatmap(map, { width: 4, height: 2 });
    expect([...heatmap.data.subarray(0, 15)]).toEqual(Array(15).fill(224));
    expect([...heatmap.data.subarray(15)]).toEqual([0, 0, 128, 128, 0, 0, 224, 224, 224]);
    const picture: Picture = { width: 4, height: 2, channels: 1, data: new Uint8Array(8).fill(50) };
    const overlay = placedOverlay(picture, map);
    expect([...overlay.data.subarray(0, 15)]).toEqual(Array(15).fill(50));
    const inside = overlaidPicture({ ...picture, width: 2, height: 1, data: picture.data.slice(0, 2) }, map.data);
    expect([...overlay.data.subarray(15, 21)]).toEqual([...inside.data]);
    expect([...overlay.data.subarray(21)]).toEqual([50, 50, 50]);
  });
});
