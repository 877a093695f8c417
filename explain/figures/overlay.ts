/** @file A map as a picture: in colours, and laid over the picture it explains. */
import { rgbPicture, type Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { isSigned, paletteColour, type PaletteName } from './palette.js';
import type { PlacedMap } from '../maps/placement.js';

/**
 * How a map is laid over a picture. `report`, as in the CUB-200 report: colours and picture mixed everywhere, then divided by
 * the largest channel value of the mixture. `blend`: the colours are as opaque as the map is strong, so that the picture
 * stays as it is where the map is zero.
 */
export type OverlayMode = 'report' | 'blend';

/** The overlays, in the order they are named to users. */
export const overlayModes = ['report', 'blend'] as const satisfies readonly OverlayMode[];

/** How maps look. */
export interface MapStyle {
  /** Default `jet`. */
  palette?: PaletteName;
  /** Default `report`. */
  overlay?: OverlayMode;
  /** Weight of the map's colours against the picture, 0…1, default 0.5 (1 − `image_weight` of pytorch-grad-cam). */
  alpha?: number;
}

/** What is outside the network's view, in a heatmap without a picture. */
const UNSEEN = 224;

/**
 * The map in colours.
 * @param map [h, w], values 0…1, or −1…1 for a signed palette
 * @throws InputError if `map` does not hold h·w values, all in that range
 */
export function heatmapPicture(map: Float32Array, h: number, w: number, palette: PaletteName = 'jet'): Picture {
  if (map.length !== h * w) throw new InputError({ name: 'map', expected: `${h}×${w} values`, got: map.length });
  const least = isSigned(palette) ? -1 : 0;
  const data = new Uint8Array(3 * map.length);
  map.forEach((value, i) => {
    if (!(value >= least && value <= 1))
      throw new InputError({ name: 'map', expected: `values in ${least}…1`, got: value });
    data.set(paletteColour(palette, value), 3 * i);
  });
  return { width: w, height: h, channels: 3, data };
}

/** The map in colours in a picture of the given size, light grey where the network did not look. */
export function placedHeatmap(
  map: PlacedMap,
  { width, height }: { width: number; height: number },
  palette?: PaletteName,
): Picture {
  const data = new Uint8Array(3 * width * height).fill(UNSEEN);
  const picture = { width, height, channels: 3, data } as const;
  return pasted(picture, heatmapPicture(map.data, map.height, map.width, palette), map);
}

/** The map laid over the picture where the network looked; the rest of the picture stays as it is. */
export function placedOverlay(picture: Picture, map: PlacedMap, style?: MapStyle): Picture {
  const whole = rgbPicture(picture);
  return pasted(whole, overlaidPicture(part(whole, map), map.data, style), map);
}

/** weight · byte/255 in float32. */
function weighted(weight: number, byte: number | undefined): number {
  return Math.fround(weight * Math.fround((byte ?? 0) / 255));
}

/**
 * The map laid over the picture. `report` is (1 − α)·picture + α·colours, divided by its maximum: `show_cam_on_image` of
 * pytorch-grad-cam in the same float32 arithmetic, truncated to bytes like there; because of the division the brightest
 * spot is always fully bright. `blend` is (1 − o)·picture + o·colours with o = min(1, 2α·|map|).
 * @param picture RGB or grey
 * @param map [picture.height, picture.width], values as `heatmapPicture` takes them
 * @returns an RGB picture of the same size
 * @throws InputError if `map` has another size or values out of range, or `alpha` is outside 0…1
 */
export function overlaidPicture(picture: Picture, map: Float32Array, style: MapStyle = {}): Picture {
  const { alpha = 0.5, overlay = 'report', palette } = style;
  if (!(alpha >= 0 && alpha <= 1)) throw new InputError({ name: 'alpha', expected: 'a number in 0…1', got: alpha });
  const { width, height } = picture;
  const heat = heatmapPicture(map, height, width, palette).data;
  const colours = rgbPicture(picture).data;
  const data = overlay === 'report' ? reportOverlay(heat, colours, alpha) : blendOverlay(heat, colours, map, alpha);
  return { width, height, channels: 3, data };
}

function reportOverlay(heat: Uint8Array, colours: Uint8Array, alpha: number): Uint8Array {
  const [pictureWeight, heatWeight] = [Math.fround(1 - alpha), Math.fround(alpha)];
  const mixture = new Float32Array(colours.length);
  for (let i = 0; i < mixture.length; i++) {
    mixture[i] = weighted(heatWeight, heat[i]) + weighted(pictureWeight, colours[i]);
  }
  const largest = mixture.reduce((a, b) => Math.max(a, b), 0);
  // Only a black picture with α = 0 has no brightest spot; it stays black.
  return Uint8Array.from(mixture, (value) =>
    largest > 0 ? Math.trunc(Math.fround(255 * Math.fround(value / largest))) : 0,
  );
}

function blendOverlay(heat: Uint8Array, colours: Uint8Array, map: Float32Array, alpha: number): Uint8Array {
  return colours.map((byte, i) => {
    const opacity = Math.min(1, 2 * alpha * Math.abs(map[Math.floor(i / 3)] ?? 0));
    return Math.round((1 - opacity) * byte + opacity * (heat[i] ?? 0));
  });
}

/** A rectangle of an RGB picture. */
function part({ width, data }: Picture, { left, top, width: w, height: h }: PlacedMap): Picture {
  const cut = new Uint8Array(3 * w * h);
  for (let y = 0; y < h; y++) {
    const from = 3 * ((top + y) * width + left);
    cut.set(data.subarray(from, from + 3 * w), 3 * y * w);
  }
  return { width: w, height: h, channels: 3, data: cut };
}

/** An RGB picture with another one laid into its rectangle. */
function pasted(picture: Picture, inner: Picture, { left, top }: PlacedMap): Picture {
  const data = picture.data.slice();
  for (let y = 0; y < inner.height; y++) {
    data.set(
      inner.data.subarray(3 * y * inner.width, 3 * (y + 1) * inner.width),
      3 * ((top + y) * picture.width + left),
    );
  }
  return { ...picture, data };
}
