/** @file How time runs between two key frames. */

/** Maps 0…1 to 0…1; both ends stay. `ease-…` are the cubics of Penner 2002, `smooth` is 3t² − 2t³. */
const curves = {
  linear: (t: number) => t,
  'ease-in': (t: number) => t ** 3,
  'ease-out': (t: number) => 1 - (1 - t) ** 3,
  'ease-in-out': (t: number) => (t < 0.5 ? 4 * t ** 3 : 1 - 4 * (1 - t) ** 3),
  smooth: (t: number) => t * t * (3 - 2 * t),
} as const satisfies Record<string, (t: number) => number>;

export type Easing = keyof typeof curves;

export const EASINGS = Object.keys(curves) as Easing[];

/** Where a segment is at time `t`, 0…1. */
export function eased(easing: Easing, t: number): number {
  return curves[easing](t);
}
