/**
 * @file Resizing with the arithmetic of Pillow and torchvision's `Resize`: bilinear with antialiasing. Sharp is not used for it:
 * it shifts enlarged pictures by half a pixel and rounds intermediate averages when it shrinks.
 */
import { InputError } from '../../onnx/errors.js';
import { greyPicture, rgbPicture, type Picture, type PictureInput } from './pictures.js';

/** Pixels [height, width, channels]: levels of 8 bits, which are rounded, or floats, which are not. */
interface Pixels<D extends Uint8Array | Float32Array> {
  width: number;
  height: number;
  channels: number;
  data: D;
}

/** Resizing along one axis: `from` pixels become `to`, of which `count` are wanted from `start` on. */
export interface Axis {
  from: number;
  to: number;
  start: number;
  count: number;
  /** Default a triangle: bilinear. */
  kernel?: Kernel;
}

/** How pixels are weighted by their distance from the middle of an output pixel. */
interface Kernel {
  /** Distance from which on weights are 0, in output pixels where the axis shrinks, else in input pixels. */
  support: number;
  weight: (distance: number) => number;
}

const TRIANGLE: Kernel = { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) };
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** Pillow's LANCZOS: a sinc in the window of a three times wider one. */
const LANCZOS: Kernel = { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) };

/** The input pixels `begin`…`end` − 1 that output pixel `position` is made of, and the middle and width of the filter. */
export function filterSpan({ from, to, kernel = TRIANGLE }: Axis, position: number) {
  const scale = from / to;
  const unit = Math.max(scale, 1);
  const radius = kernel.support * unit;
  const centre = (position + 0.5) * scale;
  const begin = Math.max(0, Math.floor(centre - radius + 0.5));
  const end = Math.min(from, Math.floor(centre + radius + 0.5));
  return { begin, end, centre, unit };
}

/** Weights of those pixels; the kernel is as wide as an output pixel where the axis shrinks. */
export function filterWeights(axis: Axis, position: number): Float64Array {
  const { begin, end, centre, unit } = filterSpan(axis, position);
  const { kernel = TRIANGLE } = axis;
  const weights = new Float64Array(end - begin);
  let sum = 0;
  for (let tap = 0; tap < weights.length; tap++) {
    const weight = kernel.weight((begin + tap + 0.5 - centre) / unit);
    weights[tap] = weight;
    sum += weight;
  }
  return weights.map((weight) => weight / sum);
}

/**
 * One axis resized, levels rounded to 8 bits: `data` is [outer, pixels, inner], the result [outer, axis.count, inner].
 * @param skipped pixels of the axis that are missing before the first in `data`
 */
function resizedAxis<D extends Uint8Array | Float32Array>(
  data: D,
  [outer, pixels, inner]: readonly [number, number, number],
  axis: Axis,
  skipped = 0,
): D {
  const resized = zerosLike(data, outer * axis.count * inner);
  const [half, least, most] = data instanceof Uint8Array ? [0.5, 0, 255] : [0, -Infinity, Infinity];
  if (inner === 3 && outer > 1 && axis.from > 4 * axis.to) {
    resizeRows(data, [outer, pixels], axis, skipped, resized);
    return resized;
  }
  for (let position = 0; position < axis.count; position++) {
    const weights = filterWeights(axis, axis.start + position);
    const begin = filterSpan(axis, axis.start + position).begin - skipped;
    for (let o = 0; o < outer; o++) {
      const source = (o * pixels + begin) * inner;
      const target = (o * axis.count + position) * inner;
      for (let i = 0; i < inner; i++) {
        let sum = half;
        for (let tap = 0; tap < weights.length; tap++) {
          sum += (weights[tap] ?? 0) * (data[source + tap * inner + i] ?? 0);
        }
        // Lanczos overshoots.
        resized[target + i] = sum < least ? least : sum > most ? most : sum;
      }
    }
  }
  return resized;
}

/** The same for rows of colour pixels that shrink a lot: row by row, as they lie in memory, three sums at a time. */
function resizeRows(
  data: Uint8Array | Float32Array,
  [rows, pixels]: readonly [number, number],
  axis: Axis,
  skipped: number,
  into: Uint8Array | Float32Array,
): void {
  const [half, least, most] = data instanceof Uint8Array ? [0.5, 0, 255] : [0, -Infinity, Infinity];
  const filters = Array.from({ length: axis.count }, (_, i) => filterWeights(axis, axis.start + i));
  const begins = Int32Array.from(filters, (_, i) => filterSpan(axis, axis.start + i).begin - skipped);
  let target = 0;
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < axis.count; position++) {
      const weights = filters[position] as Float64Array;
      let at = 3 * (row * pixels + (begins[position] as number));
      let red = half;
      let green = half;
      let blue = half;
      for (let tap = 0; tap < weights.length; tap++, at += 3) {
        const weight = weights[tap] as number;
        red += weight * (data[at] as number);
        green += weight * (data[at + 1] as number);
        blue += weight * (data[at + 2] as number);
      }
      into[target++] = red < least ? least : red > most ? most : red;
      into[target++] = green < least ? least : green > most ? most : green;
      into[target++] = blue < least ? least : blue > most ? most : blue;
    }
  }
}

/** Zeros of the same type. */
function zerosLike<D extends Uint8Array | Float32Array>(data: D, length: number): D {
  return (data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)) as D;
}

/** Resizes both axes: the width first, as in Pillow, unless the width grows and the height shrinks. */
function resizedAxes<D extends Uint8Array | Float32Array>(
  { width, height, channels, data }: Pixels<D>,
  x: Axis,
  y: Axis,
): Pixels<D> {
  const size = { width: x.count, height: y.count, channels };
  if (x.to > width && y.to < height) {
    const rows = resizedAxis(data, [1, height, width * channels], y);
    return { ...size, data: resizedAxis(rows, [y.count, width, channels], x) };
  }
  // Only the rows in the result: of a thin strip enlarged to cover a square most are cut off.
  const top = filterSpan(y, y.start).begin;
  const bottom = filterSpan(y, y.start + y.count - 1).end;
  const wanted = data.subarray(top * width * channels, bottom * width * channels) as D;
  const columns = resizedAxis(wanted, [bottom - top, width, channels], x);
  return { ...size, data: resizedAxis(columns, [1, bottom - top, x.count * channels], y, top) };
}

/** Half of `n`, rounded half to even as Python's `round` in torchvision's `CenterCrop`. */
function roundedHalf(n: number): number {
  return n % 4 === 1 ? (n - 1) / 2 : Math.ceil(n / 2);
}

/** Size and position of the picture scaled by one factor so that it covers `width`×`height`. */
export function coveringAxes(picture: Pick<Picture, 'width' | 'height'>, width: number, height: number): [Axis, Axis] {
  const byWidth = width * picture.height >= height * picture.width;
  const toWidth = byWidth ? width : Math.floor((height * picture.width) / picture.height);
  const toHeight = byWidth ? Math.floor((width * picture.height) / picture.width) : height;
  return [
    { from: picture.width, to: toWidth, start: roundedHalf(toWidth - width), count: width },
    { from: picture.height, to: toHeight, start: roundedHalf(toHeight - height), count: height },
  ];
}

/** A rectangle in pixels of a picture; it may have fractions and reach outside the picture. */
export interface PictureArea {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of a picture that becomes the network's input; with `pad` it is larger than the picture. */
export function sourceArea(
  picture: Pick<Picture, 'width' | 'height'>,
  { width, height, resize }: Pick<PictureInput, 'width' | 'height' | 'resize'>,
): PictureArea {
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  if ((picture.width === width && picture.height === height) || resize === 'squash') return whole;
  if (resize === 'crop') {
    const [x, y] = coveringAxes(picture, width, height).map(({ from, to, start, count }) => ({
      start: (start * from) / to,
      size: (count * from) / to,
    })) as [{ start: number; size: number }, { start: number; size: number }];
    return { x: x.start, y: y.start, width: x.size, height: y.size };
  }
  const inner = paddedPlace(picture, width, height);
  const [across, down] = [picture.width / inner.width, picture.height / inner.height];
  return { x: -inner.left * across, y: -inner.top * down, width: width * across, height: height * down };
}

/** The whole picture at exactly `width`×`height`. */
function squashed<D extends Uint8Array | Float32Array>(picture: Pixels<D>, width: number, height: number): Pixels<D> {
  return resizedAxes(
    picture,
    { from: picture.width, to: width, start: 0, count: width },
    { from: picture.height, to: height, start: 0, count: height },
  );
}

/** Position of the whole picture, scaled by one factor, in the middle of `width`×`height`. */
export function paddedPlace(picture: Pick<Picture, 'width' | 'height'>, width: number, height: number) {
  const factor = Math.min(width / picture.width, height / picture.height);
  const size = {
    width: Math.max(1, Math.round(picture.width * factor)),
    height: Math.max(1, Math.round(picture.height * factor)),
  };
  return { ...size, left: Math.floor((width - size.width) / 2), top: Math.floor((height - size.height) / 2) };
}

/** The whole picture in the middle of a black `width`×`height`. */
function padded<D extends Uint8Array | Float32Array>(picture: Pixels<D>, width: number, height: number): Pixels<D> {
  const { left, top, ...size } = paddedPlace(picture, width, height);
  const inner = squashed(picture, size.width, size.height);
  const { channels } = picture;
  const data = zerosLike(picture.data, width * height * channels);
  for (let y = 0; y < inner.height; y++) {
    const row = inner.data.subarray(y * inner.width * channels, (y + 1) * inner.width * channels);
    data.set(row, ((top + y) * width + left) * channels);
  }
  return { width, height, channels, data };
}

/**
 * Resizes a picture to the size and channels of a network's input.
 * @throws InputError if width or height is no integer of 1…65536
 */
export function resizedPicture(
  picture: Picture,
  input: Pick<PictureInput, 'width' | 'height' | 'resize'> & Pick<Picture, 'channels'>,
): Picture {
  const { width, height, channels } = input;
  const converted = channels === 1 ? greyPicture(picture) : rgbPicture(picture);
  if (converted.width === width && converted.height === height) return converted;
  return { ...fittedPixels(converted, input), channels };
}

/**
 * Resizes pixels of any channels, levels or floats, to the size of a network's input; with the arithmetic of `resizedPicture`.
 * @throws InputError if width or height is no integer of 1…65536
 */
export function fittedPixels<D extends Uint8Array | Float32Array>(
  pixels: Pixels<D>,
  { width, height, resize }: Pick<PictureInput, 'width' | 'height' | 'resize'>,
): Pixels<D> {
  if ([width, height].some((size) => !Number.isInteger(size) || size < 1 || size > 65_536)) {
    throw new InputError({ name: 'picture size', expected: 'integers of 1…65536', got: `${width}×${height}` });
  }
  if (pixels.width === width && pixels.height === height) return pixels;
  switch (resize) {
    case 'crop':
      return resizedAxes(pixels, ...coveringAxes(pixels, width, height));
    case 'squash':
      return squashed(pixels, width, height);
    case 'pad':
      return padded(pixels, width, height);
  }
}

/** How enlarged pixels are made: repeated, or smooth by Lanczos' filter. */
export type EnlargeKernel = 'nearest' | 'lanczos';

/** The largest factor of `enlargedPicture`. */
export const MAX_FACTOR = 64;

/**
 * The picture enlarged by a whole factor.
 * @throws InputError if the factor is no integer of 1…64
 */
export function enlargedPicture(picture: Picture, factor: number, kernel: EnlargeKernel = 'nearest'): Picture {
  if (!Number.isInteger(factor) || factor < 1 || factor > MAX_FACTOR)
    throw new InputError({ name: 'factor', expected: `an integer of 1…${MAX_FACTOR}`, got: factor });
  const { width, height, channels, data } = picture;
  const axis = (from: number): Axis => ({ from, to: factor * from, start: 0, count: factor * from, kernel: LANCZOS });
  if (kernel === 'lanczos') return { ...resizedAxes(picture, axis(width), axis(height)), channels };
  const enlarged = new Uint8Array(factor * factor * data.length);
  const row = factor * width * channels;
  for (let y = 0; y < height; y++) {
    const first = y * factor * row;
    for (let x = 0, at = first; x < width; x++) {
      const pixel = (y * width + x) * channels;
      for (let copy = 0; copy < factor; copy++)
        for (let c = 0; c < channels; c++) enlarged[at++] = data[pixel + c] ?? 0;
    }
    for (let copy = 1; copy < factor; copy++) enlarged.copyWithin(first + copy * row, first, first + row);
  }
  return { width: factor * width, height: factor * height, channels, data: enlarged };
}
