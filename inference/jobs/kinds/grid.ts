/** @file A grid job: pictures side by side in one file. */
import { InputError } from '../../../onnx/errors.js';
import { seedCount } from '../../latent/latents.js';
import { rankedSource, rankingOf, type Ranking } from '../ranking.js';
import {
  latentSource,
  namesFile,
  parsedGrid,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from '../request.js';

/** Pictures of seeds or of a file's latents, side by side. */
export interface GridJob extends CommonJob {
  kind: 'grid';
  source: LatentSource;
  /** Columns and rows as asked for; nearly square where not. */
  cells: { columns: number; rows: number } | undefined;
  /** Whether each picture has its seed under it. */
  labels: boolean;
  /** Where the most real pictures come first. */
  ranking: Ranking | undefined;
}

const DEFAULT_COUNT = 64;

/** @throws InputError for values out of range and options that exclude each other */
export function gridJob(request: SampleRequest): GridJob {
  const { out = 'samples.png', labels = false, truncation, saveLatents } = request;
  namesFile(out, ['.png']);
  const cells = request.grid === undefined ? undefined : parsedGrid(request.grid);
  const ranking = rankingOf(request);
  const count = cells ? cells.columns * cells.rows : DEFAULT_COUNT;
  const source = ranking ? rankedSource(request, ranking, count) : latentSource(request, request.count ?? count);
  if ('seeds' in source) columnsFor(Math.min(seedCount(source.seeds), ranking?.keep ?? Infinity), cells);
  return { kind: 'grid', source, cells, labels, ranking, truncation, saveLatents, out };
}

/** Columns for so many pictures. @throws InputError if they do not fit into the cells */
export function columnsFor(count: number, cells: { columns: number; rows: number } | undefined): number {
  if (cells && count > cells.columns * cells.rows) {
    throw new InputError({
      name: 'grid',
      expected: `at least ${count} cells, one per picture`,
      got: `${cells.columns}x${cells.rows}`,
    });
  }
  return cells?.columns ?? Math.ceil(Math.sqrt(count));
}
