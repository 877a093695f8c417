/** @file What to sample, from the words of a command line: the kind of job, and its options checked. */
import { InputError } from '../../onnx/errors.js';
import { arithmeticJob, type ArithmeticJob } from './kinds/arithmetic.js';
import { cornersJob, type CornersJob } from './kinds/corners.js';
import { gridJob, type GridJob } from './kinds/grid.js';
import { histogramJob, type HistogramJob } from './kinds/histogram.js';
import { interpolationJob, type InterpolationJob } from './kinds/interpolation.js';
import type { SampleRequest } from './request.js';
import { projectionJob, type ProjectionJob } from './kinds/projection.js';
import { shardsJob, type ShardsJob } from './kinds/shards.js';
import { traversalJob, type TraversalJob } from './kinds/traversal.js';

export type SampleJob =
  | ArithmeticJob
  | CornersJob
  | GridJob
  | HistogramJob
  | InterpolationJob
  | ProjectionJob
  | ShardsJob
  | TraversalJob;
type Option = keyof SampleRequest;

interface JobKind {
  /** The option that makes it this kind. */
  trigger?: Option;
  /** Further options it understands, beside those of every job. */
  options: readonly Option[];
  job: (request: SampleRequest) => SampleJob;
}

const COMMON: readonly Option[] = ['saveLatents', 'out'];
const SOURCE: readonly Option[] = ['seed', 'seeds', 'latents', 'truncation'];
const RANKING: readonly Option[] = ['sort', 'keep', 'discriminator'];

/** The kinds of job; the first whose trigger is there is taken. */
const KINDS: readonly JobKind[] = [
  {
    trigger: 'project',
    options: ['seed', 'steps', 'restarts', 'learningRate', 'featureWeight', 'discriminator'],
    job: projectionJob,
  },
  { trigger: 'real', options: [...SOURCE, 'count', 'discriminator'], job: histogramJob },
  { trigger: 'arithmetic', options: ['noise', 'seed', 'truncation'], job: arithmeticJob },
  {
    trigger: 'traverse',
    options: [...SOURCE, 'count', 'extent', 'frames', 'fps', 'easing', 'format'],
    job: traversalJob,
  },
  { trigger: 'corners', options: ['grid', 'interpolate', 'truncation'], job: cornersJob },
  {
    trigger: 'interpolate',
    options: [...SOURCE, 'frames', 'keyframes', 'loop', 'easing', 'fps', 'format'],
    job: interpolationJob,
  },
  { trigger: 'format', options: [...SOURCE, ...RANKING, 'count', 'resume'], job: shardsJob },
  { options: [...SOURCE, ...RANKING, 'count', 'grid', 'labels'], job: gridJob },
];

/**
 * A request with every default filled in.
 * @throws InputError for values out of range, options that exclude each other, and options of another kind of job
 */
export function sampleJob(request: SampleRequest): SampleJob {
  const kind = KINDS.find(({ trigger }) => trigger === undefined || request[trigger] !== undefined) as JobKind;
  const known = [...COMMON, ...kind.options, kind.trigger];
  for (const [name, value] of Object.entries(request) as [Option, unknown][]) {
    if (value === undefined || known.includes(name) || !isOption(name)) continue;
    const others = KINDS.filter(({ options }) => options.includes(name)).map(
      ({ trigger }) => trigger && `\`${trigger}\``,
    );
    const together = others.filter((other) => other !== undefined).join(' or ');
    if (kind.trigger === undefined)
      throw new InputError({ name, expected: `it together with ${together}`, got: 'it alone' });
    throw new InputError({ name, conflictsWith: kind.trigger });
  }
  return kind.job(request);
}

/** A parsed command line holds more than a job's options. */
function isOption(name: string): boolean {
  return KINDS.some(({ trigger, options }) => trigger === name || (options as readonly string[]).includes(name));
}
