/** @file An interpolation job: a path through latents as an animation. */
import { InputError } from '../../../onnx/errors.js';
import { EASINGS, type Easing } from '../../latent/easing.js';
import { MAX_FRAMES, type InterpolationMode } from '../../latent/interpolate.js';
import { seedCount, type LatentSource } from '../../latent/latents.js';
import { parsedSource } from '../../parse/seeds.js';
import { ANIMATION_FORMATS } from '../../pictures/animation.js';
import {
  animationChoice,
  animationOptions,
  checkOverwrite,
  modeOption,
  type AnimationChoice,
} from '../options/animation.js';
import { checkInteger, oneOf } from '../options/checks.js';
import { commonOptions, flag, jobKind, parsed, type Requested } from '../options/option.js';
import { checkedSource, latentSource, sourceOptions, type CommonJob } from '../options/source.js';
import { checkedScale, scaleOption, type Scale } from '../options/scale.js';

/** A path through the latents of seeds or of a file. */
export interface InterpolationJob extends CommonJob, AnimationChoice {
  kind: 'interpolation';
  scale: Scale | undefined;
  source: LatentSource;
  mode: InterpolationMode;
  frames: number;
  loop: boolean;
  easing: Easing;
  /** Also write into a folder with other files. */
  overwrite: boolean;
}

const MAX_KEYFRAMES = 1000;

const keyframesOption = {
  keyframes: parsed('Key frames: how many, their seeds, or a file of latents [default: 4]', parsedKeyframes),
};

export const interpolation = jobKind({
  title: 'Interpolation',
  trigger: 'interpolate',
  options: {
    ...commonOptions,
    ...scaleOption,
    ...sourceOptions,
    ...modeOption,
    ...keyframesOption,
    ...animationOptions,
    loop: flag('Return to the first latent, and play endlessly'),
  },
  check(request): InterpolationJob {
    const { interpolate: mode = 'slerp', frames = 60, loop = false, out = 'interpolation' } = request;
    const { truncation, saveLatents, overwrite = false } = request;
    checkInteger('frames', frames, 1, MAX_FRAMES);
    checkOverwrite(request, out, ANIMATION_FORMATS);
    const source = keyframeSource(request);
    if ('seeds' in source) checkKeyframes(seedCount(source.seeds), frames);
    const { fps, format } = animationChoice(request, out);
    const easing = oneOf('easing', request.easing ?? 'linear', EASINGS);
    const scale = request.scale && checkedScale(request.scale);
    const path = { source, mode, frames, loop, easing };
    return { kind: 'interpolation', scale, ...path, fps, format, truncation, saveLatents, out, overwrite };
  },
});

/** @throws InputError if there are too few key frames, or more than frames */
export function checkKeyframes(count: number, frames: number): void {
  if (count < 2) throw new InputError({ name: 'keyframes', expected: 'at least 2', got: count });
  if (count > frames)
    throw new InputError({ name: 'frames', expected: `at least one per key frame, ${count}`, got: frames });
}

/** A number of key frames, a list of seeds, or a file. */
function parsedKeyframes(given: string, name: string): number | LatentSource {
  return /^\s*\d+\s*$/.test(given) ? Number(given) : parsedSource(given, name);
}

function keyframeSource(request: Requested<typeof sourceOptions & typeof keyframesOption>): LatentSource {
  const { keyframes } = request;
  if (keyframes === undefined) return latentSource(request, 4, MAX_KEYFRAMES);
  const counted = typeof keyframes === 'number';
  const stray = ([...(counted ? [] : (['seed'] as const)), 'seeds', 'latents'] as const).find(
    (name) => request[name] !== undefined,
  );
  if (stray) throw new InputError({ name: stray, conflictsWith: 'keyframes' });
  if (!counted) return checkedSource(keyframes, 'keyframes', request.truncation, MAX_KEYFRAMES);
  checkInteger('keyframes', keyframes, 2, MAX_KEYFRAMES);
  return latentSource(request, keyframes);
}
