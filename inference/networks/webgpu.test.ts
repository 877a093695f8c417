/** @file Sampling on WebGPU in Node, with a software driver: a whole batch gives the pictures that the CPU makes one by one. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasSoftwareGpu, softwareGpuEnvironment } from '../../fixtures/software-gpu.test.helper.js';
import { normalLatents } from '../latent/latents.js';
import { Generator } from './generator.js';
import { model, seeds } from './webgpu.test.helper.js';

function pictureNumbersOnGpu(latentDim: number): Promise<Float32Array> {
  const script = fileURLToPath(new URL('./webgpu.test.helper.js', import.meta.url));
  const env = softwareGpuEnvironment();
  const child = fork(script, ['run', `${latentDim}`], { env, serialization: 'advanced', execArgv: [] });
  return new Promise((resolve, reject) => {
    child.on('message', (message) => resolve(message as Float32Array));
    child.on('close', (code) => reject(new Error(`the process ended with code ${code}`)));
  });
}

describe.skipIf(!hasSoftwareGpu)('a session on webgpu', () => {
  it('gives the pictures of the CPU', async () => {
    await using generator = await Generator.load(model, { device: 'cpu' });
    const expected = await generator.run(normalLatents(seeds, generator.latentDim));
    const found = await pictureNumbersOnGpu(generator.latentDim);
    expect(found.length).toBe(expected.length);
    const gap = found.reduce((most, value, at) => Math.max(most, Math.abs(value - (expected[at] as number))), 0);
    expect(gap).toBeLessThan(1e-4);
  });
});
