/** @file Conversion between 8-bit pixels and a network's numbers. */
import { InputError } from '../../onnx/errors.js';
import { writeLevels, type Levels } from '../runtime/levels.js';
import type { Normalization, Picture } from './pictures.js';

/** torchvision's normalisation of ImageNet pictures. */
export const IMAGENET: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Size of one picture of a network's input or output. */
export interface PictureSize {
  channels: 1 | 3;
  height: number;
  width: number;
}

/**
 * The range of a generator's numbers: `tanh`, where −1 is black and 1 is white; or the normalisation of its training pictures,
 * which is inverted. Unlike torchvision's `make_grid(normalize=True)`, neither stretches the contrast to the extremes of a
 * batch: a picture looks the same in every batch.
 */
export type OutputRange = 'tanh' | Normalization;

function channelNormalization(range: OutputRange, channel: number): { mean: number; std: number } {
  // (p/255 − ½)/½ is in −1…1.
  if (range === 'tanh') return { mean: 0.5, std: 0.5 };
  const [mean, std] = [range.mean[channel], range.std[channel]];
  if (mean === undefined || std === undefined || !Number.isFinite(mean) || !(std > 0)) {
    throw new InputError({
      name: 'normalization',
      expected: `a mean and a positive std for channel ${channel}`,
      got: `${mean} and ${std}`,
    });
  }
  return { mean, std };
}

/** The range of a generator's numbers, as a normalisation per channel. */
export function rangeNormalization(range: OutputRange, channels: number): Normalization {
  const all = Array.from({ length: channels }, (_, channel) => channelNormalization(range, channel));
  return { mean: all.map(({ mean }) => mean), std: all.map(({ std }) => std) };
}

/**
 * A picture as network input, x = (p/255 − mean)/std per channel.
 * @returns [C, H, W]
 * @throws InputError if `normalization` lacks a channel of the picture or has a std that is not positive
 */
export function networkInput(
  picture: Omit<Picture, 'channels'> & { channels: number },
  normalization: Normalization,
): Float32Array {
  const { width, height, channels, data } = picture;
  const plane = width * height;
  const input = new Float32Array(channels * plane);
  for (let channel = 0; channel < channels; channel++) {
    const { mean, std } = channelNormalization(normalization, channel);
    const values = Float32Array.from({ length: 256 }, (_, p) => (p / 255 - mean) / std);
    for (let i = 0; i < plane; i++) input[channel * plane + i] = values[data[i * channels + channel] ?? 0] ?? 0;
  }
  return input;
}

/**
 * Converts a network's numbers to a picture: p = 255·(x·std + mean), rounded and clamped to 0…255.
 * @param chw [C, H, W]
 * @throws InputError if `chw` has another length than `size` says, or holds a number that is not finite
 */
export function pictureFromOutput(chw: Float32Array, size: PictureSize, range: OutputRange = 'tanh'): Picture {
  const { channels, height, width } = size;
  const plane = width * height;
  if (chw.length !== channels * plane) {
    throw new InputError({
      name: 'network output',
      expected: `${channels}×${height}×${width} numbers per picture`,
      got: chw.length,
    });
  }
  const data = new Uint8Array(chw.length);
  writeLevels(chw, outputLevels(range, channels), data);
  return { width, height, channels, data };
}

/** How a generator's numbers become 8-bit levels, p = 255·(x·std + mean). */
export function outputLevels(range: OutputRange, channels: number): Levels {
  const { mean, std } = rangeNormalization(range, channels);
  return { scale: std.map((each) => 255 * each), shift: mean.map((each) => 255 * each) };
}

/**
 * Converts a batch of a network's numbers to pictures.
 * @param output [N, C, H, W]
 * @throws InputError if `output` is no whole number of pictures, or holds a number that is not finite
 */
export function picturesFromOutput(output: Float32Array, size: PictureSize, range: OutputRange = 'tanh'): Picture[] {
  const stride = size.channels * size.height * size.width;
  if (output.length % stride !== 0) {
    throw new InputError({
      name: 'network output',
      expected: `a multiple of ${size.channels}×${size.height}×${size.width} numbers`,
      got: output.length,
    });
  }
  return Array.from({ length: output.length / stride }, (_, i) =>
    pictureFromOutput(output.subarray(i * stride, (i + 1) * stride), size, range),
  );
}

/** Converts levels [N, H, W, C] to pictures. */
export function picturesFromLevels(levels: Uint8Array, { channels, height, width }: PictureSize): Picture[] {
  const stride = channels * height * width;
  return Array.from({ length: levels.length / stride }, (_, i) => {
    return { width, height, channels, data: levels.slice(i * stride, (i + 1) * stride) };
  });
}
