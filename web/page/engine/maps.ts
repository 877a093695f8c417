/** @file Maps as the page draws them: values at the resolution of the shown picture, without colours. */
import {
  drawnMap,
  emptyMapNote,
  isSigned,
  methods,
  placedMap,
  verdict,
  type Explanation,
  type PaletteName,
} from 'ganscope/explain';
import type { Picture } from 'ganscope/inference';
import type { PlacedMap } from '../../../explain/maps/shown/placement.js';
import type { PictureArea } from '../../../inference/pictures/resize.js';

/** A map on a picture. The page colours it, so that palette, opacity and scale change at once. */
export interface DrawnMap {
  width: number;
  height: number;
  /** Scaled to its own range, 0…1, or −1…1 for signed palettes: the map of the papers. */
  values: Float32Array;
  /** In shares of its largest absolute value, 0 staying 0: for maps on one scale. */
  shares: Float32Array;
  /** That value, in the units of the map. */
  largest: number;
  signed: boolean;
}

/** A map with its words. */
export interface ExplainedMap extends DrawnMap {
  method: string;
  title: string;
  layer: string;
  verdict: string;
  score: number;
  note?: string;
}

/**
 * The map of an explanation at the size of a picture.
 * @param area the part of the picture that the network saw, by default all of it; the map is NaN elsewhere, which is not drawn
 */
export function explainedMap(
  explanation: Explanation,
  picture: Picture,
  palette: PaletteName,
  area: PictureArea = { x: 0, y: 0, width: picture.width, height: picture.height },
): ExplainedMap {
  const signed = isSigned(palette);
  const { width, height } = picture;
  const map = drawnMap(explanation, signed);
  const placed = (most?: number) => onPicture(placedMap(map, picture, area, signed, most), picture);
  const largest = map.data.reduce((most, value) => Math.max(most, signed ? Math.abs(value) : value), 0);
  const note = emptyMapNote(explanation);
  return {
    width,
    height,
    values: placed(),
    shares: placed(largest || 1),
    largest,
    signed,
    method: explanation.method,
    title: methods[explanation.method].title,
    layer: explanation.layer.name,
    verdict: verdict(explanation),
    score: explanation.score,
    ...(note !== undefined && { note }),
  };
}

/** The values of a map at the size of its picture, NaN where it has none. */
function onPicture({ left, top, width, height, data }: PlacedMap, picture: Picture): Float32Array {
  const values = new Float32Array(picture.width * picture.height).fill(Number.NaN);
  for (let row = 0; row < height; row++) {
    values.set(data.subarray(row * width, (row + 1) * width), (top + row) * picture.width + left);
  }
  return values;
}

/** Channels of a layer [count, height, width], each scaled to its own range, 0…1. */
export function scaledChannels(data: Float32Array, count: number, size: number): Float32Array {
  const scaled = new Float32Array(count * size);
  for (let channel = 0; channel < count; channel++) {
    const own = data.subarray(channel * size, (channel + 1) * size);
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of own) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const range = most - least;
    for (let i = 0; i < size; i++) scaled[channel * size + i] = range > 0 ? ((own[i] as number) - least) / range : 0;
  }
  return scaled;
}
