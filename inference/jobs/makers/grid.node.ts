/** @file Makes a grid job's picture. */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { className } from '../../labels/meant-class.js';
import { pictureGrid } from '../../pictures/grid.js';
import { encodePng } from '../../pictures/pictures.node.js';
import { checkLatentsPath } from '../../latent/files/latents-file.node.js';
import { checkPictures, jobPictures, recordCells, type JobContext } from '../shared/context.node.js';
import { recordedClass, recordedClasses } from '../shared/classes.js';
import { columnsFor } from '../options/grid.js';
import { gridLook, scaledSize } from '../options/scale.js';
import type { GridJob } from '../kinds/grid.js';
import { latentCaption, latentDetails, latentRows, type LatentRows } from '../shared/latent-rows.node.js';
import { keptCount, type Ranking } from '../options/ranking.js';
import { networkFiles, pictureIdentity } from '../files/identity.node.js';
import { JobFolder } from '../files/job-folder.node.js';
import { SCORES_FILE } from '../shared/scores-file.node.js';
import { namesFile } from '../options/checks.js';

/** Pictures of each class, where nobody said how many. */
const CLASS_COLUMNS = 8;
/** zlib's level for grids, which would otherwise take as long to compress as to generate. */
export const GRID_COMPRESSION = 2;

/**
 * Writes the pictures as one PNG; an existing file is replaced. The scores of a ranking are kept in a folder beside it until
 * the file is there.
 * @returns the file
 * @throws the signal's reason when it is aborted
 */
export async function writeGrid(job: GridJob, context: JobContext): Promise<string[]> {
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'samples.png');
  const source = await latentRows(job.source, context.generator, job.truncation);
  if (context.generator.label === 'all') await writeClasses(job, file, source, context);
  else if (job.ranking) await writeRanked(job, job.ranking, file, source, context);
  else await writePictures(job, file, source, context);
  return [file];
}

/** Writes the grid of the latents. */
async function writePictures(job: GridJob, file: string, latents: LatentRows, context: JobContext): Promise<void> {
  const columns = columnsFor(latents.count, job.cells);
  const option = job.ranking?.keep === undefined ? 'count' : 'keep';
  const pictures = await jobPictures(job, latents.rows(0, latents.count), option, context);
  await writeFileAtomic(
    file,
    job.labels
      ? await labelled()
      : await encodePng(pictureGrid(pictures, columns, gridLook(job.scale)), GRID_COMPRESSION),
  );
  const classes = recordedClasses(context.generator, latents.rows(0, latents.count));
  recordCells(context, file, pictures.length, columns, (index) => ({
    ...latentDetails(latents, index),
    ...classes(index),
  }));

  async function labelled(): Promise<Uint8Array> {
    // A canvas takes long to load.
    const { sheetPng } = await import('../../figures/sheet.node.js');
    const cells = pictures.map((picture, i) => ({ picture, caption: latentCaption(latents, i) }));
    return sheetPng({ cells, columns });
  }
}

/** Writes a row of the same latents for each class, under its name. */
async function writeClasses(job: GridJob, file: string, source: LatentRows, context: JobContext): Promise<void> {
  const { generator } = context;
  const { count: rows = 0, names } = generator.classes ?? {};
  if (job.ranking) throw new InputError({ name: 'sort', conflictsWith: 'label all' });
  const columns = job.counted ? source.count : Math.min(CLASS_COLUMNS, source.count);
  if (job.cells && (job.cells.columns !== columns || job.cells.rows !== rows)) {
    const got = `${job.cells.columns}x${job.cells.rows}`;
    const expected = `COLUMNSx${rows} with as many seeds as columns, as each of the ${rows} classes has a row`;
    throw new InputError({ name: 'grid', expected, got });
  }
  const latents = source.rows(0, columns);
  const pictures = await jobPictures(job, latents, 'count', context, rows);
  const { sheetPng } = await import('../../figures/sheet.node.js');
  const cells = pictures.map((picture, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const seed = job.labels ? latentCaption(source, column) : '';
    const name = column === 0 ? className(row, names) : '';
    return { picture, caption: [name, seed].filter((text) => text !== '').join(' · ') };
  });
  await writeFileAtomic(file, sheetPng({ cells, columns }));
  recordCells(context, file, pictures.length, columns, (at) => ({
    ...latentDetails(source, at % columns),
    ...recordedClass(generator, Math.floor(at / columns)),
  }));
}

/** Writes the grid of the latents with the highest scores. What would fail after the scoring fails before. */
async function writeRanked(
  job: GridJob,
  ranking: Ranking,
  file: string,
  source: LatentRows,
  context: JobContext,
): Promise<void> {
  const kept = keptCount(ranking, source.count);
  if (job.saveLatents !== undefined) checkLatentsPath(job.saveLatents);
  columnsFor(kept, job.cells);
  checkPictures(kept, ranking.keep === undefined ? 'count' : 'keep', scaledSize(context.generator, job.scale));
  const { highestScores, rankedRows } = await import('../shared/ranking.node.js');
  const { generator, model, signal, log } = context;
  const folder = await JobFolder.open(`${file}.part`, {
    job: 'ranking',
    generator: model,
    assumed: generator.assumptions,
    identity: pictureIdentity(job, source, context, await networkFiles(context.model, job.ranking)),
    files: { names: [SCORES_FILE] },
    count: source.count,
    resume: job.resume,
  });
  try {
    await folder.begin();
    const ranked = await highestScores(source, ranking, context, join(folder.folder, SCORES_FILE));
    await writePictures(job, file, rankedRows(source, ranked), context);
    await folder.clear();
  } catch (error) {
    if (signal?.aborted) log?.('Stopped; the scores so far are kept, and the same command with `resume` continues.');
    throw error;
  } finally {
    await folder.release();
  }
  await rmdir(folder.folder).catch(() => undefined);
}
