/** @file Makes a grid job's picture. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../onnx/files.node.js';
import { pictureGrid } from '../grid.js';
import { encodedPng } from '../pictures.node.js';
import { sheetPng } from '../sheet.node.js';
import { chosenLatents, jobPictures, latentLabel, recordCells, type JobContext } from './context.node.js';
import { columnsFor, type GridJob } from './grid.js';
import { namesFile } from './request.js';

/** Writes the pictures as one PNG; an existing file is replaced. Returns the file. */
export async function writtenGrid(job: GridJob, context: JobContext): Promise<string[]> {
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'samples.png');
  const chosen = await chosenLatents(job.source, context.generator.latentDim, job.truncation);
  const columns = columnsFor(chosen.count, job.cells);
  const pictures = await jobPictures(job, chosen.latents, 'count', context);
  const png = job.labels
    ? sheetPng({ cells: pictures.map((picture, i) => ({ picture, caption: latentLabel(chosen, i) })), columns })
    : await encodedPng(pictureGrid(pictures, columns));
  await writeFileAtomic(file, png);
  recordCells(context, file, pictures.length, columns, chosen.seeds);
  return [file];
}
