/** @file A traversal job: latents moved along directions, one row each. */
import { InputError } from '../../../onnx/errors.js';
import type { DirectionChoice } from '../../latent/directions.js';
import { EASINGS, type Easing } from '../../latent/easing.js';
import { MAX_FRAMES } from '../../latent/interpolate.js';
import { seedCount, type LatentSource } from '../../latent/latents.js';
import { parsedDirections } from '../../parse/directions.js';
import { ANIMATION_FORMATS } from '../../pictures/animation.js';
import { animationChoice, animationOptions, checkOverwrite, type AnimationChoice } from '../options/animation.js';
import { checkInteger, extensionOf, namesFile, oneOf } from '../options/checks.js';
import { commonOptions, jobKind, number, parsed, type Requested } from '../options/option.js';
import { countOption, latentSource, sourceOptions, type CommonJob } from '../options/source.js';

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
  /** Also write into a folder with other files. */
  overwrite: boolean;
}

const DEFAULT_STEPS = 9;
const DEFAULT_FRAMES = 60;
const MAX_STEPS = 500;
const EXTENT = 3;

export const traversal = jobKind({
  title: 'Directions',
  trigger: 'traverse',
  options: {
    ...commonOptions,
    ...sourceOptions,
    ...countOption,
    ...animationOptions,
    traverse: parsed(
      "Rows of pictures along directions: indices of the latent's numbers, principal, or principal:1-4; with `format` also animated",
      parsedDirections,
    ),
    extent: number('How far `traverse` goes to either side [default: 3]'),
  },
  check(request): TraversalJob {
    const { traverse: directions, extent = EXTENT, out = 'traversal.png', truncation, saveLatents } = request;
    if (directions === undefined) throw new InputError({ name: 'traverse', expected: 'directions', got: 'nothing' });
    checkOverwrite(request, out, ['png', ...ANIMATION_FORMATS]);
    const animation = traversalAnimation(request, out);
    const steps = animation ? DEFAULT_STEPS : (request.frames ?? DEFAULT_STEPS);
    checkInteger('frames', steps, 2, MAX_STEPS);
    if (!(extent > 0 && extent <= 100)) {
      throw new InputError({ name: 'extent', expected: 'a number of 0…100', got: extent });
    }
    const several = directionCount(directions) > 1;
    const source = latentSource(request, request.count ?? (several ? 1 : 4));
    if ('seeds' in source) checkRows(seedCount(source.seeds), directions);
    const figure = { source, directions, extent, steps, animation };
    const { overwrite = false } = request;
    return { kind: 'traversal', ...figure, truncation, saveLatents, out, overwrite };
  },
});

/** The animation, where a format is named or `out` is such a file. @throws InputError for its options without one */
function traversalAnimation(request: Requested<typeof animationOptions>, out: string): TraversalJob['animation'] {
  const { format, frames = DEFAULT_FRAMES, easing = 'smooth' } = request;
  const extension = extensionOf(out);
  if (format === undefined && !ANIMATION_FORMATS.some((each) => extension === `.${each}`)) {
    const stray = (['fps', 'easing'] as const).find((name) => request[name] !== undefined);
    if (stray) throw new InputError({ name: stray, expected: 'to be used with `format`' });
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
