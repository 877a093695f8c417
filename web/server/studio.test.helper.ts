/** @file A studio for tests: one run with the small networks, two steps and one picture of samples. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng, Generator } from '../../inference/index.js';
import { startStudio } from './server.node.js';

/** A network that comes with the package. */
export const tinyPath = (role: 'generator' | 'discriminator') =>
  fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url));

/** One line of metrics.jsonl. */
export const metricsLine = (step: number) =>
  `${JSON.stringify({ step, epoch: 1, lossD: 1 / step, lossG: 2, dReal: 0.75, dFakeBefore: 0.25, dFakeAfter: 0.2, seconds: 1 })}\n`;

/** Starts a studio on a free port. */
export async function testStudio() {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-studio-'));
  const run = join(folder, 'runs', 'birds & bees');
  for (const part of ['onnx', 'samples']) await mkdir(join(run, part), { recursive: true });
  await writeFile(join(run, 'config.json'), '{}');
  await writeFile(join(run, 'metrics.jsonl'), metricsLine(1) + metricsLine(2) + metricsLine(3).slice(0, 20));
  for (const role of ['generator', 'discriminator'] as const) {
    await copyFile(tinyPath(role), join(run, 'onnx', `${role}.onnx`));
  }
  const generator = await Generator.load(tinyPath('generator'), { device: 'cpu' });
  const pictures = await generator.sample([7, 8]);
  await generator.dispose();
  await writeFile(join(run, 'samples', 'step-0000002.png'), await encodePng(pictures[0]!));
  const { url, close } = await startStudio({ runs: join(folder, 'runs'), port: 0 });
  const dispose = async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, run, url, pictures, picture: join(run, 'samples', 'step-0000002.png'), dispose };
}
