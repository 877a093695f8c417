/** @file A grid job: pictures side by side in one file. */
import { InputError } from '../../onnx/errors.js';
import { MAX_SEEDS, seedCount } from '../latents.js';
import {
  checkInteger,
  latentSource,
  namesFile,
  oneOf,
  parsedGrid,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from './request.js';

/** Pictures of seeds or of a file's latents, side by side. */
export interface GridJob extends CommonJob {
  kind: 'grid';
  source: LatentSource;
  /** Columns and rows as asked for; nearly square where not. */
  cells: { columns: number; rows: number } | undefined;
  /** Whether each picture has its seed under it. */
  labels: boolean;
  /** The most real pictures first, by the discriminator in this file, or by the one beside the generator. */
  ranking: { discriminator: string | undefined; keep: number | undefined } | undefined;
}

/** @throws InputError for values out of range and options that exclude each other */
export function gridJob(request: SampleRequest): GridJob {
  const { out = 'samples.png', labels = false, truncation, saveLatents } = request;
  namesFile(out, ['.png']);
  const cells = request.grid === undefined ? undefined : parsedGrid(request.grid);
  const ranking = rankingOf(request);
  const source = latentSource(request, request.count ?? defaultCount(request, cells));
  if ('seeds' in source) columnsFor(Math.min(seedCount(source.seeds), ranking?.keep ?? Infinity), cells);
  return { kind: 'grid', source, cells, labels, ranking, truncation, saveLatents, out };
}

/** @throws InputError for values out of range, and options of a ranking without one */
function rankingOf({ sort, keep, discriminator }: SampleRequest): GridJob['ranking'] {
  if (sort === undefined) {
    const stray = keep === undefined ? (discriminator === undefined ? undefined : 'discriminator') : 'keep';
    if (stray) throw new InputError(`--${stray}: expected it together with --sort; got it alone`);
    return undefined;
  }
  oneOf('sort', sort, ['score']);
  if (keep !== undefined) checkInteger('keep', keep, 1, MAX_SEEDS);
  return { discriminator, keep };
}

/** As many pictures as cells; ten times as many as are kept. */
function defaultCount({ keep }: SampleRequest, cells: GridJob['cells']): number {
  if (keep !== undefined) return Math.min(10 * keep, MAX_SEEDS);
  return cells ? cells.columns * cells.rows : 64;
}

/** Columns for so many pictures. @throws InputError if they do not fit into the cells */
export function columnsFor(count: number, cells: { columns: number; rows: number } | undefined): number {
  if (cells && count > cells.columns * cells.rows) {
    throw new InputError(
      `--grid: expected at least ${count} cells, one per picture; got ${cells.columns}x${cells.rows}`,
    );
  }
  return cells?.columns ?? Math.ceil(Math.sqrt(count));
}
