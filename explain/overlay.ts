/** @file A map as a picture: in colours, and laid over the picture it explains. */
import { rgbPicture, type Picture } from '../inference/pictures.js';
import { InputError } from '../onnx/errors.js';
import { jet } from './palette.js';

/** How a map is laid over a picture. */
export interface OverlayOptions {
  /** Weight of the picture against the colours of the map, 0…1, default 0.5 (`image_weight` in pytorch-grad-cam). */
  alpha?: number;
}

/**
 * The map in the colours of `jet`.
 * @param map [h, w], values 0…1
 * @throws InputError if `map` does not hold h·w values, all in 0…1
 */
export function heatmapPicture(map: Float32Array, h: number, w: number): Picture {
  if (map.length !== h * w) throw new InputError(`map: expected ${h}×${w} values; got ${map.length}`);
  const data = new Uint8Array(3 * map.length);
  map.forEach((value, i) => {
    if (!(value >= 0 && value <= 1)) throw new InputError(`map: expected values in 0…1; got ${value}`);
    data.set(jet(value), 3 * i);
  });
  return { width: w, height: h, channels: 3, data };
}

/** weight · byte/255 in float32. */
function weighted(weight: number, byte: number | undefined): number {
  return Math.fround(weight * Math.fround((byte ?? 0) / 255));
}

/**
 * The map's colours and the picture mixed, α·picture + (1 − α)·jet(map), then divided by the largest channel value of
 * the mixture. It is `show_cam_on_image` of pytorch-grad-cam in the same float32 arithmetic, truncated to bytes like
 * there; because of the division the brightest spot is always fully bright.
 * @param picture RGB or grey
 * @param map [picture.height, picture.width], values 0…1
 * @returns an RGB picture of the same size
 * @throws InputError if `map` has another size or values outside 0…1, or `alpha` is outside 0…1
 */
export function overlaidPicture(picture: Picture, map: Float32Array, options: OverlayOptions = {}): Picture {
  const { alpha = 0.5 } = options;
  if (!(alpha >= 0 && alpha <= 1)) throw new InputError(`alpha: expected a number in 0…1; got ${alpha}`);
  const { width, height } = picture;
  const heat = heatmapPicture(map, height, width).data;
  const colours = rgbPicture(picture).data;
  const [pictureWeight, heatWeight] = [Math.fround(alpha), Math.fround(1 - alpha)];
  const mixture = new Float32Array(colours.length);
  for (let i = 0; i < mixture.length; i++) {
    mixture[i] = weighted(heatWeight, heat[i]) + weighted(pictureWeight, colours[i]);
  }
  const largest = mixture.reduce((a, b) => Math.max(a, b), 0);
  // Only a black picture with α = 1 has no brightest spot; it stays black.
  const data = Uint8Array.from(mixture, (value) =>
    largest > 0 ? Math.trunc(Math.fround(255 * Math.fround(value / largest))) : 0,
  );
  return { width, height, channels: 3, data };
}
