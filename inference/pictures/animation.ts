/** @file What animations can be: their file formats and speed. */

export const ANIMATION_FORMATS = ['webp', 'gif', 'mp4'] as const;
export type AnimationFormat = (typeof ANIMATION_FORMATS)[number];

/** The most frames per second that browsers show of a GIF. */
export const MAX_FPS = 50;

/** An animation's file format and timing. */
export interface AnimationOptions {
  format: AnimationFormat;
  /** Frames per second, above 0, at most `MAX_FPS`. */
  fps: number;
  /** Play endlessly rather than once; videos leave that to the player. */
  loop: boolean;
}
