/** @file Pictures of any number of channels: as a network takes them, and as people look at them. */
import { InputError } from '../../onnx/errors.js';
import { LEVELS, type Picture, type PictureInput } from '../pictures/pictures.js';
import { rangeNormalization } from '../pictures/pixels.js';
import { fittedPixels } from '../pictures/resize.js';

/** A picture of any number of channels, in the network's order. */
export interface Raster {
  width: number;
  height: number;
  channels: number;
  /** [height, width, channels]; white is 1. */
  data: Float32Array;
}

/** Numbers with their sizes, and whether their type is an integer. */
export interface RasterArray {
  shape: readonly number[];
  data: ArrayLike<number> & Iterable<number>;
  integer: boolean;
}

/**
 * An array [C, H, W] or [H, W, C], which the number of channels tells apart. Floats stay as they are; integers are divided by
 * the largest number of the fewest bits (8, 10, 12, 14 or 16) that hold them all.
 * @throws InputError for other sizes, sizes that can be read both ways, and numbers whose white is not known
 */
export function rasterOfArray({ shape, data, integer }: RasterArray, channels: number, name: string): Raster {
  const sizes = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  const [first = 0, middle = 0, last = 0] = sizes;
  const isPicture = sizes.length === 3 && sizes.every((size) => size > 0);
  const [isFirst, isLast] = [isPicture && first === channels, isPicture && last === channels];
  if (isFirst === isLast) {
    throw new InputError({
      name,
      expected: isFirst
        ? `sizes that can be read in one way; these are ${channels} channels of ${middle}×${last} as [C, H, W], or of ${first}×${middle} as [H, W, C]`
        : `a picture of ${channels} channels, [${channels}, H, W] or [H, W, ${channels}]`,
      got: `[${shape.join(', ')}]`,
    });
  }
  const [height, width] = isFirst ? [middle, last] : [first, middle];
  if (isFirst) return rasterOfPlanes({ width, height, channels }, { data, integer }, name);
  const white = whiteOf(data, integer, name);
  return { width, height, channels, data: Float32Array.from(data, (value) => value / white) };
}

/** Channels one after the other, [C, H, W]. @throws InputError for numbers whose white is not known */
export function rasterOfPlanes(
  { width, height, channels }: Omit<Raster, 'data'>,
  { data, integer }: Omit<RasterArray, 'shape'>,
  name: string,
): Raster {
  const white = whiteOf(data, integer, name);
  const plane = height * width;
  const numbers = Float32Array.from({ length: data.length }, (_, at) => {
    return (data[(at % channels) * plane + Math.floor(at / channels)] ?? 0) / white;
  });
  return { width, height, channels, data: numbers };
}

/** The number that is white. @throws InputError if it is not known */
function whiteOf(data: Iterable<number>, integer: boolean, name: string): number {
  let [least, most, whole] = [Infinity, -Infinity, true];
  for (const value of data) {
    if (!Number.isFinite(value)) throw new InputError({ name, expected: 'finite numbers', got: value });
    if (value < least) least = value;
    if (value > most) most = value;
    whole &&= Number.isInteger(value);
  }
  if (!integer && !(whole && least >= 0 && most > 1)) return 1;
  const white = LEVELS.find((level) => most <= level);
  if (integer && least >= 0 && white !== undefined) return white;
  throw new InputError({
    name,
    expected: integer
      ? `integers of 0 up to ${LEVELS.join(', ')}, or floats`
      : `floats where white is 1; whole numbers can also be levels up to ${white ?? most}: save those as integers`,
    got: `${least}…${most}`,
  });
}

/**
 * The raster as the network's input, x = (v − mean) / std per channel.
 * @returns [C, H, W]
 */
export function preparedRaster(raster: Raster, input: PictureInput): Float32Array {
  const { data, channels } = fittedPixels(raster, input);
  const { mean, std } = rangeNormalization(input.normalization, channels);
  const plane = data.length / channels;
  return Float32Array.from(data, (_, at) => {
    const channel = Math.floor(at / plane);
    return ((data[(at % plane) * channels + channel] ?? 0) - (mean[channel] ?? 0)) / (std[channel] ?? 1);
  });
}

/** The first three channels as colours, or the first as grey; numbers outside 0…1 are stretched to it. */
export function shownRaster({ width, height, channels, data }: Raster): Picture {
  const shown = channels < 3 ? 1 : 3;
  const values = Float32Array.from(
    { length: width * height * shown },
    (_, at) => data[Math.floor(at / shown) * channels + (at % shown)] ?? 0,
  );
  const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 1]);
  const scale = 255 / (most - least);
  return {
    width,
    height,
    channels: shown,
    data: Uint8Array.from(values, (value) => Math.round((value - least) * scale)),
  };
}
