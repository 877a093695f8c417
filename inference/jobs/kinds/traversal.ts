/** @file A traversal job: latents walked along directions, one row each. */
import { InputError } from '../../../onnx/errors.js';
import { ANIMATION_FORMATS } from '../../pictures/animation.js';
import { EASINGS, type Easing } from '../../latent/easing.js';
import { MAX_FRAMES } from '../../latent/interpolate.js';
import { animationChoice, type AnimationChoice } from './interpolation.js';
import { parsedDirections, type DirectionChoice } from '../../latent/directions.js';
import { seedCount } from '../../latent/latents.js';
import {
  checkInteger,
  latentSource,
  extensionOf,
  namesFile,
  oneOf,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from '../request.js';

/** Walks along directions: a row per latent, or per direction where there are several of these. */
export interface TraversalJob extends CommonJob {
  kind: 'traversal';
  source: LatentSource;
  directions: DirectionChoice;
  /** How far to either side: in units of the latent's numbers, or standard deviations of a component. */
  extent: number;
  /** Pictures per row. */
  steps: number;
  /** How the walks are animated, forth and back, where they are. */
  animation: (AnimationChoice & { frames: number; easing: Easing }) | undefined;
}

const DEFAULT_STEPS = 9;
const DEFAULT_FRAMES = 60;
const MAX_STEPS = 500;
const EXTENT = 3;

/** @throws InputError for values out of range and options that exclude each other */
export function traversalJob(request: SampleRequest): TraversalJob {
  const { traverse = '', extent = EXTENT, out = 'traversal.png', truncation, saveLatents } = request;
  const animation = traversalAnimation(request, out);
  const steps = animation ? DEFAULT_STEPS : (request.frames ?? DEFAULT_STEPS);
  const directions = parsedDirections(traverse);
  checkInteger('frames', steps, 2, MAX_STEPS);
  if (!(extent > 0 && extent <= 100))
    throw new InputError({ name: 'extent', expected: 'a number of 0…100', got: extent });
  const several = directionCount(directions) > 1;
  const source = latentSource(request, request.count ?? (several ? 1 : 4));
  if ('seeds' in source) checkRows(seedCount(source.seeds), directions);
  return { kind: 'traversal', source, directions, extent, steps, animation, truncation, saveLatents, out };
}

/** The animation, where a format is named or `out` is such a file. @throws InputError for its options without one */
function traversalAnimation(request: SampleRequest, out: string): TraversalJob['animation'] {
  const { format, frames = DEFAULT_FRAMES, easing = 'smooth' } = request;
  const extension = extensionOf(out);
  if (format === undefined && !ANIMATION_FORMATS.some((each) => extension === `.${each}`)) {
    const stray = (['fps', 'easing'] as const).find((name) => request[name] !== undefined);
    if (stray)
      throw new InputError({ name: stray, expected: 'it with `traverse` together with `format`', got: 'it without' });
    namesFile(out, ['.png']);
    return undefined;
  }
  // Where `out` is the figure's file, the animation's lies in the same folder.
  const choice = animationChoice(request, extension === '.png' ? '.' : out);
  checkInteger('frames', frames, 2, MAX_FRAMES);
  return { ...choice, frames, easing: oneOf('easing', easing, EASINGS) };
}

/** @throws InputError for several latents along several directions */
export function checkRows(latents: number, directions: DirectionChoice): void {
  if (latents === 1 || directionCount(directions) === 1) return;
  throw new InputError({
    name: 'traverse',
    expected: 'one latent along several directions, or several along one',
    got: `${latents} and ${directionCount(directions)}`,
  });
}

function directionCount(choice: DirectionChoice): number {
  return choice.kind === 'numbers' ? choice.indices.length : choice.components.length;
}
