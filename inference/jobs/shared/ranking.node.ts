/** @file Latents in the order of the discriminator's scores of their pictures. */
import { concatenated } from '../../numeric/concatenated.js';
import { discriminatorBeside } from '../../runs/default-model.node.js';
import { Discriminator, scoreOf, type Score } from '../../networks/discriminator.js';
import type { ReadOptions } from '../../networks/read-network.js';
import { ScoresFile } from './scores-file.node.js';
import { rangeNormalization } from '../../pictures/pixels.js';
import type { JobContext } from './context.node.js';
import { TopScores, type RankedScores } from './top-k.js';
import type { LatentRows } from './latent-rows.node.js';
import { keptCount, type Ranking } from '../options/ranking.js';

/** Pictures that are held and scored at a time. */
export const SCORED_BATCH = 64;

/** How a discriminator takes pictures: as is stated, or as the generator makes them where its file does not say. */
export function pictureReading({ generator, preparation }: JobContext): ReadOptions {
  return {
    ...(preparation && { preparation }),
    defaultLabel: () =>
      typeof generator.label === 'number' ? { label: generator.label, because: "as the generator's" } : undefined,
    defaults: {
      preparation: {
        normalization: rangeNormalization(generator.range, generator.channels),
        resize: generator.metadata?.resize ?? 'squash',
        size: { height: generator.height, width: generator.width },
      },
      because: "as the generator's pictures",
    },
  };
}

/** The discriminator that is named, or lies beside the generator, on the generator's device. Dispose of it when done. */
export async function loadDiscriminator(named: string | undefined, context: JobContext): Promise<Discriminator> {
  const { model, generator, assumed } = context;
  const discriminator = await Discriminator.load(await discriminatorBeside(model, named), {
    device: generator.choice.device,
    ...pictureReading(context),
  });
  assumed?.(discriminator.assumptions);
  return discriminator;
}

/**
 * Scores the pictures of latents from number `start` on, a batch at a time; neither pictures nor latents are kept.
 * @throws the signal's reason when it is aborted
 */
export async function scoreBatches(
  discriminator: Discriminator,
  latents: LatentRows,
  { generator, signal, progress }: JobContext,
  take: (scores: readonly Score[]) => unknown,
  start = 0,
): Promise<void> {
  const made = (from: number) => {
    const pictures = generator.pictures(latents.rows(from, Math.min(SCORED_BATCH, latents.count - from)));
    // A failure is met where the pictures are awaited.
    pictures.catch(() => {});
    return pictures;
  };
  let next = start < latents.count ? made(start) : undefined;
  for (let from = start; from < latents.count; from += SCORED_BATCH) {
    signal?.throwIfAborted();
    const pictures = await next;
    // The next pictures are made while these are scored.
    next = from + SCORED_BATCH < latents.count ? made(from + SCORED_BATCH) : undefined;
    await take(await discriminator.score(pictures ?? []));
    progress?.(Math.min(from + SCORED_BATCH, latents.count), latents.count, 'scored');
  }
}

/**
 * The highest scores of latents. Memory grows with the number that is kept, not with that of the latents.
 * @param path of a file that keeps the scores as they come; those in it are not computed again
 */
export async function highestScores(
  latents: LatentRows,
  ranking: Ranking,
  context: JobContext,
  path?: string,
): Promise<RankedScores> {
  const highest = new TopScores(keptCount(ranking, latents.count), latents.count);
  const discriminator = await loadDiscriminator(ranking.discriminator, context);
  let file: ScoresFile | undefined;
  try {
    if (path !== undefined) {
      file = await ScoresFile.open(path, SCORED_BATCH, latents.count, (kept) =>
        kept.forEach((logit) => highest.add(logit)),
      );
    }
    const take = async (scores: readonly Score[]) => {
      for (const { logit } of scores) highest.add(logit);
      await file?.add(Float32Array.from(scores, ({ logit }) => logit));
    };
    await scoreBatches(discriminator, latents, context, take, file?.done);
  } finally {
    await file?.close();
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
