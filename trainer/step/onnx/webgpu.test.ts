/** @file Training on WebGPU, with a software driver: the state stays on the device, and the numbers are those of the CPU. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasSoftwareGpu, softwareGpuEnvironment } from '../../../fixtures/software-gpu.test.helper.js';
import type { NetworkState, StateTensor } from '../state/step.js';
import type { Trained } from './webgpu.test.helper.js';

/** What a process of its own trains: the driver is found when a process starts. */
function trainedOn(device: 'cpu' | 'webgpu'): Promise<Trained> {
  const script = fileURLToPath(new URL('./webgpu.test.helper.js', import.meta.url));
  const child = fork(script, [device], { env: softwareGpuEnvironment(), serialization: 'advanced', execArgv: [] });
  return new Promise((resolve, reject) => {
    child.on('message', (message) => resolve(message as Trained));
    child.on('close', (code) => reject(new Error(`the process ended with code ${code}`)));
  });
}

describe.skipIf(!hasSoftwareGpu)('OnnxStep on webgpu', () => {
  it('keeps the state on the GPU, frees it exactly, and gives the numbers of the CPU; a saved state goes on bit for bit', async () => {
    const [gpu, cpu] = await Promise.all([trainedOn('webgpu'), trainedOn('cpu')]);
    const tensors = [gpu.state.generator, gpu.state.discriminator].flatMap((network) => parts(network)).length;
    expect(gpu.live).toEqual([tensors, tensors, tensors, tensors, 0, 0]);
    expect(cpu.live).toEqual([0, 0, 0, 0, 0, 0]);
    gpu.results.forEach((result, index) => {
      const expected = Object.values(cpu.results[index] ?? {});
      expect(largestGap(Object.values(result), expected), `results of step ${index + 1}`).toBeLessThan(1e-5);
    });
    for (const network of ['generator', 'discriminator'] as const) {
      const expected = new Map(parts(cpu.state[network]));
      for (const [name, { data }] of parts(gpu.state[network])) {
        // As between ONNX Runtime and tfjs (parity.test.ts): Adam moves weights by ±lr where a gradient is rounding noise.
        const bound = /\/[mv]$/.test(name) ? 1e-4 : 8 * gpu.config.lr + 1e-4;
        expect(largestGap(data, (expected.get(name) as StateTensor).data), name).toBeLessThan(bound);
      }
    }
    expect(largestGap(gpu.samples, cpu.samples)).toBeLessThan(1e-4);
    expect(gpu.resumed.results).toEqual(gpu.results.slice(2));
    expect(gpu.resumed.state).toEqual(gpu.state);
  });
});

/** All tensors of a network's state, by names with their part. */
const parts = (network: NetworkState): [string, StateTensor][] =>
  Object.entries(network).flatMap(([part, tensors]: [string, Map<string, StateTensor>]) =>
    [...tensors].map(([name, tensor]): [string, StateTensor] => [`${name}/${part}`, tensor]),
  );

const largestGap = (found: ArrayLike<number>, expected: ArrayLike<number>) =>
  Math.max(...Array.from(found, (value, at) => Math.abs(value - (expected[at] as number))));
