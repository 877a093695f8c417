/** @file Walks along directions of the latent space. */
import { InputError } from '../../onnx/errors.js';

/** What to walk along: numbers of the latent, or principal components, both counted as users do. */
export type DirectionChoice =
  /** Indices into the latent, from 0. */
  | { kind: 'numbers'; indices: readonly number[] }
  /** Components by strength, from 1. */
  | { kind: 'principal'; components: readonly number[] };

/** The unit vector of one of the latent's numbers. @throws InputError if there is no such number */
export function axisDirection(index: number, latentDim: number): Float32Array {
  if (index >= latentDim)
    throw new InputError({ name: 'traverse', expected: `numbers of 0…${latentDim - 1}`, got: index });
  return Float32Array.from({ length: latentDim }, (_, i) => (i === index ? 1 : 0));
}

/**
 * Latents along a direction, evenly from −extent to +extent times it.
 * @param origin [Z], in the middle
 * @returns [steps, Z]
 */
export function walkedLatents(
  origin: Float32Array,
  direction: Float32Array,
  extent: number,
  steps: number,
): Float32Array {
  const latents = new Float32Array(steps * origin.length);
  for (let step = 0; step < steps; step++) {
    const along = steps === 1 ? 0 : extent * ((2 * step) / (steps - 1) - 1);
    latents.set(
      origin.map((value, i) => value + along * (direction[i] as number)),
      step * origin.length,
    );
  }
  return latents;
}
