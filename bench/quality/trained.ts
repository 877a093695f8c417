/** @file Trains a network for a time, and draws samples of it: with this project, and with PyTorch's tutorial. */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { picturesFromOutput } from '../../inference/pictures/pixels.js';
import { train } from '../../trainer/run/loop.node.js';
import { startRun } from '../../trainer/run/run.node.js';
import type { GanConfig } from '../../trainer/settings/config.js';
import { drawnLabels } from '../../trainer/step/state/labels.js';
import { common, type QualityData } from './configurations.js';
import { picturesOf, type SplitPictures } from './pictures.js';

/** Samples that are drawn at once. */
const BATCH = 64;
/** More steps than any budget allows, and than any interval is reached in. */
const NEVER = 1_000_000_000;

export interface Trained {
  samples: Picture[];
  steps: number;
  /** From the first step to the last, in seconds. */
  seconds: number;
}

export interface Budget {
  minutes: number;
  /** Steps after which it ends, if the time is not over before; default: none. */
  steps?: number;
  /** How many samples are drawn afterwards. */
  samples: number;
}

/** Trains a configuration in `folder` for some minutes, which begin when pictures are read and networks made. */
export async function trained(
  settings: Partial<GanConfig>,
  { imageSize, channels }: QualityData,
  { train: data }: SplitPictures,
  folder: string,
  { minutes, steps = NEVER, samples: count }: Budget,
): Promise<Trained> {
  await rm(folder, { recursive: true, force: true });
  const half = Array.from({ length: channels }, () => 0.5);
  const shape = { imageSize, channels, normalization: { mean: half, std: half } };
  const rhythm = { steps, sampleEvery: NEVER, checkpointEvery: NEVER };
  const started = await startRun({ ...common, ...shape, ...settings, ...rhythm, data, out: folder, latest: false });
  try {
    const { config, step } = started;
    const before = performance.now();
    const stop = AbortSignal.timeout(minutes * 60_000);
    let seconds = 0;
    const { done } = await train({
      ...started,
      signal: stop,
      progress_callback: () => (seconds = (performance.now() - before) / 1000),
    });
    const random = Random.derived(0, 'samples');
    const samples: Picture[] = [];
    while (samples.length < count) {
      const latents = Float32Array.from({ length: BATCH * config.latentDim }, () => random.normal());
      const output = await step.sample(latents, drawnLabels(config, latents));
      const size = { channels, height: imageSize, width: imageSize };
      samples.push(...picturesFromOutput(output, size, config.normalization));
    }
    return { samples: samples.slice(0, count), steps: done, seconds };
  } finally {
    await started.release();
  }
}

/** The network of PyTorch's DCGAN tutorial, trained by `torch_dcgan.py` as long. @param python with torch and numpy */
export async function trainedByTorch(
  python: string,
  sizes: { width: number; batch: number },
  { imageSize, channels }: QualityData,
  { raw }: SplitPictures,
  folder: string,
  { minutes, samples }: Budget,
): Promise<Trained> {
  const script = fileURLToPath(new URL('../../../bench/quality/torch_dcgan.py', import.meta.url));
  const out = join(folder, '..', `${imageSize}-torch.bin`);
  const given = { data: raw, size: imageSize, channels, minutes, samples, out, ...sizes };
  const options = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(python, [script, ...options]);
  const { steps, seconds } = JSON.parse(stdout) as { steps: number; seconds: number };
  const found = picturesOf(await readFile(out), imageSize, channels);
  await rm(out);
  return { samples: found, steps, seconds };
}
