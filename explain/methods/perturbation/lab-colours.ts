/** @file Colours whose distances are those that people see. */
import type { Sizes } from '../kinds/method.js';

/** sRGB with the white point D65 to CIE XYZ, by that white point: IEC 61966-2-1. */
const XYZ = [
  [0.412453 / 0.95047, 0.35758 / 0.95047, 0.180423 / 0.95047],
  [0.212671, 0.71516, 0.072169],
  [0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883],
] as const;

/** A part of sRGB as a share of light. */
const linear = (value: number) => (value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92);

/** The curve of CIELAB, which is straight near 0. */
const curved = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);

/**
 * CIELAB colours [H·W, C] of a picture that is scaled to 0…1 first; 100 times the values where there are not three channels.
 * @param picture RGB [C, H, W]
 */
export function labColours(picture: Float32Array, { channels, height, width }: Sizes): Float64Array {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of picture) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const range = most - least || 1;
  const plane = height * width;
  const colours = new Float64Array(picture.length);
  for (let pixel = 0; pixel < plane; pixel++) {
    const shares = Array.from({ length: channels }, (_, c) => ((picture[c * plane + pixel] as number) - least) / range);
    const colour = channels === 3 ? labOf(shares) : shares.map((share) => 100 * share);
    colours.set(colour, pixel * channels);
  }
  return colours;
}

function labOf(rgb: readonly number[]): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = rgb.map(linear);
  const [x, y, z] = XYZ.map(([r, g, b]) => curved(r * red + g * green + b * blue)) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
