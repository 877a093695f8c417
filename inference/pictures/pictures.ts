/** @file Pictures in memory: 8-bit pixels, and how a network takes them. */

/** The largest picture that is decoded, in pixels. */
export const MAX_PIXELS = 100_000_000;
/** The largest picture file that is read. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** An 8-bit picture: `data[(y * width + x) * channels + c]`, RGB or grey. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

/** Per-channel normalisation as in torchvision: x = (p / 255 − mean) / std, p in 0…255. One entry per channel. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

/**
 * How a picture is resized to the network's input. `crop`: resize the shorter side, then cut out the centre; `squash`: resize
 * width and height independently; `pad`: resize the longer side and fill the rest with black.
 */
export type ResizeMode = 'crop' | 'squash' | 'pad';

/** Numbers that white may have: of 8, 10, 12, 14 and 16 bits. */
export const LEVELS: readonly number[] = [255, 1023, 4095, 16_383, 65_535];

/** The order in which a network takes colours; A is opacity, which is full everywhere. */
export const channelOrders = ['RGB', 'BGR', 'RGBA', 'BGRA', 'ARGB', 'ABGR'] as const;

/** One of `channelOrders`. */
export type ChannelOrder = (typeof channelOrders)[number];

/** The picture input of a network. */
export interface PictureInput {
  width: number;
  height: number;
  /** 1 and 3 are grey and colour pictures; others come from arrays (`Raster`). */
  channels: number;
  normalization: Normalization;
  resize: ResizeMode;
  /** Missing for RGB. */
  channelOrder?: ChannelOrder;
}

/** Pixels [height, width, 4] as red, green, blue and 255: a picture with bytes that say nothing. */
export interface OpaquePixels {
  width: number;
  height: number;
  channels: 4;
  data: Uint8Array;
}

/** The picture in grey: ITU-R BT.601 luma with Pillow's integer weights, as in torchvision's `Grayscale`. */
export function greyPicture(picture: Picture): Picture {
  if (picture.channels === 1) return picture;
  const { width, height, data: rgb } = picture;
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    data[i] = ((rgb[3 * i] ?? 0) * 19595 + (rgb[3 * i + 1] ?? 0) * 38470 + (rgb[3 * i + 2] ?? 0) * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data };
}

/** The picture with three channels; grey is repeated. */
export function rgbPicture(picture: Picture): Picture {
  if (picture.channels === 3) return picture;
  const { width, height, data: grey } = picture;
  const data = new Uint8Array(3 * grey.length);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    const level = grey[i] ?? 0;
    data[at] = level;
    data[at + 1] = level;
    data[at + 2] = level;
  }
  return { width, height, channels: 3, data };
}

/** Pixels with their channels in another order [height, width, order.length]; RGB stays the same. */
export function reorderedPicture(
  picture: Picture,
  order: ChannelOrder,
): Omit<Picture, 'channels'> & { channels: number } {
  if (order === 'RGB') return picture;
  const { width, height, data: rgb } = rgbPicture(picture);
  const places = Array.from(order, (colour) => 'RGB'.indexOf(colour));
  const channels = places.length;
  const data = new Uint8Array(width * height * channels).fill(255);
  places.forEach((place, channel) => {
    if (place < 0) return;
    for (let i = 0; i < width * height; i++) data[i * channels + channel] = rgb[3 * i + place] ?? 0;
  });
  return { width, height, channels, data };
}

/** The pixels as opaque RGBA [height, width, 4], for a canvas. */
export function rgbaPixels({ width, height, channels, data }: Picture): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * width * height);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = data[from] as number;
    rgba[to + 1] = data[from + green] as number;
    rgba[to + 2] = data[from + blue] as number;
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** RGB bytes of RGBA bytes; the opacity is dropped. @param into where the first bytes of a larger result go */
export function rgbFromRgba(
  rgba: Uint8ClampedArray | Uint8Array,
  into = new Uint8Array((rgba.length / 4) * 3),
): Uint8Array<ArrayBuffer> {
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    into[to] = rgba[from] as number;
    into[to + 1] = rgba[from + 1] as number;
    into[to + 2] = rgba[from + 2] as number;
  }
  return into;
}
