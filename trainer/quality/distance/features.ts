/** @file Features of many pictures. */
import { InputError } from '../../../onnx/errors.js';

/** Samples [N, D] in float32. */
export interface Features {
  /** D */
  size: number;
  data: Float32Array;
}

/** @throws InputError if a number is not finite */
export function checkFinite(features: Float32Array): void {
  for (let at = 0; at < features.length; at++) {
    const value = features[at];
    if (!Number.isFinite(value)) throw new InputError({ name: 'features', expected: 'finite numbers', got: value });
  }
}
