/** @file Paths between latents: straight lines and great circles. */
import { InputError } from '../../onnx/errors.js';
import { eased, type Easing } from './easing.js';

/** How to go from one latent to the next. */
export type InterpolationMode = 'slerp' | 'lerp';

/** The most frames one path may have. */
export const MAX_FRAMES = 100_000;

/** Angle in radians below which a great circle is a straight line to float32 precision. */
const PARALLEL = 1e-5;
/** Angle in radians above which White's formula overshoots wherever the two lengths differ. */
const NEARLY_OPPOSITE = 3;

function checkEqualLengths(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length) {
    throw new InputError({
      name: 'interpolation',
      expected: 'latents of one size',
      got: `${a.length} and ${b.length}`,
    });
  }
}

function norm(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) ** 2;
  return Math.sqrt(sum);
}

/** `p·a + q·b` in doubles. */
function combined(p: number, a: ArrayLike<number>, q: number, b: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: a.length }, (_, i) => p * (a[i] ?? 0) + q * (b[i] ?? 0));
}

/** A unit vector orthogonal to the unit vector `u`: the axis `u` has least of, less its part along `u`. */
function orthogonalUnit(u: Float64Array): Float64Array {
  let axis = 0;
  u.forEach((value, i) => {
    if (Math.abs(value) < Math.abs(u[axis] ?? 0)) axis = i;
  });
  const along = u[axis] ?? 0;
  const rest = u.map((value, i) => (i === axis ? 1 : 0) - along * value);
  const length = norm(rest);
  return rest.map((value) => value / length);
}

/**
 * Linear interpolation, (1 − t)·a + t·b.
 * @param t position, 0…1; 0 gives `a` and 1 gives `b`
 * @throws InputError if the latents differ in size
 */
export function lerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  checkEqualLengths(a, b);
  return Float32Array.from(combined(1 - t, a, t, b));
}

/**
 * Spherical linear interpolation, sin((1 − t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b with Ω the angle between `a` and `b`
 * (Shoemake 1985, §3.3; White 2016, "Sampling Generative Networks", §2.1), which keeps Gaussian latents at the length
 * the generator was trained on. Parallel latents and zero are interpolated linearly. Nearly opposite ones turn at constant
 * speed while the length changes linearly; where they are exactly opposite, the plane of the turn is chosen, always alike.
 * @param t position, 0…1; 0 gives `a` and 1 gives `b`, exactly
 * @throws InputError if the latents differ in size
 */
export function slerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  checkEqualLengths(a, b);
  if (t === 0) return a.slice();
  if (t === 1) return b.slice();
  const [lengthA, lengthB] = [norm(a), norm(b)];
  if (lengthA === 0 || lengthB === 0) return lerp(a, b, t);

  // Ω = 2·atan2(|â − b̂|, |â + b̂|) stays accurate near 0 and π, where acos does not (Kahan 2006, "How Futile…", §12).
  const difference = combined(1 / lengthA, a, -1 / lengthB, b);
  const sum = combined(1 / lengthA, a, 1 / lengthB, b);
  const angle = 2 * Math.atan2(norm(difference), norm(sum));
  // One number has no sphere to turn on.
  if (angle < PARALLEL || a.length === 1) return lerp(a, b, t);
  if (angle < NEARLY_OPPOSITE) {
    const sine = Math.sin(angle);
    return Float32Array.from(combined(Math.sin((1 - t) * angle) / sine, a, Math.sin(t * angle) / sine, b));
  }
  const unit = Float64Array.from(a, (value) => value / lengthA);
  // â + b̂ = 2 cos(Ω/2) · (cos(Ω/2) â + sin(Ω/2) ô), so its direction less its part along â is ô.
  const half = norm(sum) / 2;
  const orthogonal =
    half < PARALLEL
      ? orthogonalUnit(unit)
      : combined(1 / (2 * half * Math.sin(angle / 2)), sum, -half / Math.sin(angle / 2), unit);
  const length = (1 - t) * lengthA + t * lengthB;
  return Float32Array.from(combined(length * Math.cos(t * angle), unit, length * Math.sin(t * angle), orthogonal));
}

/** The interpolation of each mode. */
export const interpolations: Readonly<Record<InterpolationMode, typeof slerp>> = { slerp, lerp };

/** A path's shape. */
export interface PathOptions {
  /**
   * Frames in all, 1…`MAX_FRAMES`. An open path begins at the first key frame and ends at the last; a loop ends one
   * frame before it would be back at the first, so played endlessly no frame shows twice.
   */
  frames: number;
  mode: InterpolationMode;
  /** Go on from the last key frame to the first. */
  loop: boolean;
  /** How time runs in each segment, default `linear`. */
  easing?: Easing;
}

/**
 * Latents along a path through key frames, every segment taking the same time.
 * @param keyframes at least two latents [Z]
 * @returns [frames, Z], row-major
 * @throws InputError if there are too few key frames, they differ in size, or `frames` is out of range
 */
export function interpolatedLatents(keyframes: readonly Float32Array[], options: PathOptions): Float32Array {
  const { frames, mode, loop, easing = 'linear' } = options;
  const [first] = keyframes;
  if (first === undefined || keyframes.length < 2) {
    throw new InputError({ name: 'keyframes', expected: 'at least 2', got: keyframes.length });
  }
  if (!Number.isInteger(frames) || frames < 1 || frames > MAX_FRAMES) {
    throw new InputError({ name: 'frames', expected: `an integer of 1…${MAX_FRAMES}`, got: frames });
  }
  const interpolation = interpolations[mode];
  const segments = loop ? keyframes.length : keyframes.length - 1;
  const steps = loop ? frames : Math.max(frames - 1, 1);
  const latents = new Float32Array(frames * first.length);
  for (let frame = 0; frame < frames; frame++) {
    // In integers, so that key frames are met exactly.
    const rest = (frame * segments) % steps;
    const segment = (frame * segments - rest) / steps;
    const from = keyframes[segment] ?? first;
    const to = keyframes[(segment + 1) % keyframes.length] ?? first;
    latents.set(interpolation(from, to, eased(easing, rest / steps)), frame * first.length);
  }
  return latents;
}
