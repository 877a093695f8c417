/** @file Makes a traversal job's picture. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../onnx/files.node.js';
import { axisDirection, walkedLatents, type DirectionChoice } from '../latent/directions.js';
import { firstFeatureDirections } from '../latent/features.node.js';
import { sheetPng } from '../sheet.node.js';
import { chosenLatents, jobPictures, recordCells, type JobContext } from './context.node.js';
import { namesFile } from './request.js';
import { checkRows, type TraversalJob } from './traversal.js';

interface Direction {
  label: string;
  direction: Float32Array;
}

/** Writes rows of pictures along the directions as one PNG; an existing file is replaced. Returns the file. */
export async function writtenTraversal(job: TraversalJob, context: JobContext): Promise<string[]> {
  const { latentDim } = context.generator;
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'traversal.png');
  const chosen = await chosenLatents(job.source, latentDim, job.truncation);
  checkRows(chosen.count, job.directions);
  const directions = await directionsOf(job.directions, context);
  const rows = directions.flatMap(({ label, direction }) =>
    Array.from({ length: chosen.count }, (_, i) => ({
      label: directions.length > 1 ? label : origin(i),
      latents: walkedLatents(
        chosen.latents.subarray(i * latentDim, (i + 1) * latentDim),
        direction,
        job.extent,
        job.steps,
      ),
    })),
  );
  const latents = new Float32Array(rows.length * job.steps * latentDim);
  rows.forEach((row, i) => latents.set(row.latents, i * job.steps * latentDim));
  const pictures = await jobPictures(job, latents, 'frames', context);
  const cells = pictures.map((picture, i) => ({ picture, caption: caption(i) }));
  const title = directions.length > 1 ? `${origin(0)} along several directions` : `along ${directions[0]?.label ?? ''}`;
  await writeFileAtomic(file, sheetPng({ cells, columns: job.steps, title }));
  recordCells(context, file, pictures.length, job.steps);
  return [file];

  function origin(index: number): string {
    return chosen.seeds ? `seed ${chosen.seeds[index]}` : `row ${index}`;
  }

  /** How far along, and what the row is under the picture in the middle (of an even number, the first). */
  function caption(index: number): string {
    const step = index % job.steps;
    const along = job.extent * ((2 * step) / (job.steps - 1) - 1);
    if (step !== (job.steps % 2 === 1 ? (job.steps - 1) / 2 : 0)) return signed(along);
    return rows[Math.floor(index / job.steps)]?.label ?? '';
  }
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

async function directionsOf(choice: DirectionChoice, { model, generator, log }: JobContext): Promise<Direction[]> {
  if (choice.kind === 'numbers') {
    return choice.indices.map((index) => ({
      label: `z[${index}]`,
      direction: axisDirection(index, generator.latentDim),
    }));
  }
  const found = await firstFeatureDirections(model, generator.latentDim, Math.max(...choice.components));
  return choice.components.map((component) => {
    const { direction, share } = found[component - 1] as (typeof found)[number];
    const label = `component ${component}`;
    log?.(`${label}: ${(100 * share).toFixed(1)} % of the variance of the first features`);
    return { label, direction };
  });
}
