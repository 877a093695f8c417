/** @file Latents in the order in which the discriminator takes their pictures for real. */
import { concatenated } from '../../numeric/concatenated.js';
import { discriminatorBeside } from '../../networks/default-model.node.js';
import { Discriminator, scoreOf, type Score } from '../../networks/discriminator.js';
import type { JobContext } from './context.node.js';
import { TopScores, type RankedScores } from './top-k.js';
import type { LatentRows } from './latent-rows.node.js';
import { keptCount, type Ranking } from '../options/ranking.js';

/** Pictures that are held at a time. */
const BATCH = 64;

/** The discriminator that is named, or lies beside the generator, on the generator's device. Dispose of it when done. */
export async function loadDiscriminator(named: string | undefined, context: JobContext): Promise<Discriminator> {
  const { model, generator } = context;
  return Discriminator.load(await discriminatorBeside(model, named), { device: generator.choice.device });
}

/**
 * Tells how real the pictures of latents look, one after the other; neither pictures nor latents are kept.
 * @throws the signal's reason when it is aborted
 */
export async function tellScores(
  discriminator: Discriminator,
  latents: LatentRows,
  { generator, signal, progress }: JobContext,
  tell: (score: Score) => void,
): Promise<void> {
  for (let start = 0; start < latents.count; start += BATCH) {
    signal?.throwIfAborted();
    const pictures = await generator.pictures(latents.rows(start, BATCH));
    (await discriminator.score(pictures)).forEach(tell);
    progress?.(start + pictures.length, latents.count, 'scored');
  }
}

/** The highest scores of latents. Memory grows with the number that is kept, not with that of the latents. */
export async function highestScores(latents: LatentRows, ranking: Ranking, context: JobContext): Promise<RankedScores> {
  const highest = new TopScores(keptCount(ranking, latents.count), latents.count);
  const discriminator = await loadDiscriminator(ranking.discriminator, context);
  try {
    await tellScores(discriminator, latents, context, ({ logit }) => highest.add(logit));
  } finally {
    await discriminator.dispose();
  }
  return highest.ranked();
}

/** The latents at the ranked positions, in that order. */
export function rankedRows(latents: LatentRows, { positions, logits }: RankedScores): LatentRows {
  return {
    count: positions.length,
    identity: latents.identity,
    rows: (start, count) =>
      concatenated(Array.from(positions.subarray(start, start + count), (position) => latents.rows(position, 1))),
    origin: (index) => latents.origin(positions[index] as number),
    score: (index) => scoreOf(logits[index] as number),
  };
}
