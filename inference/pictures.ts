/** @file What a picture is between the file and the network: 8-bit pixels, and how they become network input. */

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
 * How a picture is brought to the network's size. `crop`: the shorter side is resized, then the centre cut out;
 * `squash`: width and height are resized independently; `pad`: the longer side is resized, the rest is black.
 */
export type ResizeMode = 'crop' | 'squash' | 'pad';

/** The picture input of a network. */
export interface PictureInput {
  width: number;
  height: number;
  channels: 1 | 3;
  normalization: Normalization;
  resize: ResizeMode;
}
