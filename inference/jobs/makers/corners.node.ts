/** @file Makes a corners job's picture. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { pictureGrid } from '../../pictures/grid.js';
import { cornerLatents } from '../../latent/corners.js';
import { encodePng } from '../../pictures/pictures.node.js';
import { chosenLatents, jobPictures, recordCells, type JobContext } from '../shared/context.node.js';
import { checkCorners, type CornersJob } from '../kinds/corners.js';
import { namesFile } from '../options/checks.js';
import { gridLook } from '../options/scale.js';

/** Writes the pictures as one PNG; an existing file is replaced. Returns the file. */
export async function writeCorners(job: CornersJob, context: JobContext): Promise<string[]> {
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'corners.png');
  const { latents, count } = await chosenLatents(job.source, context.generator, job.truncation);
  checkCorners(count);
  const pictures = await jobPictures(job, cornerLatents(latents, job), 'grid', context);
  await writeFileAtomic(file, await encodePng(pictureGrid(pictures, job.columns, gridLook(job.scale))));
  recordCells(context, file, pictures.length, job.columns);
  return [file];
}
