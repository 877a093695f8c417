/** @file A grid job: pictures side by side in one file. */
import { InputError } from '../../../onnx/errors.js';
import { seedCount, type LatentSource } from '../../latent/latents.js';
import { namesFile } from '../options/checks.js';
import { columnsFor, gridOption } from '../options/grid.js';
import { commonOptions, flag, jobKind } from '../options/option.js';
import { rankedSource, rankingOf, rankingOptions, resumeOption, type Ranking } from '../options/ranking.js';
import { countOption, latentSource, sourceOptions, type CommonJob } from '../options/source.js';
import { checkedScale, scaleOption, type Scale } from '../options/scale.js';

/** Pictures of seeds or of a file's latents, side by side. */
export interface GridJob extends CommonJob {
  kind: 'grid';
  scale: Scale | undefined;
  source: LatentSource;
  /** Whether somebody said how many pictures there are. */
  counted: boolean;
  /** Columns and rows as asked for; nearly square where not. */
  cells: { columns: number; rows: number } | undefined;
  /** Whether each picture has its seed under it. */
  labels: boolean;
  /** Where the pictures are sorted. */
  ranking: Ranking | undefined;
  /** Go on with the scores of an interrupted job. */
  resume: boolean;
}

const DEFAULT_COUNT = 64;

export const grid = jobKind({
  title: 'Grid (the default)',
  options: {
    ...commonOptions,
    ...scaleOption,
    ...sourceOptions,
    ...countOption,
    ...gridOption,
    labels: flag("Each picture's seed under it"),
    ...rankingOptions,
    ...resumeOption,
  },
  check(request): GridJob {
    const { out = 'samples.png', labels = false, resume = false, grid: cells, truncation, saveLatents } = request;
    namesFile(out, ['.png']);
    const scale = request.scale && checkedScale(request.scale);
    const ranking = rankingOf(request);
    if (resume && !ranking) throw new InputError({ name: 'resume', expected: 'to be used with `format` or `sort`' });
    const count = cells ? cells.columns * cells.rows : DEFAULT_COUNT;
    const source = ranking ? rankedSource(request, ranking, count) : latentSource(request, request.count ?? count);
    if ('seeds' in source) columnsFor(Math.min(seedCount(source.seeds), ranking?.keep ?? Infinity), cells);
    const counted = [request.count, request.seeds, request.latents, cells].some((given) => given !== undefined);
    return { kind: 'grid', scale, source, counted, cells, labels, ranking, resume, truncation, saveLatents, out };
  },
});
