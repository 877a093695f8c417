/** @file Classes as the networks read them: one-hot rows. */
import { drawnClass } from '../../../inference/generators/labels.js';
import type { GanConfig } from '../../settings/config.js';

/** Class numbers as rows [N, K] with one 1 each. */
export function oneHotRows(classes: ArrayLike<number>, count: number): Float32Array {
  const rows = new Float32Array(classes.length * count);
  for (let row = 0; row < classes.length; row++) rows[row * count + (classes[row] as number)] = 1;
  return rows;
}

/**
 * Rows for latents, all classes as likely, as `gan-sample --label random` draws them; nothing for networks without classes.
 * @param latents [N, Z]
 */
export function drawnLabels(
  { conditional, classNames, latentDim }: Pick<GanConfig, 'conditional' | 'classNames' | 'latentDim'>,
  latents: Float32Array,
): Float32Array | undefined {
  if (!conditional) return undefined;
  const latent = (row: number) => latents.subarray(row * latentDim, (row + 1) * latentDim);
  const rows = Array.from({ length: latents.length / latentDim }, (_, row) => row);
  return oneHotRows(
    rows.map((row) => drawnClass(latent(row), classNames.length)),
    classNames.length,
  );
}
