/** @file Makes a grid job's picture. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { pictureGrid } from '../../pictures/grid.js';
import { encodePng } from '../../pictures/pictures.node.js';
import { checkLatentsPath } from '../../latent/files/latents-file.node.js';
import { checkPictures, jobPictures, recordCells, type JobContext } from '../shared/context.node.js';
import { columnsFor } from '../options/grid.js';
import { gridLook, scaledSize } from '../options/scale.js';
import type { GridJob } from '../kinds/grid.js';
import { latentCaption, latentDetails, latentRows, type LatentRows } from '../shared/latent-rows.node.js';
import { keptCount } from '../options/ranking.js';
import { namesFile } from '../options/checks.js';

/** zlib's level for grids, which would otherwise take as long to compress as to generate. */
export const GRID_COMPRESSION = 2;

/** Writes the pictures as one PNG; an existing file is replaced. Returns the file. */
export async function writeGrid(job: GridJob, context: JobContext): Promise<string[]> {
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'samples.png');
  const latents = await gridLatents(job, context);
  const columns = columnsFor(latents.count, job.cells);
  const option = job.ranking?.keep === undefined ? 'count' : 'keep';
  const pictures = await jobPictures(job, latents.rows(0, latents.count), option, context);
  await writeFileAtomic(
    file,
    job.labels
      ? await labelled()
      : await encodePng(pictureGrid(pictures, columns, gridLook(job.scale)), GRID_COMPRESSION),
  );
  recordCells(context, file, pictures.length, columns, (index) => latentDetails(latents, index));
  return [file];

  async function labelled(): Promise<Uint8Array> {
    // A canvas takes long to load.
    const { sheetPng } = await import('../../figures/sheet.node.js');
    const cells = pictures.map((picture, i) => ({ picture, caption: latentCaption(latents, i) }));
    return sheetPng({ cells, columns });
  }
}

/** The latents of a grid's pictures, in order. What would fail after the scoring fails before. */
async function gridLatents(job: GridJob, context: JobContext): Promise<LatentRows> {
  const latents = await latentRows(job.source, context.generator.latentDim, job.truncation);
  if (!job.ranking) return latents;
  const kept = keptCount(job.ranking, latents.count);
  if (job.saveLatents !== undefined) checkLatentsPath(job.saveLatents);
  columnsFor(kept, job.cells);
  checkPictures(kept, job.ranking.keep === undefined ? 'count' : 'keep', scaledSize(context.generator, job.scale));
  const { highestScores, rankedRows } = await import('../shared/ranking.node.js');
  return rankedRows(latents, await highestScores(latents, job.ranking, context));
}
