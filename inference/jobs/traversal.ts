/** @file A traversal job: latents walked along directions, one row each. */
import { InputError } from '../../onnx/errors.js';
import { parsedDirections, type DirectionChoice } from '../latent/directions.js';
import { seedCount } from '../latents.js';
import {
  checkInteger,
  latentSource,
  namesFile,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from './request.js';

/** Walks along directions: a row per latent, or per direction where there are several of these. */
export interface TraversalJob extends CommonJob {
  kind: 'traversal';
  source: LatentSource;
  directions: DirectionChoice;
  /** How far to either side: in units of the latent's numbers, or standard deviations of a component. */
  extent: number;
  /** Pictures per row. */
  steps: number;
}

const DEFAULT_STEPS = 9;
const MAX_STEPS = 500;
const EXTENT = 3;

/** @throws InputError for values out of range and options that exclude each other */
export function traversalJob(request: SampleRequest): TraversalJob {
  const { traverse = '', extent = EXTENT, frames: steps = DEFAULT_STEPS, out = 'traversal.png' } = request;
  const { truncation, saveLatents } = request;
  namesFile(out, ['.png']);
  const directions = parsedDirections(traverse);
  checkInteger('frames', steps, 2, MAX_STEPS);
  if (!(extent > 0 && extent <= 100)) throw new InputError(`--extent: expected a number of 0…100; got ${extent}`);
  const several = directionCount(directions) > 1;
  const source = latentSource(request, request.count ?? (several ? 1 : 4));
  if ('seeds' in source) checkRows(seedCount(source.seeds), directions);
  return { kind: 'traversal', source, directions, extent, steps, truncation, saveLatents, out };
}

/** @throws InputError for several latents along several directions */
export function checkRows(latents: number, directions: DirectionChoice): void {
  if (latents === 1 || directionCount(directions) === 1) return;
  throw new InputError(
    `--traverse: expected one latent along several directions, or several along one; got ${latents} and ${directionCount(directions)}`,
  );
}

function directionCount(choice: DirectionChoice): number {
  return choice.kind === 'numbers' ? choice.indices.length : choice.components.length;
}
