/**
 * @file Brushes of the space pictures: a canvas of floats, soft edges, noise. Only +, −, ×, ÷, √ and integer operations,
 * whose results IEEE 754 and ECMAScript fix to the last bit: the same pixels in every JavaScript engine.
 */
import type { Picture } from '../../../inference/pictures/pictures.js';

/** Red, green and blue, 0…1, above 1 where it glows. */
export type Colour = readonly [number, number, number];

/** A square picture in the making. x and y run from −1 to 1 from left to right and from top to bottom. */
export class Canvas {
  readonly size: number;
  /** Width of a pixel in units of x and y. */
  readonly pixel: number;
  readonly #rgb: Float32Array;

  constructor(size: number) {
    this.size = size;
    this.pixel = 2 / size;
    this.#rgb = new Float32Array(3 * size * size);
  }

  /** Calls `paint` with the middle and the index of each pixel of which a part lies within `radius` of (cx, cy). */
  within(cx: number, cy: number, radius: number, paint: (x: number, y: number, index: number) => void): void {
    const first = (centre: number) => Math.max(0, Math.floor((centre - radius + 1) / this.pixel));
    const last = (centre: number) => Math.min(this.size - 1, Math.floor((centre + radius + 1) / this.pixel));
    for (let row = first(cy); row <= last(cy); row++) {
      for (let column = first(cx); column <= last(cx); column++) {
        paint((column + 0.5) * this.pixel - 1, (row + 0.5) * this.pixel - 1, row * this.size + column);
      }
    }
  }

  /** Adds light. */
  add(index: number, [red, green, blue]: Colour, amount: number): void {
    const rgb = this.#rgb;
    rgb[3 * index] = (rgb[3 * index] ?? 0) + red * amount;
    rgb[3 * index + 1] = (rgb[3 * index + 1] ?? 0) + green * amount;
    rgb[3 * index + 2] = (rgb[3 * index + 2] ?? 0) + blue * amount;
  }

  /** Lays colour · light over what is there; `opacity` 0…1. */
  cover(index: number, [red, green, blue]: Colour, light: number, opacity: number): void {
    const rgb = this.#rgb;
    const kept = 1 - opacity;
    rgb[3 * index] = (rgb[3 * index] ?? 0) * kept + red * light * opacity;
    rgb[3 * index + 1] = (rgb[3 * index + 1] ?? 0) * kept + green * light * opacity;
    rgb[3 * index + 2] = (rgb[3 * index + 2] ?? 0) * kept + blue * light * opacity;
  }

  /** The picture in 8 bits. Light above 1 is rolled off softly: v / (1 + v⁴)^¼. */
  picture(): Picture {
    const data = new Uint8Array(this.#rgb.length);
    for (let i = 0; i < data.length; i++) {
      const value = this.#rgb[i] ?? 0;
      if (value === 0) continue;
      const squared = value * value;
      data[i] = (255 * value) / Math.sqrt(Math.sqrt(1 + squared * squared)) + 0.5;
    }
    return { width: this.size, height: this.size, channels: 3, data };
  }
}

/** `value` limited to 0…1. */
export function unit(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** 0 below 0, 1 above 1, and 3t² − 2t³ between. */
export function smoothStep(t: number): number {
  const limited = unit(t);
  return limited * limited * (3 - 2 * limited);
}

/** (1 + x/16)^−16, close to e^−x for small x ≥ 0. */
export function falloff(x: number): number {
  const second = (1 + x / 16) * (1 + x / 16);
  const fourth = second * second;
  const eighth = fourth * fourth;
  return 1 / (eighth * eighth);
}

/** cos(2π·turns), by its Taylor polynomial over a quarter turn; error below 3e-5. */
export function cosine(turns: number): number {
  const folded = Math.abs(turns - Math.floor(turns + 0.5));
  const angle = 2 * Math.PI * (folded > 0.25 ? 0.5 - folded : folded);
  const s = angle * angle;
  const value = 1 - (s / 2) * (1 - (s / 12) * (1 - (s / 30) * (1 - s / 56)));
  return folded > 0.25 ? -value : value;
}

/** sin(2π·turns). */
export function sine(turns: number): number {
  return cosine(turns - 0.25);
}

/** The colour at `t` of 0…1 along colours at equal distances. */
export function rampColour(colours: readonly Colour[], t: number): Colour {
  const position = unit(t) * (colours.length - 1);
  const before = Math.min(Math.floor(position), colours.length - 2);
  const [a, b] = [colours[before], colours[before + 1]];
  return a === undefined || b === undefined ? [0, 0, 0] : mixed(a, b, position - before);
}

/** The colour `t` of 0…1 on the way from `a` to `b`. */
export function mixed(a: Colour, b: Colour, t: number): Colour {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** A number of 0…1 for a point of the integer lattice. */
function latticeValue(x: number, y: number, z: number, salt: number): number {
  let hash = Math.imul(x, 0x165667b1) ^ Math.imul(y, 0x27d4eb2f) ^ Math.imul(z, 0x1b873593) ^ salt;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** Value noise (Perlin 1985): random values of 0…1 at the integer lattice, smooth between. */
function noise(x: number, y: number, z: number, salt: number): number {
  const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const [u, v, w] = [smoothStep(x - x0), smoothStep(y - y0), smoothStep(z - z0)];
  const alongX = (row: number, layer: number) => {
    const left = latticeValue(x0, row, layer, salt);
    return left + (latticeValue(x0 + 1, row, layer, salt) - left) * u;
  };
  const alongY = (layer: number) => {
    const top = alongX(y0, layer);
    return top + (alongX(y0 + 1, layer) - top) * v;
  };
  const near = alongY(z0);
  return near + (alongY(z0 + 1) - near) * w;
}

/** Noise summed over octaves, each twice as fine and half as strong; 0…1, mostly near ½. */
export function fractalNoise(x: number, y: number, z: number, salt: number, octaves: number): number {
  let sum = 0;
  let weight = 0.5;
  let scale = 1;
  for (let octave = 0; octave < octaves; octave++) {
    sum += weight * noise(x * scale, y * scale, z * scale, salt + octave);
    weight /= 2;
    scale *= 2;
  }
  return sum / (1 - 2 * weight);
}
