/** @file From pixels to a network's numbers and back. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { greyPicture, rgbPicture, type Picture } from './pictures.js';
import { networkInput, pictureFromOutput, picturesFromOutput } from './pixels.js';

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const everyLevel: Picture = {
  width: 32,
  height: 8,
  channels: 3,
  data: Uint8Array.from({ length: 768 }, (_, i) => (Math.floor(i / 3) * (1 + 2 * (i % 3))) % 256),
};

describe('networkInput(picture, normalization)', () => {
  it('is (p/255 − mean)/std, channel after channel', () => {
    const picture: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 128, 255, 10, 20, 30) };
    // torch 2.13, float32: (x / 255 - mean) / std
    const expected = [-2.11790395, -1.94665647, 0.20518219, -1.68557417, 2.6400001, -1.28156865];
    expect(networkInput(picture, IMAGENET)).toHaveLength(6);
    networkInput(picture, IMAGENET).forEach((x, i) => expect(x).toBeCloseTo(expected[i] ?? Number.NaN, 6));
  });

  it('is undone exactly by pictureFromOutput, for every level', () => {
    const size = { channels: 3, height: 8, width: 32 } as const;
    expect(pictureFromOutput(networkInput(everyLevel, IMAGENET), size, IMAGENET)).toEqual(everyLevel);
    const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    expect(pictureFromOutput(networkInput(everyLevel, half), size, 'tanh')).toEqual(everyLevel);
    const grey = greyPicture(everyLevel);
    const one = { mean: [0], std: [1] };
    expect(pictureFromOutput(networkInput(grey, one), { ...size, channels: 1 }, one)).toEqual(grey);
  });

  it('refuses a normalisation that lacks a channel or divides by zero', () => {
    expect(() => networkInput(everyLevel, { mean: [0.5], std: [0.5] })).toThrow(InputError);
    expect(() => networkInput(everyLevel, { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(/channel 1/);
  });
});

describe('picturesFromOutput(output, size, range)', () => {
  it('maps −1…1 to 0…255, rounded and clamped', () => {
    const output = Float32Array.of(-1, 1, 0, -2, 3, 0.5);
    const pictures = picturesFromOutput(output, { channels: 1, height: 1, width: 3 }, 'tanh');
    expect(pictures.map((picture) => [...picture.data])).toEqual([
      [0, 255, 128],
      [0, 255, 191],
    ]);
  });

  it('interleaves the channels of [N, C, H, W]', () => {
    const output = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], (p) => p / 255);
    const range = { mean: [0, 0, 0], std: [1, 1, 1] };
    const pictures = picturesFromOutput(output, { channels: 3, height: 1, width: 2 }, range);
    expect(pictures).toEqual([
      { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 2, 4, 1, 3, 5) },
      { width: 2, height: 1, channels: 3, data: Uint8Array.of(6, 8, 10, 7, 9, 11) },
    ]);
  });

  it('refuses diverged numbers rather than showing black, and other sizes', () => {
    const size = { channels: 1, height: 1, width: 2 } as const;
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => picturesFromOutput(Float32Array.of(0, x), size)).toThrow(/^network output: expected finite numbers/);
    }
    expect(() => picturesFromOutput(new Float32Array(3), size)).toThrow(InputError);
    expect(() => pictureFromOutput(new Float32Array(4), size)).toThrow(InputError);
    expect(picturesFromOutput(new Float32Array(0), size)).toEqual([]);
  });
});

describe('greyPicture and rgbPicture', () => {
  it('give the luma of Pillow, and repeat grey', () => {
    const data = Uint8Array.of(200, 30, 77, 13, 250, 99);
    const grey = greyPicture({ width: 2, height: 1, channels: 3, data });
    expect(grey).toEqual({ width: 2, height: 1, channels: 1, data: Uint8Array.of(86, 162) });
    expect(rgbPicture(grey)).toEqual({
      width: 2,
      height: 1,
      channels: 3,
      data: Uint8Array.of(86, 86, 86, 162, 162, 162),
    });
    expect(greyPicture(rgbPicture(grey))).toEqual(grey);
  });
});
