/** @file Options of animations: file format, speed and path. */
import { InputError } from '../../../onnx/errors.js';
import type { InterpolationMode } from '../../latent/interpolate.js';
import { ANIMATION_FORMATS, checkSpeed, type AnimationFormat } from '../../pictures/animation.js';
import { extensionOf, namesFile, oneOf } from './checks.js';
import { flag, number, parsed, text, type Requested } from './option.js';

/** How an animation is written. */
export interface AnimationChoice {
  fps: number;
  format: AnimationFormat;
}

export const formatOption = {
  format: text(
    'Write pictures as single files in sub-folders (png, webp) or 1000 to a file (npy, zip); of animations: webp, gif or mp4',
  ),
};
export const overwriteOption = {
  overwrite: flag('Also write into a folder with other files; only files of the same names are replaced'),
};
export const animationOptions = {
  ...formatOption,
  ...overwriteOption,
  frames: number(
    'Frames of an animation [default: 60]; of `traverse` without an animation, pictures per row [default: 9]',
  ),
  fps: number('Frames per second [default: 24]'),
  easing: text(
    'Speed between key frames: linear, ease-in, ease-out, ease-in-out or smooth [default: linear; smooth for `traverse`]',
  ),
};

/** @throws InputError for `overwrite` where `out` names a file, which is replaced anyway */
export function checkOverwrite(
  { overwrite = false }: Requested<typeof overwriteOption>,
  out: string,
  extensions: readonly string[],
): void {
  if (!overwrite || !extensions.includes(extensionOf(out).slice(1))) return;
  throw new InputError({ name: 'overwrite', expected: 'to be used with a folder as `out`', got: JSON.stringify(out) });
}

export const modeOption = {
  interpolate: parsed('Animation from latent to latent: slerp (if left empty) or lerp', parsedMode),
};

/** Format and speed; the format follows the extension of `out` where it is not named. @throws InputError if out of range */
export function animationChoice(
  { fps = 24, format }: Requested<Pick<typeof animationOptions, 'fps' | 'format'>>,
  out: string,
): AnimationChoice {
  const named = ANIMATION_FORMATS.find((each) => `.${each}` === extensionOf(out));
  const chosen = format === undefined ? (named ?? 'webp') : oneOf('format', format, ANIMATION_FORMATS);
  namesFile(out, [`.${chosen}`]);
  checkSpeed({ fps, format: chosen });
  return { fps, format: chosen };
}

/** The mode of interpolation that a text names; `slerp` for an empty one. @throws InputError for other words */
export function parsedMode(given: string, name: string): InterpolationMode {
  if (given === '' || given === 'slerp') return 'slerp';
  if (given === 'lerp') return 'lerp';
  throw new InputError({ name, expected: 'slerp, lerp or nothing', got: JSON.stringify(given) });
}
