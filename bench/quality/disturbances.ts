/** @file Disturbances of pictures in four levels each, as in Heusel et al. 2017, figure 3: what a distance of features ought to see. */
import type { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';

/** A picture of the same size, disturbed at a level of 0…3. */
type Disturbance = (picture: Picture, level: number, random: Random) => Picture;

/** Disturbances by name. */
export const disturbances: Readonly<Record<string, Disturbance>> = {
  /** Gaussian, standard deviation in pixels. */
  blur: (picture, level) => blurred(picture, [0.5, 1, 2, 4][level] as number),
  /** Normal, standard deviation in levels of 0…255. */
  noise(picture, level, random) {
    const std = [8, 16, 32, 64][level] as number;
    return { ...picture, data: picture.data.map((value) => clamped(value + std * random.normal())) };
  },
  /** A black square at a random place, by its side as a fraction of the picture's. */
  'cut-out': (picture, level, random) => cut(picture, ([1, 2, 3, 4][level] as number) / 8, random),
  /** Red stronger and blue weaker; grey pictures are darkened. */
  colour(picture, level) {
    const shift = [0.1, 0.2, 0.4, 0.8][level] as number;
    const factors = picture.channels === 3 ? [1 + shift, 1, 1 - shift] : [1 - shift];
    const data = picture.data.map((value, at) => clamped(value * (factors[at % picture.channels] as number)));
    return { ...picture, data };
  },
};

/** Levels of each disturbance. */
export const LEVELS = 4;

const clamped = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** Convolved with a Gaussian; pixels outside are those of the edge. */
function blurred({ width, height, channels, data }: Picture, std: number): Picture {
  const radius = Math.ceil(3 * std);
  const taps = Array.from({ length: 2 * radius + 1 }, (_, at) => Math.exp(-((at - radius) ** 2) / (2 * std ** 2)));
  const sum = taps.reduce((total, tap) => total + tap, 0);
  const along = (from: ArrayLike<number>, length: number, step: number) =>
    Float32Array.from({ length: from.length }, (_, at) => {
      const position = Math.floor(at / step) % length;
      let value = 0;
      for (const [tap, weight] of taps.entries()) {
        const source = Math.min(length - 1, Math.max(0, position + tap - radius));
        value += (weight / sum) * (from[at + (source - position) * step] as number);
      }
      return value;
    });
  const columns = along(along(data, width, channels), height, width * channels);
  return { width, height, channels, data: Uint8Array.from(columns, clamped) };
}

function cut(picture: Picture, fraction: number, random: Random): Picture {
  const { width, height, channels } = picture;
  const side = Math.round(fraction * Math.min(width, height));
  const [left, top] = [random.integer(width - side + 1), random.integer(height - side + 1)];
  const data = picture.data.slice();
  for (let row = top; row < top + side; row++)
    data.fill(0, (row * width + left) * channels, (row * width + left + side) * channels);
  return { ...picture, data };
}
