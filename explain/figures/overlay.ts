/** @file Heatmaps, and overlays of a map on the picture that it explains. */
import { rgbPicture, type Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import type { PlacedMap } from '../maps/shown/placement.js';
import { drawContours } from './contours.js';
import type { overlayModes, PaletteName } from './names.js';
import { isSigned, paletteEntry, palettes } from './palette.js';

/**
 * How a map is combined with a picture. `report`, as in the CUB-200 report: a weighted sum of colours and picture, divided by
 * its largest channel value. `blend`: the opacity of the colours follows the map, so that the picture is unchanged where the
 * map is zero. `contours`: lines at a quarter, a half and three quarters of the map's range.
 */
export type OverlayMode = (typeof overlayModes)[number];

/** The look of maps. */
export interface MapStyle {
  /** Default `jet`. */
  palette?: PaletteName;
  /** Default `report`. */
  overlay?: OverlayMode;
  /** Weight of the map's colours against the picture, 0…1, default 0.5 (1 − `image_weight` of pytorch-grad-cam); not of contours. */
  alpha?: number;
}

/** @throws InputError for an `alpha` outside 0…1 */
export function requireStyle({ alpha = 0.5 }: MapStyle): void {
  if (!(alpha >= 0 && alpha <= 1)) throw new InputError({ name: 'alpha', expected: 'a number in 0…1', got: alpha });
}

/** Grey level of a heatmap outside the part that the network sees. */
const UNSEEN = 224;

/**
 * The map in colours.
 * @param map [h, w], values 0…1, or −1…1 for a signed palette
 * @throws InputError if `map` does not hold h·w values, all in that range
 */
export function heatmapPicture(map: Float32Array, h: number, w: number, palette?: PaletteName): Picture {
  return placedHeatmap({ left: 0, top: 0, width: w, height: h, data: map }, { width: w, height: h }, palette);
}

/**
 * The map in colours, in a picture of the given size; light grey outside the part that the network sees.
 * @throws InputError if the map has another size than it says, or values out of range
 */
export function placedHeatmap(
  map: PlacedMap,
  { width, height }: { width: number; height: number },
  palette: PaletteName = 'jet',
): Picture {
  if (map.data.length !== map.height * map.width) {
    throw new InputError({ name: 'map', expected: `${map.height}×${map.width} values`, got: map.data.length });
  }
  const data = new Uint8Array(3 * width * height);
  if (map.width * map.height < width * height) data.fill(UNSEEN);
  const { table } = palettes[palette];
  const signed = isSigned(palette);
  forRows(map, width, (at, from) => {
    const row = map.data.subarray(at, at + map.width);
    const wrong = colourRow(row, data, 3 * from, table, signed);
    if (wrong !== undefined)
      throw new InputError({ name: 'map', expected: `values in ${signed ? -1 : 0}…1`, got: wrong });
  });
  return { width, height, channels: 3, data };
}

/**
 * Writes the colours of a row of values, as `paletteColour` gives them. A function of its own, as pictures have millions of pixels.
 * @returns the first value that is out of range
 */
function colourRow(
  values: Float32Array,
  data: Uint8Array,
  start: number,
  table: Uint8Array,
  signed: boolean,
): number | undefined {
  const least = signed ? -1 : 0;
  for (let x = 0, pixel = start; x < values.length; x++, pixel += 3) {
    const value = values[x] as number;
    if (!(value >= least && value <= 1)) return value;
    const entry = 3 * paletteEntry(value, signed);
    data[pixel] = table[entry] as number;
    data[pixel + 1] = table[entry + 1] as number;
    data[pixel + 2] = table[entry + 2] as number;
  }
  return undefined;
}

/** Calls `row` with the position of each row of a placed map in the map's values and in the pixels of a picture. */
function forRows(map: PlacedMap, pictureWidth: number, row: (at: number, from: number) => void): void {
  for (let y = 0; y < map.height; y++) row(y * map.width, (map.top + y) * pictureWidth + map.left);
}

/**
 * The overlay on the part of the picture that the network sees; the rest of the picture is unchanged.
 * @param heatmap `placedHeatmap` of the same map, if already made
 * @throws InputError if the map has values out of range, or `alpha` is outside 0…1
 */
export function placedOverlay(
  picture: Picture,
  map: PlacedMap,
  style: MapStyle = {},
  heatmap: Picture = placedHeatmap(map, picture, style.palette),
): Picture {
  const { alpha = 0.5, overlay = 'report' } = style;
  requireStyle(style);
  const { width, height } = picture;
  const colours = rgbPicture(picture).data;
  const data = picture.channels === 3 ? colours.slice() : colours;
  if (overlay === 'report') mixReport(data, heatmap.data, map, width, alpha);
  else if (overlay === 'blend') mixBlend(data, heatmap.data, map, width, alpha);
  else drawContours(data, width, map, style.palette ?? 'jet');
  return { width, height, channels: 3, data };
}

/**
 * The overlay on the whole picture. `report` is (1 − α)·picture + α·colours, divided by its maximum: `show_cam_on_image` of
 * pytorch-grad-cam in the same float32 arithmetic, truncated to bytes as there; because of the division the brightest
 * spot is always at full brightness. `blend` is (1 − o)·picture + o·colours with o = min(1, 2α·|map|).
 * @param picture RGB or grey
 * @param map [picture.height, picture.width], values as `heatmapPicture` takes them
 * @returns an RGB picture of the same size
 * @throws InputError if `map` has another size or values out of range, or `alpha` is outside 0…1
 */
export function overlaidPicture(picture: Picture, map: Float32Array, style?: MapStyle): Picture {
  const { width, height } = picture;
  return placedOverlay(picture, { left: 0, top: 0, width, height, data: map }, style);
}

/** weight · byte/255 in float32, for every byte. */
function weightedBytes(weight: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => weight * Math.fround(byte / 255));
}

/** The weighted sums of every byte of the colours and every byte of the picture, in float32. */
function mixturesOf(alpha: number): Float32Array {
  const [ofPicture, ofHeat] = [weightedBytes(Math.fround(1 - alpha)), weightedBytes(Math.fround(alpha))];
  const mixtures = new Float32Array(256 * 256);
  for (let i = 0; i < mixtures.length; i++) mixtures[i] = (ofHeat[i >> 8] as number) + (ofPicture[i & 255] as number);
  return mixtures;
}

/** Those of the last overlay: mostly all have the same weight. */
let last: { alpha: number; mixtures: Float32Array } | undefined;

/** Mixes the colours into the map's part of `data`, by a table of the results for every pair of bytes. */
function mixReport(data: Uint8Array, heat: Uint8Array, map: PlacedMap, width: number, alpha: number): void {
  if (last?.alpha !== alpha) last = { alpha, mixtures: mixturesOf(alpha) };
  const { mixtures } = last;
  const pairs = new Uint8Array(mixtures.length);
  forRows(map, width, (_, from) => markPairs(pairs, heat, data, 3 * from, 3 * (from + map.width)));
  let largest = 0;
  for (let pair = 0; pair < pairs.length; pair++) {
    const mixture = mixtures[pair] as number;
    if (pairs[pair] === 1 && mixture > largest) largest = mixture;
  }
  // A black picture with α = 0 has no brightest spot and stays black.
  const bytes = new Uint8Array(mixtures.length);
  for (let i = 0; i < bytes.length && largest > 0; i++) {
    if (pairs[i] === 0) continue;
    const share = Math.fround((mixtures[i] as number) / largest);
    if (share <= 1) bytes[i] = Math.trunc(Math.fround(255 * share));
  }
  forRows(map, width, (_, from) => replacePairs(bytes, heat, data, 3 * from, 3 * (from + map.width)));
}

/** Marks each pair of a byte of the colours and one of the picture. Functions of their own, as pictures have millions of pixels. */
function markPairs(pairs: Uint8Array, heat: Uint8Array, data: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at++) pairs[((heat[at] as number) << 8) | (data[at] as number)] = 1;
}

/** Puts what a table says of each pair in the picture's place. */
function replacePairs(table: Uint8Array, heat: Uint8Array, data: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at++) data[at] = table[((heat[at] as number) << 8) | (data[at] as number)] as number;
}

/** Blends the colours into the map's part of `data`; the opacity follows the map. */
function mixBlend(data: Uint8Array, heat: Uint8Array, map: PlacedMap, width: number, alpha: number): void {
  forRows(map, width, (at, from) => {
    for (let x = 0; x < map.width; x++) {
      const opacity = Math.min(1, 2 * alpha * Math.abs(map.data[at + x] as number));
      for (let i = 3 * (from + x); i < 3 * (from + x + 1); i++) {
        data[i] = Math.round((1 - opacity) * (data[i] as number) + opacity * (heat[i] as number));
      }
    }
  });
}
