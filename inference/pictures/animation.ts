/** @file File formats and speed of animations. */

export const ANIMATION_FORMATS = ['webp', 'gif', 'mp4'] as const;
export type AnimationFormat = (typeof ANIMATION_FORMATS)[number];

/** The highest frame rate of a GIF in browsers. */
export const MAX_FPS = 50;

/** An animation's file format and timing. */
export interface AnimationOptions {
  format: AnimationFormat;
  /** Frames per second, above 0, at most `MAX_FPS`. */
  fps: number;
  /** Repeat endlessly; videos leave this to the player. */
  loop: boolean;
}
