/** @file Makes a grid job's picture. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../onnx/files.node.js';
import type { Score } from '../discriminator.js';
import { pictureGrid } from '../grid.js';
import { encodedPng } from '../pictures.node.js';
import {
  chosenLatents,
  jobPictures,
  latentLabel,
  recordCells,
  type ChosenLatents,
  type JobContext,
} from './context.node.js';
import { columnsFor, type GridJob } from './grid.js';
import { namesFile } from './request.js';

/** zlib's level for grids, which would otherwise take as long to compress as to generate. */
const FAST = 2;

/** Writes the pictures as one PNG; an existing file is replaced. Returns the file. */
export async function writtenGrid(job: GridJob, context: JobContext): Promise<string[]> {
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'samples.png');
  const all = await chosenLatents(job.source, context.generator.latentDim, job.truncation);
  const chosen: RankedLatents = job.ranking ? await rankedLatents(all, job.ranking, context) : all;
  const columns = columnsFor(chosen.count, job.cells);
  const pictures = await jobPictures(job, chosen.latents, 'count', context);
  await writeFileAtomic(file, job.labels ? await labelled() : await encodedPng(pictureGrid(pictures, columns), FAST));
  recordCells(context, file, pictures.length, columns, (index) => ({
    ...seedOf(chosen, index),
    ...chosen.scores?.[index],
  }));
  return [file];

  async function labelled(): Promise<Uint8Array> {
    // A canvas takes long to load.
    const { sheetPng } = await import('../sheet.node.js');
    const cells = pictures.map((picture, i) => {
      const score = chosen.scores?.[i];
      const label = latentLabel(chosen, i);
      return { picture, caption: score ? `${label} · D ${score.probability.toFixed(2)}` : label };
    });
    return sheetPng({ cells, columns });
  }
}

interface RankedLatents extends ChosenLatents {
  scores?: readonly Score[];
}

function seedOf({ seeds }: ChosenLatents, index: number): { seed?: number } {
  const seed = seeds?.[index];
  return seed === undefined ? {} : { seed };
}

/** The latents of the most real pictures, in that order. */
async function rankedLatents(
  { latents, seeds }: ChosenLatents,
  { discriminator: named, keep }: NonNullable<GridJob['ranking']>,
  context: JobContext,
): Promise<RankedLatents> {
  const { latentScores, loadedDiscriminator, rankedPositions } = await import('./ranking.node.js');
  const { latentDim } = context.generator;
  const discriminator = await loadedDiscriminator(named, context);
  const scores = await latentScores(discriminator, latents, context).finally(() => discriminator.dispose());
  const positions = rankedPositions(scores, keep);
  const ranked = new Float32Array(positions.length * latentDim);
  positions.forEach((at, i) => ranked.set(latents.subarray(at * latentDim, (at + 1) * latentDim), i * latentDim));
  return {
    latents: ranked,
    count: positions.length,
    seeds: seeds && positions.map((at) => seeds[at] as number),
    scores: positions.map((at) => scores[at] as Score),
  };
}
