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

/** The map of an explanation at the size of a picture. */
export function explainedMap(explanation: Explanation, picture: Picture, palette: PaletteName): ExplainedMap {
  const signed = isSigned(palette);
  const { width, height } = picture;
  const whole = { x: 0, y: 0, width, height };
  const map = drawnMap(explanation, signed);
  const largest = map.data.reduce((most, value) => Math.max(most, signed ? Math.abs(value) : value), 0);
  const note = emptyMapNote(explanation);
  return {
    width,
    height,
    values: placedMap(map, picture, whole, signed).data,
    shares: placedMap(map, picture, whole, signed, largest || 1).data,
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
