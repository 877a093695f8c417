/** @file A corners job: a grid of pictures between four latents. */
import { InputError } from '../../../onnx/errors.js';
import type { InterpolationMode } from '../../latent/interpolate.js';
import { seedCount } from '../../latent/latents.js';
import { interpolationMode } from './interpolation.js';
import {
  namedSource,
  namesFile,
  parsedGrid,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from '../request.js';

/** Pictures between the latents of four seeds, or of a file with four. */
export interface CornersJob extends CommonJob {
  kind: 'corners';
  /** Top left, top right, bottom left and bottom right. */
  source: LatentSource;
  columns: number;
  rows: number;
  mode: InterpolationMode;
}

/** @throws InputError for values out of range and options that exclude each other */
export function cornersJob(request: SampleRequest): CornersJob {
  const { corners = '', grid = '8x8', interpolate, out = 'corners.png', truncation, saveLatents } = request;
  namesFile(out, ['.png']);
  const source = namedSource(corners, 'corners');
  if ('seeds' in source) checkCorners(seedCount(source.seeds));
  const mode = interpolationMode(interpolate);
  return { kind: 'corners', source, ...parsedGrid(grid), mode, truncation, saveLatents, out };
}

/** @throws InputError unless there are four */
export function checkCorners(count: number): void {
  if (count !== 4) throw new InputError({ name: 'corners', expected: '4 seeds or a file of 4 latents', got: count });
}
