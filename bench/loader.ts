/**
 * @file `npm run bench:loader [folder]`: pictures per second of the loader beside those of the training step, as a table.
 * Without a folder, on generated JPEG files of 500×375.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { resolveDevice } from '../inference/runtime/devices/devices.node.js';
import { normalLatents, seedsFrom } from '../inference/latent/latents.js';
import { spacePicture } from '../trainer/data/space/space.js';
import type { KeepOptions } from '../trainer/data/cache/decoded.node.js';
import { Loader } from '../trainer/data/loader.node.js';
import { openDataset } from '../trainer/data/formats/table.node.js';
import { configWith } from '../trainer/settings/presets.js';
import { initialState } from '../trainer/step/tfjs/state.js';
import { RemoteStep } from '../trainer/step/remote.node.js';

const MADE_PICTURES = 256;
/** Duration of each measurement; at least three steps. */
const SECONDS = 5;
const AIM = 3;
const config = configWith('cub200', { imageSize: 64, ngf: 64, ndf: 64, batchSize: 64, flip: true });

const scratch = await mkdtemp(join(tmpdir(), 'ganscope-bench-'));
try {
  const dataset = await openDataset(process.argv[2] ?? (await madePictures()), config);
  const device = await resolveDevice('auto');
  const step = await RemoteStep.create({
    config,
    state: initialState(config),
    backend: 'onnxruntime',
    device: device.device,
  });
  const latents = normalLatents(seedsFrom(0, config.batchSize), config.latentDim);
  const runStep = (real: Float32Array) => step.run({ real, latents, generatorLatents: latents });
  const cache = { folder: join(scratch, 'cache'), maxBytes: 2 ** 40 };
  const ways: [string, KeepOptions][] = [
    ['kept in memory', {}],
    ['kept in a cache file', { memoryBytes: 0, cache }],
    ['kept nowhere, decoded in every epoch', { memoryBytes: 0 }],
  ];
  console.log(
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, ${step.description};`,
  );
  console.log(`${dataset.name}; 64×64, 64 base channels, batch 64, mirrored at random\n`);
  console.log(
    '| decoded pictures | first decoding, pictures/s | loader, pictures/s | step, pictures/s | loader / step | steps waited |',
  );
  console.log('| --- | --: | --: | --: | --: | --: |');
  for (const [name, options] of ways) {
    const loader = new Loader(dataset, config, options);
    const decoding = await secondsOf(() => loader.decodeAll());
    const loading = await loadedPerSecond(loader);
    await runStep(await loader.batch(0));
    const { steps, total, waited } = await trained(loader, runStep);
    const stepping = (steps * config.batchSize) / (total - waited);
    const first = options.memoryBytes === 0 && !options.cache ? '–' : (dataset.length / decoding).toFixed(0);
    const ratio = loading / stepping;
    const cells = [
      name,
      first,
      loading.toFixed(0),
      stepping.toFixed(0),
      ratio.toFixed(1),
      `${((100 * waited) / total).toFixed(1)} %`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
    if (name.startsWith('kept in') && ratio < AIM) process.exitCode = 1;
    await loader.close();
  }
  await step.dispose();
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function madePictures(): Promise<string> {
  const folder = join(scratch, 'pictures');
  await mkdir(folder);
  for (let index = 0; index < MADE_PICTURES; index++) {
    const { data, width, height, channels } = spacePicture(128, 0, index);
    const raw = { raw: { width, height, channels } };
    const path = join(folder, `${index}.jpg`);
    await writeFile(path, await sharp(data, raw).resize(500, 375, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer());
  }
  return folder;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Pictures per second of the loader alone. */
async function loadedPerSecond(loader: Loader): Promise<number> {
  let batches = 0;
  const started = performance.now();
  while (performance.now() - started < 1000 * SECONDS) await loader.batch(batches++);
  return (batches * config.batchSize * 1000) / (performance.now() - started);
}

/** Seconds of some steps of the training loop, and how many of these seconds it waited for pictures. */
async function trained(loader: Loader, runStep: (real: Float32Array) => Promise<unknown>) {
  let steps = 0;
  let waited = 0;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  while (steps < 3 || seconds() < SECONDS) {
    const before = seconds();
    const real = await loader.batch(steps++);
    waited += seconds() - before;
    await runStep(real);
  }
  return { steps, total: seconds(), waited };
}
