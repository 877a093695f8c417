/** @file A network's numbers as 8-bit levels. */
import { InputError } from '../../onnx/errors.js';

/** How numbers become levels: x·scale + shift, rounded and clamped to 0…255; an entry per channel. */
export interface Levels {
  scale: readonly number[];
  shift: readonly number[];
}

/**
 * The levels of one picture, channels last.
 * @param chw [C, H, W]
 * @param into [H, W, C]
 * @throws InputError if a number is not finite
 */
export function writeLevels(chw: Float32Array | Uint8Array, { scale, shift }: Levels, into: Uint8Array): void {
  const channels = scale.length;
  const plane = chw.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const factor = scale[channel] as number;
    // Half a level more, and everything after the point dropped, is rounding to the nearest.
    const summand = (shift[channel] as number) + 0.5;
    // A number that is not finite makes the sum so too, which spares a check of each.
    let sum = 0;
    for (let i = channel * plane, at = channel; i < (channel + 1) * plane; i++, at += channels) {
      const x = chw[i] as number;
      sum += x;
      const level = x * factor + summand;
      into[at] = level < 0 ? 0 : level > 255 ? 255 : level;
    }
    if (!Number.isFinite(sum)) throw notFinite(chw);
  }
}

function notFinite(chw: Float32Array | Uint8Array): InputError {
  const found = chw.find((x) => !Number.isFinite(x));
  return new InputError({
    name: 'network output',
    expected: 'finite numbers',
    got: `${found} (the weights have probably diverged)`,
  });
}
