import { describe, expect, test } from 'vitest';
import { paletteColour, palettes } from './palette.js';

const jet = (value: number) => paletteColour('jet', value);

// cv2.applyColorMap(np.uint8([[i]]), cv2.COLORMAP_JET)[0, 0, ::-1] of OpenCV 4.10 and 5.0, for entry i
const OPENCV: [number, [number, number, number]][] = [
  [0, [0, 0, 128]],
  [1, [0, 0, 132]],
  [31, [0, 0, 252]],
  [32, [0, 0, 255]],
  [33, [0, 4, 255]],
  [95, [0, 252, 255]],
  [96, [2, 255, 254]],
  [97, [6, 255, 250]],
  [127, [126, 255, 130]],
  [128, [130, 255, 126]],
  [158, [250, 255, 6]],
  [159, [254, 255, 1]],
  [160, [255, 252, 0]],
  [191, [255, 128, 0]],
  [222, [255, 4, 0]],
  [223, [255, 0, 0]],
  [224, [252, 0, 0]],
  [254, [132, 0, 0]],
  [255, [128, 0, 0]],
];

describe("paletteColour('jet', value)", () => {
  test.each(OPENCV)('entry %i has the colour OpenCV gives it', (entry, colour) => {
    expect(jet((entry + 0.5) / 255)).toEqual(colour);
  });

  test('all 256 entries add up to what OpenCV’s table adds up to', () => {
    const sums = [0, 0, 0];
    for (let entry = 0; entry < 256; entry++) {
      jet((entry + 0.5) / 255).forEach((level, channel) => (sums[channel] = (sums[channel] ?? 0) + level));
    }
    expect(sums).toEqual([30592, 32448, 30591]);
  });

  test('truncates as np.uint8(255 * value) does', () => {
    expect(jet(0.5)).toEqual([126, 255, 130]); // 127.5 → entry 127
    expect(jet(1)).toEqual([128, 0, 0]);
  });

  test('values outside 0…1 get the colour of the nearer end', () => {
    expect(jet(-1)).toEqual(jet(0));
    expect(jet(2)).toEqual(jet(1));
  });
});

describe('palettes', () => {
  test.each([
    // matplotlib's viridis, entries 0, 127 and 255
    ['viridis', 0, [68, 1, 84]],
    ['viridis', 127.5 / 255, [33, 145, 140]],
    ['viridis', 1, [253, 231, 37]],
    ['magma', 63.5 / 255, [79, 18, 123]],
    ['magma', 1, [252, 253, 191]],
    ['inferno', 63.5 / 255, [85, 15, 109]],
    ['inferno', 1, [252, 255, 164]],
    ['diverging', -1, [5, 48, 97]],
    ['diverging', 1, [103, 0, 31]],
  ] as const)('%s at %d', (name, value, colour) => {
    paletteColour(name, value).forEach((level, channel) =>
      expect(Math.abs(level - (colour[channel] ?? 0))).toBeLessThan(2),
    );
  });

  // matplotlib 3.11's cividis, entries 0, 63, 127, 191 and 255
  test.each([
    [0, [0, 34, 78]],
    [63, [66, 78, 108]],
    [127, [124, 123, 120]],
    [191, [187, 173, 109]],
    [255, [254, 232, 56]],
  ])('cividis at entry %i is near matplotlib’s', (entry, colour) => {
    paletteColour('cividis', (entry + 0.5) / 255).forEach((level, channel) =>
      expect(Math.abs(level - (colour[channel] ?? 0))).toBeLessThan(14),
    );
  });

  test('turbo runs from dark blue over green to dark red', () => {
    const [low, middle, high] = [0, 0.5, 1].map((value) => paletteColour('turbo', value));
    expect(low?.[2]).toBeGreaterThan(low?.[1] ?? 255);
    expect(middle?.[1]).toBeGreaterThan(240);
    expect(high?.[0]).toBeGreaterThan(4 * (high?.[1] ?? 255));
  });

  test('diverging is nearly white at 0, blue below and red above', () => {
    expect(Math.min(...paletteColour('diverging', 0))).toBeGreaterThan(235);
    const [red = 0, , blue = 0] = paletteColour('diverging', 0.5);
    expect(red).toBeGreaterThan(blue);
    expect(paletteColour('diverging', -0.5)[2]).toBeGreaterThan(paletteColour('diverging', -0.5)[0]);
  });

  test('every palette has 256 colours', () => {
    for (const { table } of Object.values(palettes)) expect(table).toHaveLength(768);
  });
});
