/** @file The latents of a job, some at a time: seeds' latents are drawn as they are needed. */
import { digestOf } from '../../files/same-job.node.js';
import type { Score } from '../../networks/discriminator.js';
import type { Generator } from '../../networks/generator.js';
import { loadLatents } from '../../latent/files/latents-file.node.js';
import { seedCount, seedsWithin, type LatentSource } from '../../latent/latents.js';

/** A seed, or the number of the latent in its file. */
export type LatentOrigin = { seed: number } | { latent: number };

export interface LatentRows {
  count: number;
  /** Tells these latents from others. */
  identity: string;
  /** Latents from number `start` on, at most `count` of them: [≤ count, Z]. */
  rows(start: number, count: number): Float32Array;
  /** What a latent was made from. */
  origin(index: number): LatentOrigin;
  /** How real the picture looks, where the discriminator was asked. */
  score?(index: number): Score;
}

/** The latents of a source. @throws InputError as `loadLatents` and `Generator.latents` */
export async function latentRows(
  source: LatentSource,
  generator: Pick<Generator, 'latentDim' | 'latents'>,
  truncation?: number,
): Promise<LatentRows> {
  if ('file' in source) {
    const { latentDim } = generator;
    const all = await loadLatents(source.file, latentDim);
    return {
      count: all.length / latentDim,
      identity: digestOf(all),
      rows: (start, count) => all.subarray(start * latentDim, (start + count) * latentDim),
      origin: (index) => ({ latent: index }),
    };
  }
  const { seeds } = source;
  return {
    count: seedCount(seeds),
    identity: `seeds:${seeds.map(({ from, to }) => `${from}-${to}`).join()}`,
    rows: (start, count) => generator.latents(seedsWithin(seeds, start, count), truncation),
    origin: (index) => ({ seed: seedsWithin(seeds, index, 1)[0] as number }),
  };
}

/** What is known of one of the latents, for a record. */
export function latentDetails(latents: LatentRows, index: number): LatentOrigin & Partial<Score> {
  return { ...latents.origin(index), ...latents.score?.(index) };
}

/** What is known of one of the latents, in a few words. */
export function latentCaption(latents: LatentRows, index: number): string {
  const origin = latents.origin(index);
  const label = 'seed' in origin ? `${origin.seed}` : `row ${origin.latent}`;
  const score = latents.score?.(index);
  return score ? `${label} · D ${score.probability.toFixed(2)}` : label;
}
