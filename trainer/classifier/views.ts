/** @file Views of pictures: random parts, enlarged and in other light; what a network learns to recognise without labels (Chen et al. 2020). */
import type { Random } from '../../inference/numeric/random.js';

/** The least side of a view's part, as a fraction of the picture's. */
const LEAST_SIDE = 0.6;
/** How far contrast and each colour's strength are from 1 at most, and brightness from 0 (black is −1, white 1). */
const [CONTRAST, COLOUR, BRIGHTNESS] = [0.4, 0.2, 0.2];

/**
 * A random view of each picture [N, C, S, S]: a square part of it at the picture's size, by bilinear interpolation, with other contrast,
 * brightness and strengths of colours. None is mirrored: a mirrored digit is another one.
 */
export function viewsOf(pictures: Float32Array, size: number, channels: number, random: Random): Float32Array {
  const plane = size * size;
  const views = new Float32Array(pictures.length);
  for (let start = 0; start < pictures.length; start += channels * plane) {
    const side = between(random, LEAST_SIDE, 1);
    const [columns, rows] = [taps(size, side, random), taps(size, side, random)];
    const contrast = around(random, CONTRAST);
    const brightness = between(random, -BRIGHTNESS, BRIGHTNESS);
    for (let channel = 0; channel < channels; channel++) {
      const factor = contrast * around(random, COLOUR);
      const from = start + channel * plane;
      for (let y = 0, at = from; y < size; y++) {
        const { first: row, share: down } = rows[y] as Tap;
        for (let x = 0; x < size; x++, at++) {
          const { first: column, share: right } = columns[x] as Tap;
          const corner = from + row * size + column;
          const below = corner + (down > 0 ? size : 0);
          const next = right > 0 ? 1 : 0;
          const top = mixed(pictures[corner] as number, pictures[corner + next] as number, right);
          const bottom = mixed(pictures[below] as number, pictures[below + next] as number, right);
          views[at] = factor * mixed(top, bottom, down) + brightness;
        }
      }
    }
  }
  return views;
}

/** A position between two pixels: the first of them, and the share of the second. */
interface Tap {
  first: number;
  share: number;
}

/** Where the pixels of an axis come from, in a random part of it; centres of pixels are half a pixel from their edges. */
function taps(size: number, side: number, random: Random): Tap[] {
  const start = random.uniform() * size * (1 - side);
  return Array.from({ length: size }, (_, at) => {
    const position = Math.min(size - 1, Math.max(0, start + (at + 0.5) * side - 0.5));
    const first = Math.floor(position);
    return { first, share: position - first };
  });
}

const mixed = (a: number, b: number, share: number): number => a + share * (b - a);
const between = (random: Random, least: number, most: number): number => least + random.uniform() * (most - least);
const around = (random: Random, most: number): number => between(random, 1 - most, 1 + most);
