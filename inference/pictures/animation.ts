/** @file File formats, speed and size of animations. */
import { InputError } from '../../onnx/errors.js';

export const ANIMATION_FORMATS = ['webp', 'gif', 'mp4'] as const;
export type AnimationFormat = (typeof ANIMATION_FORMATS)[number];

/** The highest frame rate of a GIF in browsers. */
const MAX_FPS = 50;
/** WebP and GIF files hold the time of a frame in 16 bits, in sharp as milliseconds. */
const MIN_FPS = 0.016;
/** The longest side of a frame, where the format bounds it. */
const MAX_SIDE: Partial<Record<AnimationFormat, number>> = { webp: 16_383, gif: 65_535 };

/** An animation's file format and timing. */
export interface AnimationOptions {
  format: AnimationFormat;
  /** Frames per second: above 0, of WebP and GIF at least 0.016, and at most 50. */
  fps: number;
  /** Repeat endlessly; videos leave this to the player. */
  loop: boolean;
}

/** @throws InputError for frames per second that the format does not have */
export function checkSpeed({ format, fps }: Pick<AnimationOptions, 'format' | 'fps'>): void {
  const isRate = fps > 0 && fps <= MAX_FPS;
  if (isRate && (format === 'mp4' || fps >= MIN_FPS)) return;
  const expected = isRate ? `at least ${MIN_FPS} for ${format}` : `a number above 0 and at most ${MAX_FPS}`;
  throw new InputError({ name: 'fps', expected, got: fps });
}

/** @throws InputError for frames that are larger than those of the format */
export function checkFrame(format: AnimationFormat, { width, height }: { width: number; height: number }): void {
  const most = MAX_SIDE[format] ?? Infinity;
  if (width <= most && height <= most) return;
  const expected = `frames of at most ${most} pixels a side for ${format}`;
  throw new InputError({ name: 'format', expected, got: `${width}×${height}` });
}
