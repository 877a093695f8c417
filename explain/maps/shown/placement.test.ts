import { describe, expect, test } from 'vitest';
import type { Picture, ResizeMode } from '../../../inference/pictures/pictures.js';
import { resizedPicture, sourceArea } from '../../../inference/pictures/resize.js';
import { peak, spotPicture } from '../../networks.test.helper.js';
import { normalizedMap } from './normalize.js';
import { placedMap } from './placement.js';

/** What a network of this size sees of the picture, as a map. */
function seen(picture: Picture, width: number, height: number, resize: ResizeMode): Float32Array {
  const { data } = resizedPicture(picture, { width, height, channels: 1, resize });
  return Float32Array.from(data);
}

describe('placedMap(map, picture, area)', () => {
  test.each([
    ['crop', 300, 100, 160, 30],
    ['crop', 100, 300, 30, 140],
    ['squash', 300, 100, 250, 30],
    ['pad', 300, 100, 250, 30],
    ['pad', 100, 300, 30, 250],
  ] as const)('%s of %d×%d: what the network saw at a spot lies on that spot of the picture', (resize, w, h, x, y) => {
    const picture = spotPicture(w, h, x, y);
    const map = { data: seen(picture, 40, 40, resize), height: 40, width: 40 };
    const placed = placedMap(map, picture, sourceArea(picture, { width: 40, height: 40, resize }));
    const [column, row] = peak(placed.data, placed.width);
    // One value of the map covers several pixels.
    const across = resize === 'crop' ? 2.5 : Math.max(w, h) / 40;
    expect(Math.abs(placed.left + column - x)).toBeLessThanOrEqual(across);
    expect(Math.abs(placed.top + row - y)).toBeLessThanOrEqual(across);
  });

  test('with a largest value given, values keep their size: 0 is 0, and what is larger is cut', () => {
    const map = { data: Float32Array.of(-2, 0, 1, 4), height: 2, width: 2 };
    const place = (signed: boolean, largest: number) => [
      ...placedMap(map, { width: 2, height: 2 }, { x: 0, y: 0, width: 2, height: 2 }, signed, largest).data,
    ];
    expect(place(false, 8)).toEqual([0, 0, 0.125, 0.5]);
    expect(place(true, 8)).toEqual([-0.25, 0, 0.125, 0.5]);
    expect(place(true, 1)).toEqual([-1, 0, 1, 1]);
    expect(place(false, 0)).toEqual([0, 0, 1, 1].map((value) => Math.min(value, 0)));
  });

  test('a crop covers the middle of the picture, squashing and padding all of it', () => {
    const map = { data: Float32Array.of(0, 1, 2, 3), height: 2, width: 2 };
    const place = (resize: ResizeMode) => {
      const { data: _, ...rectangle } = placedMap(
        map,
        { width: 300, height: 100 },
        sourceArea({ width: 300, height: 100 }, { width: 20, height: 20, resize }),
      );
      return rectangle;
    };
    expect(place('crop')).toEqual({ left: 100, top: 0, width: 100, height: 100 });
    expect(place('squash')).toEqual({ left: 0, top: 0, width: 300, height: 100 });
    expect(place('pad')).toEqual({ left: 0, top: 0, width: 300, height: 100 });
  });

  test('a picture of the size of the network gets the normalised map', () => {
    const data = Float32Array.from({ length: 16 }, (_, i) => ((i * 7) % 11) - 2);
    const size = { width: 12, height: 8 };
    const placed = placedMap({ data, height: 4, width: 4 }, size, sourceArea(size, { ...size, resize: 'crop' }));
    expect(placed.data).toEqual(normalizedMap(data, 4, 4, 8, 12));
  });

  test('a signed map keeps its signs and is divided by its largest size', () => {
    const size = { width: 2, height: 1 };
    const area = { x: 0, y: 0, ...size };
    expect([...placedMap({ data: Float32Array.of(-4, 2), height: 1, width: 2 }, size, area, true).data]).toEqual([
      -1, 0.5,
    ]);
    const broken = { data: Float32Array.of(Number.NaN, 2), height: 1, width: 2 };
    expect([...placedMap(broken, size, area, true).data].every(Number.isFinite)).toBe(true);
  });

  test('an area of less than a pixel still gets one', () => {
    const map = { data: Float32Array.of(1), height: 1, width: 1 };
    const placed = placedMap(map, { width: 1000, height: 1 }, { x: 499.6, y: 0, width: 0.2, height: 1 });
    expect([placed.width, placed.height]).toEqual([1, 1]);
  });
});
