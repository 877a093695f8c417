import { describe, expect, test } from 'vitest';
import { jet } from './palette.js';

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

describe('jet(value)', () => {
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
