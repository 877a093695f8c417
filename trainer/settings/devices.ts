/** @file What a run computes on: backends, and the devices of data parallel training from what users write. */
import type { SessionOptions } from '../../inference/runtime/session.js';

/** ONNX Runtime, or tfjs on one of its backends. */
export type Backend = 'onnxruntime' | 'tensorflow' | 'webgpu' | 'cpu';

/** What the setting `devices` may be. */
export const DEVICES_EXPECTED = 'numbers of CUDA devices such as 0,1, or cpu: and a number of shards such as cpu:2';

/**
 * The devices that share each batch; undefined for any other text.
 * @param cores cores of the machine, which the shards on the CPU divide among them
 * @example parallelDevices('cpu:2', 8) // [{ device: 'cpu', threads: 4 }, { device: 'cpu', threads: 4 }]
 */
export function parallelDevices(text: string, cores: number): SessionOptions[] | undefined {
  const [, shards] = /^cpu:([1-9]\d?)$/.exec(text) ?? [];
  if (shards !== undefined) {
    const threads = Math.max(1, Math.floor(cores / Number(shards)));
    return Array.from({ length: Number(shards) }, () => ({ device: 'cpu', threads }));
  }
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text)) return undefined;
  const ids = text.split(',').map(Number);
  return new Set(ids).size === ids.length ? ids.map((deviceId) => ({ device: 'cuda', deviceId })) : undefined;
}
