/** @file An interpolation job: a walk through latents as an animation. */
import { InputError } from '../../../onnx/errors.js';
import { EASINGS, type Easing } from '../../latent/easing.js';
import { MAX_FRAMES, type InterpolationMode } from '../../latent/interpolate.js';
import { seedCount } from '../../latent/latents.js';
import { ANIMATION_FORMATS, MAX_FPS, type AnimationFormat } from '../../pictures/animation.js';
import {
  checkInteger,
  extensionOf,
  latentSource,
  namedSource,
  namesFile,
  oneOf,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from '../request.js';

/** How an animation is written. */
export interface AnimationChoice {
  fps: number;
  format: AnimationFormat;
}

/** A walk through the latents of seeds or of a file. */
export interface InterpolationJob extends CommonJob, AnimationChoice {
  kind: 'interpolation';
  source: LatentSource;
  mode: InterpolationMode;
  frames: number;
  loop: boolean;
  easing: Easing;
}

const MAX_KEYFRAMES = 1000;

/** @throws InputError for values out of range and options that exclude each other */
export function interpolationJob(request: SampleRequest): InterpolationJob {
  const { frames = 60, loop = false, out = 'interpolation', truncation, saveLatents } = request;
  checkInteger('frames', frames, 1, MAX_FRAMES);
  const source = keyframeSource(request);
  if ('seeds' in source) checkKeyframes(seedCount(source.seeds), frames);
  const { fps, format } = animationChoice(request, out);
  const mode = interpolationMode(request.interpolate);
  const easing = oneOf('easing', request.easing ?? 'linear', EASINGS);
  return { kind: 'interpolation', source, mode, frames, loop, easing, fps, format, truncation, saveLatents, out };
}

/** @throws InputError if there are too few key frames, or more than frames */
export function checkKeyframes(count: number, frames: number): void {
  if (count < 2) throw new InputError({ name: 'key frames', expected: 'at least 2 to walk between', got: count });
  if (count > frames)
    throw new InputError({ name: 'frames', expected: `at least one per key frame, ${count}`, got: frames });
}

/** `slerp` where nothing is said. @throws InputError for other words */
export function interpolationMode(text: string | undefined): InterpolationMode {
  if (text === undefined || text === '' || text === 'slerp') return 'slerp';
  if (text === 'lerp') return 'lerp';
  throw new InputError({ name: 'interpolate', expected: 'slerp, lerp or nothing', got: JSON.stringify(text) });
}

/** Format and speed; the format follows the extension of `out` where it is not named. @throws InputError if out of range */
export function animationChoice({ fps = 24, format }: SampleRequest, out: string): AnimationChoice {
  if (!(fps > 0 && fps <= MAX_FPS)) {
    throw new InputError({ name: 'fps', expected: `a number above 0 and at most ${MAX_FPS}`, got: fps });
  }
  const named = ANIMATION_FORMATS.find((each) => `.${each}` === extensionOf(out));
  const chosen = format === undefined ? (named ?? 'webp') : oneOf('format', format, ANIMATION_FORMATS);
  namesFile(out, [`.${chosen}`]);
  return { fps, format: chosen };
}

/** Key frames: a number of consecutive seeds, a list of seeds, or a file. */
function keyframeSource(request: SampleRequest): LatentSource {
  const { keyframes } = request;
  if (keyframes === undefined) return latentSource(request, 4, MAX_KEYFRAMES);
  const counted = /^\s*\d+\s*$/.test(keyframes);
  const stray = ([...(counted ? [] : (['seed'] as const)), 'seeds', 'latents'] as const).find(
    (name) => request[name] !== undefined,
  );
  if (stray) throw new InputError({ name: stray, conflictsWith: 'keyframes' });
  if (!counted) return namedSource(keyframes, 'keyframes', MAX_KEYFRAMES);
  checkInteger('keyframes', Number(keyframes), 2, MAX_KEYFRAMES);
  return latentSource(request, Number(keyframes));
}
