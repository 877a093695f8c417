/** @file Outputs of a session as 8-bit levels, made where the session runs: a quarter of the bytes to hand over. */
import { InputError } from '../../onnx/errors.js';
import { writeLevels, type Levels } from '../numeric/levels.js';
import type { SessionTensor, SessionTensors } from './session.js';

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
