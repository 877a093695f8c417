/** @file Selects the device in a browser: WebGPU on real hardware, or WebAssembly. */
import { InputError } from '../../../onnx/errors.js';
import { probedMilliseconds } from './probe.js';
import { openSession } from '../runtime.web.js';
import type { Device, DeviceChoice } from '../session.js';

/** The part of the WebGPU API that is used here; TypeScript's library does not declare it yet. */
interface Gpu {
  requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null>;
}

/**
 * The device to run on. WebGPU is tested on a small network with a known result. `auto` skips software implementations,
 * which are slower than WebAssembly.
 * @throws InputError if the requested device does not work
 */
export async function resolveDevice(requested: Device): Promise<DeviceChoice> {
  if (requested === 'cpu' || requested === 'cuda') {
    throw new InputError({
      name: 'device',
      expected: 'one of auto, webgpu, wasm',
      got: `${requested}, which only Node has`,
    });
  }
  if (requested === 'wasm') return { device: 'wasm', notes: ['Device: wasm'] };
  const problem = await webgpuProblem(requested === 'auto');
  if (problem === undefined) return { device: 'webgpu', notes: ['Device: webgpu'] };
  if (requested === 'webgpu') throw new InputError(`device webgpu: does not work here (${problem})`);
  return { device: 'wasm', notes: ['Device: wasm', `  not webgpu: ${problem}`] };
}

/** Why WebGPU is not available; undefined if it is. */
async function webgpuProblem(onlyHardware: boolean): Promise<string | undefined> {
  const { gpu } = navigator as Navigator & { gpu?: Gpu };
  if (!gpu) return 'this browser does not have it, or not on this page';
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) return 'there is no adapter';
  if (onlyHardware && adapter.info?.isFallbackAdapter) return 'it is a software driver, slower than wasm';
  try {
    await probedMilliseconds((model) => openSession(model, { device: 'webgpu' }));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
