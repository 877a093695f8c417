/** @file Places a map on the part of the picture that the network saw, at the picture's resolution. */
import type { PictureArea } from '../../../inference/pictures/resize.js';
import type { SignedMap } from '../../methods/kinds/method.js';
import { minMaxScaled, positivePart, scaleMinMax } from './normalize.js';
import { bilinearSampled } from '../../../inference/numeric/bilinear.js';

/** A map for a rectangle of a picture's pixels; the network did not see the rest. */
export interface PlacedMap {
  left: number;
  top: number;
  width: number;
  height: number;
  /** [height, width]: 0…1, or −1…1 for signed maps. */
  data: Float32Array;
}

/** The pixels along one axis whose centres lie in the area, and their positions among the `count` values that cover it. */
function coveredPixels(start: number, length: number, pixels: number, count: number) {
  const first = Math.min(pixels - 1, Math.max(0, Math.ceil(start - 0.5)));
  const end = Math.max(first + 1, Math.min(pixels, Math.ceil(start + length - 0.5)));
  const positions = Array.from({ length: end - first }, (_, i) => ((first + i + 0.5 - start) / length) * count - 0.5);
  return { first, positions };
}

/**
 * The map of `normalizedMap`, sampled at the pixels of the picture that the network saw.
 * @param map raw or signed
 * @param picture sizes of the picture
 * @param area the part of the picture that the map covers, as `sourceArea` gives it
 * @param signed keep negative values: the map is divided by its largest absolute value instead
 * @param largest what becomes 1, for maps on one scale: nothing is subtracted, and 0 stays 0; by default the map's own range
 */
export function placedMap(
  { data, height: h, width: w }: SignedMap,
  picture: { width: number; height: number },
  area: PictureArea,
  signed = false,
  largest?: number,
): PlacedMap {
  const columns = coveredPixels(area.x, area.width, picture.width, w);
  const rows = coveredPixels(area.y, area.height, picture.height, h);
  const values = (): Float32Array => {
    if (largest !== undefined)
      return sampled(signed ? data : positivePart(data)).map((value) => clampedShare(value / largest));
    return signed ? scaledBySize(sampled(data)) : scaleMinMax(sampled(minMaxScaled(positivePart(data))));
  };
  const sampled = (map: Float32Array) => bilinearSampled(map, h, w, rows.positions, columns.positions);
  return {
    left: columns.first,
    top: rows.first,
    width: columns.positions.length,
    height: rows.positions.length,
    data: values(),
  };
}

/** A share of the largest value; 0 where there is none. */
const clampedShare = (share: number): number => (Number.isFinite(share) ? Math.max(-1, Math.min(1, share)) : 0);

/** Divides by the largest absolute value, in place: −1…1; zero everywhere for a map that is not finite. */
function scaledBySize(map: Float32Array): Float32Array {
  let largest = 0;
  for (const value of map) {
    const size = Math.abs(value);
    if (!(size <= largest)) largest = size;
    if (!Number.isFinite(largest)) break;
  }
  if (!(largest > 0 && Number.isFinite(largest))) return map.fill(0);
  for (let at = 0; at < map.length; at++) map[at] = (map[at] as number) / largest;
  return map;
}
