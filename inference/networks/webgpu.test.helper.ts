/** @file A process of `webgpu.test.ts`, started with a software driver: runs a generator's latents as one batch on WebGPU. */
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../onnx/index.js';
import { normalLatents } from '../latent/latents.js';
import { openSession } from '../runtime/runtime.node.js';
import { sessionTensor } from '../runtime/session.js';

export const model = fileURLToPath(new URL('../../../fixtures/tiny/generator.onnx', import.meta.url));
export const seeds: readonly number[] = Array.from({ length: 70 }, (_, seed) => seed);

if (process.argv[2] === 'run') {
  const latentDim = Number(process.argv[3]);
  const session = await openSession(await loadModel(model), { device: 'webgpu' });
  const [input = ''] = session.inputNames;
  const latents = sessionTensor(normalLatents(seeds, latentDim), [seeds.length, latentDim]);
  const outputs = await session.run({ [input]: latents });
  process.send?.(Object.values(outputs)[0]?.data, () => process.disconnect());
  await session.release();
}
