/** @file Latents in the order in which the discriminator takes their pictures for real. */
import { Discriminator, type Score } from '../discriminator.js';
import { discriminatorBeside } from '../default-model.node.js';
import type { JobContext } from './context.node.js';

/** Pictures that are held at a time. */
const BATCH = 64;

/** The discriminator that is named, or lies beside the generator, on the generator's device. Dispose of it when done. */
export async function loadedDiscriminator(named: string | undefined, context: JobContext): Promise<Discriminator> {
  const { model, generator } = context;
  return Discriminator.load(await discriminatorBeside(model, named), { device: generator.choice.device });
}

/** How real the pictures of latents look, one score per latent; the pictures are not kept. */
export async function latentScores(
  discriminator: Discriminator,
  latents: Float32Array,
  { generator, signal, progress }: JobContext,
): Promise<Score[]> {
  const { latentDim } = generator;
  const count = latents.length / latentDim;
  const scores: Score[] = [];
  while (scores.length < count) {
    signal?.throwIfAborted();
    const part = latents.subarray(scores.length * latentDim, (scores.length + BATCH) * latentDim);
    scores.push(...(await discriminator.score(await generator.pictures(part))));
    progress?.(scores.length, count, 'scored');
  }
  return scores;
}

/** Positions of the scores, the most real first; of equal ones the earlier first. */
export function rankedPositions(scores: readonly Score[], keep = scores.length): number[] {
  const positions = scores.map((_, i) => i);
  return positions.toSorted((a, b) => (scores[b]?.logit ?? 0) - (scores[a]?.logit ?? 0)).slice(0, keep);
}
