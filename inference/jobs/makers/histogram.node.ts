/** @file Makes a histogram job's plot of the scores of real and generated pictures. */
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { histogramPng } from '../../figures/charts/histogram.node.js';
import { light } from '../../figures/theme.js';
import { brokenPicture, expectNoneSkipped } from '../../files/strict.js';
import { picturePaths } from '../../files/picture-paths.node.js';
import type { Discriminator, Score } from '../../networks/discriminator.js';
import { saveLatents } from '../../latent/files/latents-file.node.js';
import { decodePicture } from '../../pictures/pictures.node.js';
import type { JobContext } from '../shared/context.node.js';
import type { HistogramJob } from '../kinds/histogram.js';
import { latentDetails, latentRows } from '../shared/latent-rows.node.js';
import { loadDiscriminator, scoreBatches } from '../shared/ranking.node.js';
import { namesFile } from '../options/checks.js';

/**
 * Writes the plot as PNG; an existing file is replaced. At most as many real pictures as generated ones are scored, evenly
 * spread over the folder.
 * @returns the file
 * @throws InputError if the folder has no picture that can be read, or where the job is strict a file that is not scored
 * @throws the signal's reason when it is aborted
 */
export async function writeHistogram(job: HistogramJob, context: JobContext): Promise<string[]> {
  const { generator, record, log, skipped: tellSkipped } = context;
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'scores.png');
  const latents = await latentRows(job.source, generator, job.truncation);
  const { paths, skipped, found } = await realPictures(job.real, latents.count);
  if (job.strict) expectNoneSkipped(skipped);
  if (paths.length < found)
    log?.(
      `Real pictures: ${paths.length} of ${found}, evenly spread, as many as are generated (change it with \`count\`)`,
    );
  const discriminator = await loadDiscriminator(job.discriminator, context);
  try {
    const real = await fileScores(discriminator, paths, { strict: job.strict, skipped }, context);
    if (job.saveLatents !== undefined)
      await saveLatents(job.saveLatents, latents.rows(0, latents.count), generator.latentDim);
    const generated: Score[] = [];
    await scoreBatches(discriminator, latents, context, (scores) => generated.push(...scores));
    await writeFileAtomic(
      file,
      plot(
        real.map(({ score }) => score),
        generated,
      ),
    );
    real.forEach(({ path, score }, index) => record?.({ index, file: path, kind: 'real', ...score }));
    generated.forEach((score, index) => {
      record?.({ index, ...latentDetails(latents, index), file, kind: 'generated', ...score });
    });
    tellSkipped?.(skipped);
    log?.(
      `Taken for real: ${share(real.map(({ score }) => score))} of the real, ${share(generated)} of the generated pictures`,
    );
    return [file];
  } finally {
    await discriminator.dispose();
  }
}

/** Pictures under a folder, in the order of their names, at most `most`, evenly spread. */
async function realPictures(
  folder: string,
  most: number,
): Promise<{ paths: string[]; skipped: string[]; found: number }> {
  const { paths, skipped } = await picturePaths([folder]);
  const count = Math.min(most, paths.length);
  const chosen = Array.from({ length: count }, (_, i) => paths[Math.floor((i * paths.length) / count)] as string);
  return { paths: chosen, skipped, found: paths.length };
}

/**
 * The scores of the files; `skipped` gets the reason for each that cannot be read.
 * @throws the signal's reason when it is aborted
 */
async function fileScores(
  discriminator: Discriminator,
  paths: readonly string[],
  { strict, skipped }: { strict: boolean; skipped: string[] },
  { progress, signal }: JobContext,
): Promise<{ path: string; score: Score }[]> {
  const scored: { path: string; score: Score }[] = [];
  let unreadable: string | undefined;
  for (const [index, path] of paths.entries()) {
    signal?.throwIfAborted();
    try {
      const [score] = await discriminator.score([await decodePicture(path)]);
      scored.push({ path, score: score as Score });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (strict) throw brokenPicture(error.message);
      unreadable ??= error.message;
      skipped.push(error.message);
    }
    progress?.(index + 1, paths.length, 'real pictures scored');
  }
  if (scored.length === 0)
    throw new InputError({ name: 'real', expected: 'pictures that can be read', got: unreadable });
  return scored;
}

function plot(real: readonly Score[], generated: readonly Score[]): Uint8Array {
  const series = [
    { label: 'real', colour: light.series[0], values: real.map(({ logit }) => logit) },
    { label: 'generated', colour: light.series[1], values: generated.map(({ logit }) => logit) },
  ];
  const xTitle = 'logit of the discriminator, above 0 for “real”';
  return histogramPng(series, { title: 'What the discriminator takes for real', xTitle, yTitle: 'share of pictures' });
}

function share(scores: readonly Score[]): string {
  return `${((100 * scores.filter(({ logit }) => logit > 0).length) / scores.length).toFixed(0)} %`;
}
