/** @file Converts a network's output to 8-bit levels in the session's thread, which quarters the bytes to transfer. */
import { InputError } from '../../onnx/errors.js';
import type { SessionTensor, SessionTensors } from './session.js';

/** Conversion of numbers to levels: x·scale + shift, rounded and clamped to 0…255; one entry per channel. */
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
    // Adding ½ and truncating rounds to the nearest integer.
    const summand = (shift[channel] as number) + 0.5;
    // The sum is not finite if any number is not, so one check is enough.
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

/** Tensors [N, C, H, W] of float32 or uint8 as uint8 [N, H, W, C]. @throws InputError for others, and as `writeLevels` */
export function leveled(tensors: SessionTensors, levels: Levels): SessionTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, leveledTensor(name, tensor, levels)]),
  );
}

function leveledTensor(name: string, { data, dims }: SessionTensor, levels: Levels): SessionTensor {
  const [rows = 0, channels = 0, height = 0, width = 0] = dims;
  const readable = data instanceof Float32Array || data instanceof Uint8Array;
  if (!readable || dims.length !== 4 || channels !== levels.scale.length) {
    throw new InputError({
      name: `output "${name}"`,
      expected: `float32 or uint8 numbers [N, ${levels.scale.length}, H, W]`,
      got: `[${dims.join(', ')}]`,
    });
  }
  const bytes = new Uint8Array(data.length);
  const stride = channels * height * width;
  for (let at = 0; at < rows * stride; at += stride) {
    writeLevels(data.subarray(at, at + stride), levels, bytes.subarray(at, at + stride));
  }
  return { type: 'uint8', data: bytes, dims: [rows, height, width, channels] };
}
